package exec

import (
	"context"
	"errors"
	"math"
	"testing"
)

// TestNaNs looks that poisoned memory is no number for kernels of float64 either.
func TestNaNs(t *testing.T) {
	x := nans(2)
	word := uint64(math.Float32bits(x[1]))<<32 | uint64(math.Float32bits(x[0]))
	if x[0] == x[0] || !math.IsNaN(math.Float64frombits(word)) {
		t.Errorf("%x is a number", word)
	}
}

// TestSelftestEnds looks that the checks of vectors end with their context, before they
// ask anything of a card.
func TestSelftestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := new(CUDA).checkVectors(ctx, func(c Check) { t.Errorf("%s was checked", c.Name) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}
