package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nst/internal/engine/kernel"
)

// mirrorCase is a mirrored convolution of a random tensor x (c,h,w), and what is fused with
// it: scales and shifts of x, a ReLU, repeated positions.
type mirrorCase struct {
	c, k, h, w, stride   int // of x
	repeat, mapped, relu bool
	x, wt, affine, stats []float32
}

func newMirrorCase(r *rand.Rand, c, k, h, w, stride int, repeat, mapped, relu bool) *mirrorCase {
	return &mirrorCase{c, k, h, w, stride, repeat, mapped, relu, random(r, c*h*w), random(r, k*c*9), random(r, 2*c), random(r, 2*c)}
}

// input returns what the convolution sees, and its size, by the definitions.
func (m *mirrorCase) input() (x []float32, h, w int) {
	x, h, w = slices.Clone(m.x), m.h, m.w
	for i := range x {
		if ch := i / (h * w); m.mapped {
			x[i] = m.affine[ch]*m.stats[m.c+ch]*(x[i]-m.stats[ch]) + m.affine[m.c+ch]
			if m.relu {
				x[i] = max(0, x[i])
			}
		}
	}
	if !m.repeat {
		return x, h, w
	}
	big := make([]float32, 4*len(x))
	kernel.RefUpsample(big, x, m.c, h, w)
	return big, 2 * h, 2 * w
}

// source returns x as a blocked tensor with its border.
func (m *mirrorCase) source(e *kernel.Engine) []float32 {
	in := kernel.Shape{C: m.c, H: m.h, W: m.w}
	x := pack(m.x, in)
	e.NewReflect(kernel.ReflectSpec{C: m.c, H: m.h, W: m.w, X: x, Nearest: m.repeat}).Run()
	return x
}

func (m *mirrorCase) channelMap() *kernel.ChannelMap {
	if !m.mapped {
		return nil
	}
	k := kernel.NewChannelMap(m.c, m.relu)
	k.Set(m.stats, m.affine)
	return k
}

// whole is n rounded up to whole blocks.
func whole(n int) int { return (n + 15) / 16 * 16 }

// filters returns the filters for whole blocks.
func (m *mirrorCase) filters() []float32 {
	wt := make([]float32, whole(m.k)*whole(m.c)*9)
	for k := range m.k {
		copy(wt[k*whole(m.c)*9:], m.wt[k*m.c*9:][:m.c*9])
	}
	return wt
}

// filter returns the filters in the form that the step takes.
func (m *mirrorCase) filter(cpu *kernel.CPU) *kernel.Filter {
	k, c := whole(m.k), whole(m.c)
	f := kernel.NewMirrorFilterIn(cpu, make([]float32, kernel.MirrorFilterLen(k, c)), m.filters(), k, c)
	if m.repeat {
		f = kernel.NewRepeatFilterIn(cpu, make([]float32, kernel.RepeatFilterLen(k, c)), m.filters(), k, c)
	}
	f.Make(kernel.NewPool(1))
	return f
}

// check compares the step and its statistics with the definitions.
func (m *mirrorCase) check(t *testing.T, e *kernel.Engine) {
	t.Helper()
	x, h, w := m.input()
	out := kernel.Shape{C: whole(m.k), H: (h + m.stride - 1) / m.stride, W: (w + m.stride - 1) / m.stride}
	want := make([]float32, out.C*out.H*out.W)
	kernel.RefMirrorConv(want, x, m.wt, m.c, h, w, m.k, m.stride)
	spec := kernel.MirrorConvSpec{
		C: whole(m.c), K: out.C, H: h, W: w, Stride: m.stride, U: m.filter(e.CPU()),
		In: m.source(e), Repeat: m.repeat, Map: m.channelMap(), Out: dirty(out.Len()), Stats: dirty(2 * m.k),
	}
	step := e.NewMirrorConv(spec)
	for range 2 {
		step.Run()
		wantBlocked(t, spec.Out, want, out, tol)
		checkStats(t, spec.Stats, spec.Out, out, m.k)
	}
}

// checkStats compares stats with those of a blocked tensor.
func checkStats(t *testing.T, stats, x []float32, s kernel.Shape, k int) {
	t.Helper()
	plain := make([]float32, s.C*s.H*s.W)
	kernel.Unpack(plain, x, s)
	for c := range k {
		var sum, square float64
		for _, v := range plain[c*s.H*s.W:][:s.H*s.W] {
			sum += float64(v)
			square += float64(v) * float64(v)
		}
		n := float64(s.H * s.W)
		mean := sum / n
		inv := 1 / math.Sqrt(max(0, square/n-mean*mean)+kernel.NormEps)
		if math.Abs(float64(stats[c])-mean) > 1e-6*(1+math.Abs(mean)) || math.Abs(float64(stats[k+c])-inv) > 1e-5*inv {
			t.Fatalf("%v: channel %d has mean %v and 1/deviation %v, want %v and %v", s, c, stats[c], stats[k+c], mean, inv)
		}
	}
}

