package nst

import (
	"errors"

	"nst/internal/engine/exec"
	"nst/vgg"
)

// lastExact is the number of evaluations at the end of a run in bf16 that are in fp32.
const lastExact = 10

// ErrNoBF16 means that bf16 was asked for and the processor, or what NST_CPU leaves of it, has
// no instructions for it.
var ErrNoBF16 = errors.New("nst: Compute.Precision is bf16: the processor has no instructions for it")

// halve makes the processor of d one in bf16, if the options ask for it or leave the choice and
// it suits them.
func (d *devices) halve(o *Options, net *vgg.Network) error {
	switch o.Compute.Precision {
	case PrecisionBF16:
	case PrecisionAuto:
		if !d.cpu.HasBF16() || !o.suitsBF16(net) {
			return nil
		}
	default:
		return nil
	}
	half, err := d.cpu.BF16()
	if err != nil {
		return ErrNoBF16
	}
	d.exact, d.cpu = d.cpu.Passing(), half
	return nil
}

// suitsBF16 reports whether pictures of these options are as good in bf16.
func (o *Options) suitsBF16(net *vgg.Network) bool {
	return net != nil
}

// exactly returns a device that computes in fp32 what d computes in bf16, and else d.
func (d *devices) exactly(on exec.Device) exec.Device {
	if d.exact != nil && on == exec.Device(d.cpu) {
		return d.exact
	}
	return on
}

// Precision returns how the convolutions of a run multiply: what auto has become.
func (t *Transfer) Precision() Precision {
	switch p := t.options.Compute.Precision; {
	case t.card != nil && p == PrecisionAuto:
		return PrecisionTF32
	case t.card != nil:
		return p
	case t.exact != nil:
		return PrecisionBF16
	}
	return PrecisionFP32
}

// exactFrom returns the iteration of a pass from which a run in bf16 computes in fp32: at the
// last scale, near its end.
func (p *pass) exactFrom() int {
	planned := p.plan[p.index].iterations
	if p.index < len(p.plan)-1 {
		return planned
	}
	return max(0, planned-lastExact)
}

// precisely returns e in the precision of the next iteration.
func (p *pass) precisely(e evaluator) evaluator {
	if p.iteration >= p.exactFrom() {
		e.device = p.transfer.exactly(e.device)
	}
	return e
}

// refines reports whether the next iteration is the first in fp32 of a pass in bf16.
func (p *pass) refines() bool {
	return p.iteration > 0 && p.iteration == p.exactFrom() && p.transfer.exactly(p.device) != p.device
}
