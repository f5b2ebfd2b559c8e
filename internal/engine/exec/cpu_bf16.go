package exec

import (
	"errors"

	"nst/internal/engine/kernel"
)

// multiplying says how the convolutions of a fixed network multiply.
type multiplying uint8

const (
	inFP32  multiplying = iota
	inBF16              // in bfloat16, see package kernel
	mixed               // in bfloat16 for gradients, in float32 for features
	passing             // in float32, with filters that are packed again for each use
)

// ErrNoBF16 means that the processor has no instructions for bfloat16.
var ErrNoBF16 = errors.New("exec: the processor has no instructions for bfloat16")

// BF16 returns the processor as a device that multiplies in bfloat16 in the convolutions of a
// fixed network: for gradients, and for features if that is set. The first layer, sums, and all
// other operations are those of float32. It shares everything with d; one of the two is to be
// closed. The error is [ErrNoBF16].
func (d *CPU) BF16(features bool) (*CPU, error) {
	switch {
	case !d.engine.CPU().BF16():
		return nil, ErrNoBF16
	case features:
		return d.multiplying(inBF16), nil
	}
	return d.multiplying(mixed), nil
}

// HasBF16 reports whether the processor has instructions for bfloat16. Plain Go, which
// computes the same without them, is of use for tests only.
func (d *CPU) HasBF16() bool { return d.engine.CPU().BF16() && d.Kernels() != "generic" }

// RoundsFeatures reports whether a device computes features in bfloat16.
func RoundsFeatures(d Device) bool {
	c, ok := d.(*CPU)
	return ok && c.by == inBF16
}

// Passing returns the processor as a device that multiplies in float32 and keeps no filters. It
// packs them for each use, which makes a pass slower. Like [CPU.BF16] it shares
// everything with d.
func (d *CPU) Passing() *CPU { return d.multiplying(passing) }

func (d *CPU) multiplying(by multiplying) *CPU {
	own := *d
	own.by = by
	return &own
}

// fixed records that a step takes a filter of a fixed network, and says in which form.
func (c *lowering) fixed(f filterNeed) filterNeed {
	f.bf16 = c.device.by == inBF16 || c.device.by == mixed && f.rotated
	if c.device.by != passing {
		c.needs = append(c.needs, f)
	}
	return f
}

// convolution makes the step of a convolution with a filter that fixed has recorded.
func (d *CPU) convolution(s kernel.ConvSpec, f filterNeed) func() {
	if d.by != passing {
		s.U = d.filters.get(f.key()).Filter
		return d.engine.NewConv(s).Run
	}
	k16, c16 := whole(f.k), whole(f.c)
	s.U = kernel.NewPassingFilter(d.engine.CPU(), padFilters(f.w, f.k, f.c, k16, c16), k16, c16, f.rotated)
	return d.engine.NewConv(s).Run
}
