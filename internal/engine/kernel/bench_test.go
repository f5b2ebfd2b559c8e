package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"nst/internal/engine/kernel"
)

// layer is a convolution of VGG-19 on a picture of 512x512.
type layer struct {
	name    string
	c, k, s int  // channels and side
	pool    bool // pooling follows
}

var vgg19 = []layer{
	{"conv1_2", 64, 64, 512, true},
	{"conv2_1", 64, 128, 256, false},
	{"conv2_2", 128, 128, 256, true},
	{"conv3_1", 128, 256, 128, false},
	{"conv3_2", 256, 256, 128, false},
	{"conv3_3", 256, 256, 128, false},
	{"conv3_4", 256, 256, 128, true},
	{"conv4_1", 256, 512, 64, false},
	{"conv4_2", 512, 512, 64, false},
	{"conv4_3", 512, 512, 64, false},
	{"conv4_4", 512, 512, 64, true},
	{"conv5_1", 512, 512, 32, false},
}

// median runs f once and then for b, and reports the rate of the median run.
func median(b *testing.B, gflop float64, f func()) {
	b.Helper()
	f()
	var times []time.Duration
	for b.Loop() {
		t := time.Now()
		f()
		times = append(times, time.Since(t))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2])/1e6, "ms/median")
	b.ReportMetric(float64(times[0])/1e6, "ms/best")
	if gflop > 0 {
		b.ReportMetric(gflop/times[0].Seconds(), "GFLOP/s")
	}
}

// benchCPUs runs f with each instruction set, on all processors.
func benchCPUs(b *testing.B, f func(b *testing.B, e *kernel.Engine)) {
	for _, cpu := range kernel.Supported() {
		b.Run(cpu.Name(), func(b *testing.B) {
			pool := kernel.NewPool(0)
			defer pool.Close()
			f(b, kernel.NewEngine(cpu, pool))
		})
	}
}

// BenchmarkConv is every convolution of VGG-19 to conv5_1 at 512x512, with what is
// fused with it, there and back. The rate is that of direct convolution: Winograd's
// needs a quarter of the multiplications.
func BenchmarkConv(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, l := range vgg19 {
			gflop := 2 * 9 * float64(l.c*l.k*l.s*l.s) / 1e9
			f, g := l.specs(e, r)
			b.Run(l.name+"/forward", func(b *testing.B) { median(b, gflop, e.NewConv(f).Run) })
			b.Run(l.name+"/backward", func(b *testing.B) { median(b, gflop, e.NewConv(g).Run) })
		}
	})
}

// specs returns the forward and the backward step of l, on data like real
// activations.
func (l layer) specs(e *kernel.Engine, r *rand.Rand) (f, g kernel.ConvSpec) {
	in, out := kernel.Shape{C: l.c, H: l.s, W: l.s}, kernel.Shape{C: l.k, H: l.s, W: l.s}
	wt := random(r, l.k*l.c*9)
	f = kernel.ConvSpec{
		C: l.c, K: l.k, H: l.s, W: l.s, U: kernel.NewFilter(e.CPU(), wt, l.k, l.c, false), Bias: random(r, l.k),
		In: kernel.Floats(in.Len()), Out: kernel.Floats(out.Len()), OutMask: make([]uint16, out.MaskLen()), ReLU: true,
	}
	kernel.Pack(f.In, random(r, l.c*l.s*l.s), in)
	g = kernel.ConvSpec{
		C: l.k, K: l.c, H: l.s, W: l.s, U: kernel.NewFilter(e.CPU(), wt, l.k, l.c, true),
		In: f.Out, InMask: f.OutMask, Out: f.In,
	}
	if l.pool {
		f.OutPool, g.Unpool = kernel.Max, kernel.Max
	}
	return f, g
}

// BenchmarkConvFirst is conv1_1 and its gradient to the picture.
func BenchmarkConvFirst(b *testing.B) {
	const side = 512
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		s := kernel.Shape{C: 64, H: side, W: side}
		wt, x, y, mask := random(r, 64*27), random(r, 3*side*side), kernel.Floats(s.Len()), make([]uint16, s.MaskLen())
		gflop := 2 * 27 * 64 * float64(side*side) / 1e9
		b.Run("forward", func(b *testing.B) {
			median(b, gflop, e.NewConvFirst(kernel.ConvFirstSpec{K: 64, H: side, W: side, Weights: wt, Bias: random(r, 64), In: x, Out: y, OutMask: mask, ReLU: true}).Run)
		})
		b.Run("backward", func(b *testing.B) {
			median(b, gflop, e.NewConvFirstGrad(kernel.ConvFirstGradSpec{K: 64, H: side, W: side, Weights: wt, In: y, InMask: mask, Out: x}).Run)
		})
	})
}

