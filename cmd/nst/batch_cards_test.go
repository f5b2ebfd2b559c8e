//go:build gpu && linux && cgo

package main

import (
	"errors"
	"os"
	"slices"
	"testing"
)

// TestCardsTogether looks that a batch takes several cards only where the driver lets
// them work at the same time.
func TestCardsTogether(t *testing.T) {
	if os.Getenv("NST_LIBCUDA") == "" {
		t.Skip("NST_LIBCUDA names no driver; make test-gpu does")
	}
	t.Setenv("NST_EMU_DEVICES", "2")
	for _, tt := range []struct {
		managed, device string
		want            []string
		err             error
	}{
		{"1", "cuda", []string{"cuda:0", "cuda:1"}, nil},
		{"1", "cuda:1", []string{"cuda:1"}, nil},
		{"0", "cuda", nil, errNotTogether},
		{"0", "auto", []string{"auto:0"}, nil},
		{"0", "cuda:1", []string{"cuda:1"}, nil},
	} {
		t.Setenv("NST_EMU_MANAGED", tt.managed)
		o := &batchOptions{settings: defaults()}
		o.Compute.Device = tt.device
		if got, err := o.devices(); !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("managed %s, %s: %q, %v, want %q, %v", tt.managed, tt.device, got, err, tt.want, tt.err)
		}
	}
}
