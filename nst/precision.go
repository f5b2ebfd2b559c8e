package nst

import (
	"errors"

	"nst/internal/engine/exec"
	"nst/vgg"
)

// halves reports whether p is for processors that multiply in bfloat16.
func (p Precision) halves() bool { return p == PrecisionMixed || p == PrecisionBF16 }

// halved returns d with a processor in the precision of the options. For auto that is bf16 if
// it suits them. If the options ask for what the processor cannot do, it is closed, and the
// error is an [OptionError].
func (d devices) halved(o *Options, net *vgg.Network) (devices, error) {
	p := o.Compute.Precision
	if p == PrecisionAuto && d.cpu.HasBF16() && o.suitsBF16(net) {
		p = PrecisionBF16
	}
	if !p.halves() {
		return d, nil
	}
	half, err := d.cpu.BF16(p == PrecisionBF16)
	if err != nil {
		none := &OptionError{"Compute.Precision", p, "needs a processor with AVX-512 BF16; the kernels here are those of " + d.cpu.Kernels()}
		return devices{}, errors.Join(none, d.cpu.Close())
	}
	if p == PrecisionBF16 {
		d.exact = d.cpu.Passing()
	}
	d.cpu, d.by = half, p
	return d, nil
}

// suitsBF16 reports whether pictures in bf16 are known to be as good as in fp32, in the mean.
// That was measured with VGG-19, the default method, and the losses of Gram matrices and of
// neighbours; see docs/notes/bf16.md.
func (o *Options) suitsBF16(net *vgg.Network) bool {
	measured := o.Objective.StyleLoss == StyleGram || o.Objective.matches()
	return net != nil && net.Name == vgg.VGG19().Name &&
		o.Optimizer.Method == LBFGS && measured && !o.Objective.NormalizeGradients
}

// exactly returns a device that computes features in fp32: d, unless that is the processor in
// bf16.
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
	case t.by != "":
		return t.by
	}
	return PrecisionFP32
}