// BenchmarkGram is the Gram matrices of the style layers and their gradients.
func BenchmarkGram(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, l := range []layer{{"relu1_1", 64, 64, 512, false}, {"relu2_1", 128, 128, 256, false}, {"relu3_1", 256, 256, 128, false}, {"relu4_1", 512, 512, 64, false}, {"relu5_1", 512, 512, 32, false}} {
			s := kernel.Shape{C: l.c, H: l.s, W: l.s}
			x, y, g := kernel.Floats(s.Len()), kernel.Floats(s.Len()), random(r, l.c*l.c)
			kernel.Pack(x, random(r, l.c*l.s*l.s), s)
			gflop := 2 * float64(l.c*l.c*l.s*l.s) / 1e9
			b.Run(l.name+"/forward", func(b *testing.B) {
				median(b, gflop/2, e.NewGram(kernel.GramSpec{C: l.c, H: l.s, W: l.s, In: x, Out: g, Scale: 1e-6}).Run)
			})
			if e.CPU().BF16() {
				b.Run(l.name+"/forward/bf16", func(b *testing.B) {
					median(b, gflop/2, e.NewGram(kernel.GramSpec{C: l.c, H: l.s, W: l.s, In: x, Out: g, Scale: 1e-6, BF16: true}).Run)
				})
			}
			spec := kernel.GramGradSpec{C: l.c, H: l.s, W: l.s, D: g, In: x, Out: y, Accumulate: true}
			b.Run(l.name+"/backward", func(b *testing.B) { median(b, gflop, e.NewGramGrad(spec).Run) })
			if spec.BF16 = e.CPU().BF16(); spec.BF16 {
				b.Run(l.name+"/backward/bf16", func(b *testing.B) { median(b, gflop, e.NewGramGrad(spec).Run) })
			}
		}
	})
}

// BenchmarkVectors is the other passes of an iteration at 512x512.
func BenchmarkVectors(b *testing.B) {
	const n = 3 * 512 * 512
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		x, y, z, v := random(r, n), random(r, n), random(r, n), random(r, n)
		for i := range v {
			v[i] *= v[i]
		}
		for _, c := range []struct {
			name string
			f    func()
		}{
			{"dot", func() { e.Dot(x, y) }},
			{"axpy", func() { e.Axpy(1e-9, x, y) }},
			{"abs sum", func() { e.AbsSum(x) }},
			{"adam", func() { e.Adam(x, y, z, v, 1e-3, 0.9, 0.999, 1e-8, 10) }},
			{"tv", func() { e.TV(x, 3, 512, 512) }},
			{"tv gradient", func() { e.TVGrad(y, x, 3, 512, 512, 1e-3, 1e-3, true) }},
		} {
			b.Run(c.name, func(b *testing.B) { median(b, 0, c.f) })
		}
	})
}

// BenchmarkPool is an empty task.
func BenchmarkPool(b *testing.B) {
	pool := kernel.NewPool(0)
	defer pool.Close()
	for b.Loop() {
		pool.Run(failing(4))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/run")
}

// BenchmarkFilter is the transformation of all filters of VGG-19 to conv5_1, in one
// direction.
func BenchmarkFilter(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, rotate := range []bool{false, true} {
			var all []*kernel.Filter
			u := kernel.Floats(kernel.FilterLen(512, 512))
			for _, l := range vgg19 {
				all = append(all, kernel.NewFilterIn(e.CPU(), u, random(r, l.k*l.c*9), l.k, l.c, rotate))
			}
			b.Run(fmt.Sprintf("rotate=%v", rotate), func(b *testing.B) {
				median(b, 0, func() {
					for _, f := range all {
						f.Make(e.Pool())
					}
				})
			})
		}
	})
}

// feedForward is the convolutions of a network for one-pass transfer at 256x256, by their
// stride and the side of their input.
var feedForward = []struct{ c, k, side, stride int }{
	{3, 16, 256, 1}, {16, 32, 256, 2}, {32, 64, 128, 2}, {64, 64, 64, 1}, {64, 32, 128, 1}, {32, 16, 256, 1}, {16, 3, 256, 1},
}

// BenchmarkConvWeights is the gradients to the filters of such a network. The rate is that of
// direct sums.
func BenchmarkConvWeights(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		for _, l := range feedForward {
			m := newMirrored(rand.New(rand.NewPCG(1, 2)), l.c, l.k, l.side, l.side, l.stride)
			gflop := 2 * 9 * float64(l.c*l.k*m.out.H*m.out.W) / 1e9
			b.Run(m.String(), func(b *testing.B) { median(b, gflop, e.NewConvWeights(m.spec()).Run) })
		}
	})
}

// BenchmarkReflectGrad is what the mirrored border adds to the gradients to the input of such
// a network, beside the convolution that it adds to.
func BenchmarkReflectGrad(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		for _, l := range feedForward[3:] {
			r := rand.New(rand.NewPCG(1, 2))
			m := newMirrored(r, l.c, l.k, l.side, l.side, l.stride)
			conv, border, _ := m.inputGrad(e, random(r, l.k*l.c*9))
			b.Run(m.String()+"/conv", func(b *testing.B) { median(b, 0, conv.Run) })
			b.Run(m.String()+"/border", func(b *testing.B) { median(b, 0, border.Run) })
		}
	})
}
