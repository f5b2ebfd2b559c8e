package kernel

import "fmt"

// SigmoidSpec describes the last step of a feed-forward network, from features to a
// picture: Out = 1/(1 + exp(-(In + Bias))).
type SigmoidSpec struct {
	C, H, W int       // C at most 16
	In      []float32 // blocked (C,H,W)
	Bias    []float32 // (C); every Run reads it
	Out     []float32 // planar (C,H,W), from 0 to 1
}

// Sigmoid is a step that computes what a [SigmoidSpec] describes. Its relative error is
// about 2e-7 where the result is above 1e-37. Below, the result is 1e-38.
type Sigmoid struct {
	s  SigmoidSpec
	e  *Engine
	in Shape
}

// NewSigmoid prepares the sigmoid s.
func (e *Engine) NewSigmoid(s SigmoidSpec) *Sigmoid {
	u := &Sigmoid{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	u.in.checkPicture("sigmoid")
	checkLen("sigmoid", "In", len(s.In), u.in.Len())
	checkLen("sigmoid", "Bias", len(s.Bias), s.C)
	checkLen("sigmoid", "Out", len(s.Out), s.C*s.H*s.W)
	return u
}

// checkPicture panics unless s has a size and a single block.
func (s Shape) checkPicture(kernel string) {
	s.check(kernel)
	if s.C > Lanes {
		panic(fmt.Sprintf("kernel: %s: %d channels, want at most %d", kernel, s.C, Lanes))
	}
}

// Run computes Out.
func (u *Sigmoid) Run() { u.e.pool.Run((*sigmoidTask)(u)) }

// sigmoidTask has an item for each band of rows.
type sigmoidTask Sigmoid

// Items is the number of bands.
func (t *sigmoidTask) Items() int { return t.in.bands() }

// Do computes a band of each plane of Out.
func (t *sigmoidTask) Do(_, item int) {
	_, y0, y1 := t.in.band(item)
	for y := y0; y < y1; y++ {
		x := t.s.In[t.in.pos(0, y, 0)*16:][:t.s.W*16]
		for c, bias := range t.s.Bias[:t.s.C] {
			d := t.s.Out[(c*t.s.H+y)*t.s.W:][:t.s.W]
			for p := range d {
				d[p] = x[p*16+c] + bias
			}
			t.e.cpu.isa.sigmoid(d)
		}
	}
}

// SigmoidGradSpec describes the gradient of [Sigmoid] to In: Out = Grad Y (1 - Y).
type SigmoidGradSpec struct {
	C, H, W    int       // C at most 16
	Grad, Y    []float32 // planar (C,H,W): the gradient to the output of the sigmoid, and the output
	Out        []float32 // blocked (C,H,W)
	Accumulate bool      // Out += instead of Out =
}

// SigmoidGrad is a step that computes what a [SigmoidGradSpec] describes. The gradient to the
// bias is the sum of Out over the positions: see [ChannelSums].
type SigmoidGrad struct {
	s   SigmoidGradSpec
	e   *Engine
	out Shape
}

// NewSigmoidGrad prepares the gradient s.
func (e *Engine) NewSigmoidGrad(s SigmoidGradSpec) *SigmoidGrad {
	u := &SigmoidGrad{s: s, e: e, out: Shape{s.C, s.H, s.W}}
	u.out.checkPicture("sigmoid gradient")
	checkLen("sigmoid gradient", "Grad", len(s.Grad), s.C*s.H*s.W)
	checkLen("sigmoid gradient", "Y", len(s.Y), s.C*s.H*s.W)
	checkLen("sigmoid gradient", "Out", len(s.Out), u.out.Len())
	return u
}

// Run computes Out.
func (u *SigmoidGrad) Run() { u.e.pool.Run((*sigmoidGradTask)(u)) }

// sigmoidGradTask has an item for each band of rows.
type sigmoidGradTask SigmoidGrad

// Items is the number of bands.
func (t *sigmoidGradTask) Items() int { return t.out.bands() }

// Do computes a band of Out.
func (t *sigmoidGradTask) Do(_, item int) {
	b, y0, y1 := t.out.band(item)
	for y := y0; y < y1; y++ {
		d := t.s.Out[t.out.pos(b, y, 0)*16:][:t.s.W*16]
		if !t.s.Accumulate {
			clear(d)
		}
		for c := range t.s.C {
			at := (c*t.s.H + y) * t.s.W
			grad, out := t.s.Grad[at:][:t.s.W], t.s.Y[at:][:t.s.W]
			for p, g := range grad {
				d[p*16+c] += g * out[p] * (1 - out[p])
			}
		}
	}
	if !t.s.Accumulate {
		clearRowFrames(t.s.Out, 16, t.out, b, y0, y1, y1 == t.s.H)
	}
}
