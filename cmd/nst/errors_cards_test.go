//go:build gpu && linux && cgo

package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nst/nst"
)

// TestCardHint looks that the hint for a driver that fails without a reason goes by the
// error, not by its words.
func TestCardHint(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("exec: %w", nst.ErrDriverUnknown), "kernel module"},
		{errors.New("an unknown reason"), "nst info"},
	} {
		got := hints(&nst.DeviceError{Device: nst.DeviceCUDA, Err: tt.err})
		if len(got) == 0 || !strings.Contains(got[0], tt.want) {
			t.Errorf("%v: the hints are %q, want one with %q", tt.err, got, tt.want)
		}
	}
}