func TestMirrorConv(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range append([][2]int{{37, 70}}, someSizes()[1:]...) {
			for variant := i % 2; variant < 12; variant += 2 {
				repeat, stride := variant%3 == 1, 1+variant%3/2
				c, k := []int{16, 5, 48, 20}[i%4], []int{32, 20, 3, 64}[(i+variant)%4]
				newMirrorCase(r, c, k, hw[0], hw[1], stride, repeat, variant > 2, variant%2 == 1).check(t, e)
			}
		}
		newMirrorCase(r, 16, 16, 1, 1, 1, true, true, true).check(t, e)
	})
}

// TestMirrorThreads: the bytes are the same for any number of threads, and a run allocates
// nothing.
func TestMirrorThreads(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	m := newMirrorCase(r, 16, 48, 61, 50, 1, true, true, true)
	last := newMirrorCase(r, 20, 3, 61, 50, 1, false, true, true)
	first := random(r, 3*61*50)
	for _, cpu := range kernel.Supported() {
		var want [][]float32
		for threads := 1; threads <= 3; threads++ {
			pool := kernel.NewPool(threads)
			e := kernel.NewEngine(cpu, pool)
			out := kernel.Shape{C: 48, H: 122, W: 100}
			got := [][]float32{make([]float32, out.Len()), make([]float32, 96), make([]float32, out.Len()), make([]float32, 96), make([]float32, 3*61*50)}
			steps := []interface{ Run() }{
				e.NewMirrorConv(kernel.MirrorConvSpec{
					C: 16, K: 48, H: 122, W: 100, Stride: 1, U: m.filter(cpu),
					In: m.source(e), Repeat: true, Map: m.channelMap(), Out: got[0], Stats: got[1],
				}),
				e.NewConvFirst(kernel.ConvFirstSpec{K: 48, H: 61, W: 50, Weights: m.wt[:48*27], In: first, Out: got[2], Mirror: true, Stats: got[3]}),
				e.NewMirrorLast(kernel.MirrorLastSpec{
					C: 20, K: 3, H: 61, W: 50, Weights: last.wt, Bias: last.affine, In: last.source(e), Map: last.channelMap(), Out: got[4],
				}),
			}
			run := func() {
				for _, k := range steps {
					k.Run()
				}
			}
			if n := testing.AllocsPerRun(2, run); n != 0 {
				t.Errorf("%s, %d threads: %v allocations a run", cpu.Name(), threads, n)
			}
			pool.Close()
			if want == nil {
				want = got
			}
			for i := range got {
				if !slices.Equal(got[i], want[i]) {
					t.Errorf("%s: output %d is another with %d threads", cpu.Name(), i, threads)
				}
			}
		}
	}
}

// checkMirrorFirst compares a first convolution of any number of channels.
func checkMirrorFirst(t *testing.T, e *kernel.Engine, r *rand.Rand, k, h, w int) {
	t.Helper()
	m := newMirrorCase(r, 3, k, h, w, 1, false, false, false)
	out := kernel.Shape{C: whole(k), H: h, W: w}
	want := make([]float32, out.C*h*w)
	kernel.RefMirrorConv(want, m.x, m.wt, 3, h, w, k, 1)
	spec := kernel.ConvFirstSpec{
		K: out.C, H: h, W: w, Weights: random(r, len(m.wt)), In: m.x, Out: dirty(out.Len()), Mirror: true, Stats: dirty(2 * k),
	}
	step := e.NewConvFirst(spec)
	step.SetWeights(m.wt)
	for range 2 {
		step.Run()
		wantBlocked(t, spec.Out, want, out, tol)
		checkStats(t, spec.Stats, spec.Out, out, k)
	}
}

// checkLast compares the last layer with the definitions.
func (m *mirrorCase) checkLast(t *testing.T, e *kernel.Engine, bias []float32) {
	t.Helper()
	x, h, w := m.input()
	y, want := make([]float32, m.k*h*w), make([]float32, m.k*h*w)
	kernel.RefMirrorConv(y, x, m.wt, m.c, h, w, m.k, 1)
	kernel.RefSigmoid(want, y, bias, m.k, h*w)
	spec := kernel.MirrorLastSpec{
		C: m.c, K: m.k, H: h, W: w, Weights: m.wt, Bias: bias, In: m.source(e), Map: m.channelMap(), Out: dirty(m.k * h * w),
	}
	step := e.NewMirrorLast(spec)
	for range 2 {
		step.Run()
		wantClose(t, spec.Out, want, 5e-5)
	}
}

