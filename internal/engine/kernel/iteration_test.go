package kernel_test

import (
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// net is one iteration of style transfer on VGG-19 to relu5_1: features, Gram
// matrices, a content term at relu4_2, and the gradient to the pixels.
type net struct {
	e        *kernel.Engine
	forward  []func()
	backward []func() // in reverse
}

func newNet(e *kernel.Engine, side int) *net {
	n := &net{e: e}
	r := rand.New(rand.NewPCG(1, 2))
	weights := func(k, c int) []float32 {
		w := random(r, k*c*9)
		for i := range w {
			w[i] *= 0.08 / float32(1+c/64)
		}
		return w
	}
	s := kernel.Shape{C: 64, H: side, W: side}
	x, dx := make([]float32, 3*side*side), make([]float32, 3*side*side)
	for i := range x {
		x[i] = 255*r.Float32() - 120
	}
	w, y, mask := weights(64, 3), kernel.Floats(s.Len()), make([]uint16, s.MaskLen())
	// Gradients take turns in two buffers.
	gradients := [2][]float32{kernel.Floats(s.Len()), kernel.Floats(s.Len())}
	g := 0
	n.step(e.NewConvFirst(kernel.ConvFirstSpec{K: 64, H: side, W: side, Weights: w, Bias: random(r, 64), In: x, Out: y, OutMask: mask, ReLU: true}).Run,
		e.NewConvFirstGrad(kernel.ConvFirstGradSpec{K: 64, H: side, W: side, Weights: w, In: gradients[g], InMask: mask, Out: dx}).Run)
	n.style(s, y, gradients[g], true)
	for i, l := range vgg19 {
		l.s = side * l.s / 512
		w, out := weights(l.k, l.c), kernel.Shape{C: l.k, H: l.s, W: l.s}
		mask := make([]uint16, out.MaskLen())
		f := kernel.ConvSpec{
			C: l.c, K: l.k, H: l.s, W: l.s, U: kernel.NewFilter(e.CPU(), w, l.k, l.c, false), Bias: random(r, l.k),
			In: y, OutMask: mask, ReLU: true,
		}
		b := kernel.ConvSpec{
			C: l.k, K: l.c, H: l.s, W: l.s, U: kernel.NewFilter(e.CPU(), w, l.k, l.c, true),
			In: gradients[1-g], InMask: mask, Out: gradients[g],
		}
		s = out
		if l.pool {
			f.OutPool, b.Unpool = kernel.Max, kernel.Max
			s = out.Pooled()
		}
		y = kernel.Floats(s.Len())
		f.Out = y
		n.step(e.NewConv(f).Run, e.NewConv(b).Run)
		g = 1 - g
		switch l.name {
		case "conv2_1", "conv3_1", "conv4_1", "conv5_1":
			n.style(s, y, gradients[g], i+1 < len(vgg19))
		case "conv4_2":
			target, features, grad := random(r, s.Len()), y, gradients[g][:s.Len()]
			n.step(func() { e.SumSquaredDiff(features, target) }, func() { e.SquaredDiffGrad(grad, 1e-3, features, target, true) })
		}
	}
	return n
}

func (n *net) step(forward, backward func()) {
	n.forward = append(n.forward, forward)
	n.backward = append(n.backward, backward)
}

// style adds the style term of the features f and its gradient.
func (n *net) style(s kernel.Shape, f, grad []float32, add bool) {
	g, d, target := make([]float32, s.C*s.C), make([]float32, s.C*s.C), make([]float32, s.C*s.C)
	gram := n.e.NewGram(kernel.GramSpec{C: s.C, H: s.H, W: s.W, In: f, Out: g, Scale: 1 / float32(s.C*s.H*s.W)})
	back := n.e.NewGramGrad(kernel.GramGradSpec{C: s.C, H: s.H, W: s.W, D: d, In: f, Out: grad, Accumulate: add})
	n.step(gram.Run, func() {
		n.e.SquaredDiffGrad(d, 1e-6, g, target, false)
		back.Run()
	})
}

func (n *net) run() {
	for _, f := range n.forward {
		f()
	}
	for i := len(n.backward) - 1; i >= 0; i-- {
		n.backward[i]()
	}
}

// BenchmarkIteration is one evaluation of the loss and its gradient at 512x512.
func BenchmarkIteration(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		n := newNet(e, 512)
		median(b, 0, n.run)
	})
}