func TestMirrorEnds(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range append([][2]int{{37, 140}}, someSizes()[1:]...) {
			checkMirrorFirst(t, e, r, []int{16, 5, 48, 20}[i%4], hw[0], hw[1])
			for variant := range 4 {
				m := newMirrorCase(r, []int{16, 5, 48, 20}[i%4], 3-i%2, hw[0], hw[1], 1, false, variant > 1, variant%2 == 1)
				m.checkLast(t, e, random(r, m.k))
			}
		}
	})
}

func TestNormSum(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, s := range shapes() {
			m := newMirrorCase(r, s.C, 1, s.H, s.W, 1, false, true, false)
			z := random(r, len(m.x))
			want, _, _ := m.input()
			spec := kernel.NormSumSpec{C: s.C, H: s.H, W: s.W, In: pack(m.x, s), Add: pack(z, s), Map: m.channelMap(), Out: dirty(s.Len())}
			e.NewNormSum(spec).Run()
			wantBlocked(t, spec.Out, sum(want, z), s, 1e-6)
		}
	})
}

// FuzzMirrorConv runs mirrored convolutions of any shape, with anything fused, on every
// instruction set and compares them with the plain definitions.
func FuzzMirrorConv(f *testing.F) {
	f.Add(uint8(2), uint8(15), uint8(0), uint8(0), uint8(0), uint64(1))
	f.Add(uint8(63), uint8(47), uint8(15), uint8(31), uint8(5), uint64(2))
	f.Add(uint8(19), uint8(79), uint8(6), uint8(2), uint8(14), uint64(3))
	f.Fuzz(func(t *testing.T, cc, kk, hh, ww, variant uint8, seed uint64) {
		c, k, h, w := 1+int(cc)%80, 1+int(kk)%80, 2+int(hh)%30, 2+int(ww)%40
		r := rand.New(rand.NewPCG(seed, 2))
		repeat, stride := variant%3 == 1, 1+int(variant%3)/2
		m := newMirrorCase(r, c, k, h, w, stride, repeat, variant&4 > 0, variant&8 > 0)
		last := newMirrorCase(r, c, 1+k%3, h, w, 1, false, variant&4 > 0, variant&8 > 0)
		for _, cpu := range kernel.Supported() {
			pool := kernel.NewPool(1 + int(seed%4))
			e := kernel.NewEngine(cpu, pool)
			m.check(t, e)
			last.checkLast(t, e, random(r, last.k))
			checkMirrorFirst(t, e, r, k, h, w)
			pool.Close()
		}
	})
}

// BenchmarkMirror times the layers of a network that paints 512x512 pixels.
func BenchmarkMirror(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, cpu := range kernel.Supported()[:1] {
		pool := kernel.NewPool(0)
		e := kernel.NewEngine(cpu, pool)
		for _, l := range []struct {
			name             string
			c, k, h, w, side int
			repeat           bool
		}{
			{"conv2", 16, 32, 512, 512, 2, false},
			{"conv3", 32, 64, 256, 256, 2, false},
			{"block", 64, 64, 128, 128, 1, false},
			{"up1", 64, 32, 128, 128, 1, true},
			{"up2", 32, 16, 256, 256, 1, true},
		} {
			m := newMirrorCase(r, l.c, l.k, l.h, l.w, l.side, l.repeat, true, true)
			h, w := l.h, l.w
			if l.repeat {
				h, w = 2*h, 2*w
			}
			step := e.NewMirrorConv(kernel.MirrorConvSpec{
				C: l.c, K: l.k, H: h, W: w, Stride: l.side, U: m.filter(cpu), In: m.source(e),
				Repeat: l.repeat, Map: m.channelMap(), Out: make([]float32, kernel.Shape{C: l.k, H: h, W: w}.Len()), Stats: make([]float32, 2*l.k),
			})
			b.Run(fmt.Sprintf("%s/%s", cpu.Name(), l.name), func(b *testing.B) {
				for b.Loop() {
					step.Run()
				}
			})
		}
		first := e.NewConvFirst(kernel.ConvFirstSpec{
			K: 16, H: 512, W: 512, Weights: random(r, 16*27), In: random(r, 3<<18), Out: make([]float32, kernel.Shape{C: 16, H: 512, W: 512}.Len()),
			Mirror: true, Stats: make([]float32, 32),
		})
		b.Run(cpu.Name()+"/conv1", func(b *testing.B) {
			for b.Loop() {
				first.Run()
			}
		})
		m := newMirrorCase(r, 16, 3, 512, 512, 1, false, true, true)
		last := e.NewMirrorLast(kernel.MirrorLastSpec{
			C: 16, K: 3, H: 512, W: 512, Weights: m.wt, Bias: m.affine, In: m.source(e), Map: m.channelMap(), Out: make([]float32, 3<<18),
		})
		b.Run(cpu.Name()+"/out", func(b *testing.B) {
			for b.Loop() {
				last.Run()
			}
		})
		pool.Close()
	}
}
