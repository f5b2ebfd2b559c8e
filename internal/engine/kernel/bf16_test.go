package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"nst/internal/engine/kernel"
)

// inBF16 returns a convolution with its filters (k, c, 3, 3) in bfloat16.
func inBF16(e *kernel.Engine, s kernel.ConvSpec, w []float32, k, c int, rotate bool) kernel.ConvSpec {
	s.BF16, s.U = true, kernel.NewBF16FilterIn(e.CPU(), kernel.Floats(kernel.BF16FilterLen(k, c)), w, k, c, rotate)
	s.U.Make(e.Pool())
	return s
}

// eachBF16 is each for the instruction sets that multiply in bfloat16.
func eachBF16(t *testing.T, f func(t *testing.T, e *kernel.Engine, r *rand.Rand)) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		if !e.CPU().BF16() {
			t.Skip(e.CPU().Name() + " has no bfloat16")
		}
		f(t, e, r)
	})
}

// errorOf returns the error of got, and its largest, in root mean squares of want.
func errorOf(got []float32, want []float64) (off, worst float64) {
	var sum, square float64
	for i, v := range want {
		d := float64(got[i]) - v
		sum, square, worst = sum+v*v, square+d*d, max(worst, math.Abs(d))
	}
	return math.Sqrt(square / sum), worst / math.Sqrt(sum/float64(len(want)))
}

// TestAccuracyBF16 states the error of a convolution in bfloat16 on the deepest layer's
// channels, relative to the root mean square of the outputs: 1.0 %, and 4.6 % at worst.
func TestAccuracyBF16(t *testing.T) {
	c, k, h, w := 512, 16, 9, 14
	if testing.Short() {
		c = 128
	}
	eachBF16(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		x, wt := random(r, c*h*w), random(r, k*c*9)
		for i, v := range x {
			x[i] = 100 * max(0, v) // like features: not negative, of any size
		}
		in, out := kernel.Shape{C: c, H: h, W: w}, kernel.Shape{C: k, H: h, W: w}
		spec := inBF16(e, kernel.ConvSpec{C: c, K: k, H: h, W: w, In: pack(x, in), Out: dirty(out.Len())}, wt, k, c, false)
		e.NewConv(spec).Run()
		got := make([]float32, k*h*w)
		kernel.Unpack(got, spec.Out, out)
		off, worst := errorOf(got, conv64(x, wt, c, h, w, k))
		t.Logf("%s: error %.2g, at worst %.2g", e.CPU().Name(), off, worst)
		if !(off < 0.012 && worst < 0.06) {
			t.Errorf("error %.2g, at worst %.2g of the root mean square", off, worst)
		}
	})
}

// testConvBF16 runs a convolution of any shape forward, with all that can be fused with it,
// and back, and compares it with float32. Outputs can be few and small, so the error is
// relative to what they are expected to be: the root of 9c, times the deviations of inputs and
// filters.
func testConvBF16(t *testing.T, e *kernel.Engine, r *rand.Rand, c, k, h, w int) {
	t.Helper()
	in, out := kernel.Shape{C: c, H: h, W: w}, kernel.Shape{C: k, H: h, W: w}
	x, wt, bias := random(r, c*h*w), random(r, k*c*9), random(r, k)
	specs := []kernel.ConvSpec{
		{C: c, K: k, H: h, W: w, Bias: bias, In: pack(x, in)},
		{C: c, K: k, H: h, W: w, In: pack(x, in), InMask: packMask(random(r, c*h*w), in), Accumulate: true},
		{C: c, K: k, H: h, W: w, Bias: bias, In: pack(x, in), ReLU: true, OutMask: dirtyMask(out.MaskLen())},
	}
	if h > 1 && w > 1 {
		half := in.Pooled()
		for _, kind := range []kernel.Pooling{kernel.Max, kernel.Avg} {
			specs = append(specs,
				kernel.ConvSpec{C: c, K: k, H: h, W: w, Bias: bias, In: pack(x, in), ReLU: true, OutPool: kind, PoolScale: 1.5, OutMask: dirtyMask(out.MaskLen())},
				kernel.ConvSpec{C: c, K: k, H: h, W: w, In: pack(random(r, c*half.H*half.W), half), Unpool: kind, InMask: packMask(random(r, c*h*w), in)})
		}
	}
	for i, s := range specs {
		dst := out
		if s.OutPool != kernel.None {
			dst = out.Pooled()
		}
		run := func(s kernel.ConvSpec) []float32 {
			s.Out = pack(make([]float32, k*dst.H*dst.W), dst)
			e.NewConv(s).Run()
			y := make([]float32, k*dst.H*dst.W)
			kernel.Unpack(y, s.Out, dst)
			return y
		}
		s.U = kernel.NewFilter(e.CPU(), wt, k, c, false)
		want := run(s)
		got := run(inBF16(e, s, wt, k, c, false))
		scale := math.Sqrt(9*float64(c)) * deviation(s.In) * deviation(wt)
		var square, worst float64
		for i, v := range want {
			d := float64(got[i]-v) / scale
			square, worst = square+d*d, max(worst, math.Abs(d))
		}
		if off := math.Sqrt(square / float64(len(want))); !(off < 0.03 && worst < 0.2) {
			t.Errorf("%s: %d to %d channels, %dx%d, case %d: error %.2g, at worst %.2g", e.CPU().Name(), c, k, h, w, i, off, worst)
		}
	}
}

// deviation is the root mean square of the numbers of x that are not 0.
func deviation(x []float32) float64 {
	var sum, n float64
	for _, v := range x {
		if v != 0 {
			sum, n = sum+float64(v)*float64(v), n+1
		}
	}
	return math.Sqrt(sum / max(n, 1))
}

func TestConvBF16(t *testing.T) {
	eachBF16(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range someSizes() {
			testConvBF16(t, e, r, 16*(1+i%5), 16*(1+(i*3)%7), hw[0], hw[1])
		}
	})
}

// testGramBF16 compares a Gram matrix in bfloat16 and its gradient with those in float32, of
// numbers that bfloat16 has: only the order of sums differs.
func testGramBF16(t *testing.T, e *kernel.Engine, r *rand.Rand, c, h, w int) {
	t.Helper()
	s := kernel.Shape{C: c, H: h, W: w}
	coarse := func(n int) []float32 {
		x := random(r, n)
		for i, v := range x {
			x[i] = math.Float32frombits(math.Float32bits(v) &^ 0xffff)
		}
		return x
	}
	d, x, sum := coarse(c*c), coarse(s.C*h*w), random(r, s.C*h*w)
	for i := range c {
		for j := range i {
			d[j*c+i] = d[i*c+j]
		}
	}
	sums, gram := make([]float32, c*c), dirty(c*c)
	kernel.RefGram(sums, x, c, h*w, 0.25)
	e.NewGram(kernel.GramSpec{C: c, H: h, W: w, In: pack(x, s), Out: gram, Scale: 0.25, BF16: true}).Run()
	wantClose(t, gram, sums, 1e-6)

	want := make([]float32, len(x))
	kernel.RefGramGrad(want, x, d, c, h*w)
	g := kernel.GramGradSpec{C: c, H: h, W: w, D: d, In: pack(x, s), Out: dirty(s.Len()), BF16: true}
	e.NewGramGrad(g).Run()
	wantBlocked(t, g.Out, want, s, 2e-6)
	g.Accumulate, g.Out = true, pack(sum, s)
	for i := range want {
		want[i] += sum[i]
	}
	e.NewGramGrad(g).Run()
	wantBlocked(t, g.Out, want, s, 2e-6)
}

func TestGramBF16(t *testing.T) {
	eachBF16(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range append([][2]int{{70, 90}}, someSizes()...) {
			testGramBF16(t, e, r, 11+15*(i%5), hw[0], hw[1])
		}
	})
}

// TestThreadsBF16 compares the bytes that one thread computes with those of several.
func TestThreadsBF16(t *testing.T) {
	const c, k, h, w = 64, 128, 37, 29
	in, out := kernel.Shape{C: c, H: h, W: w}, kernel.Shape{C: k, H: h, W: w}
	for _, cpu := range kernel.Supported() {
		if !cpu.BF16() {
			continue
		}
		var first []float32
		for threads := 1; threads <= 4; threads++ {
			r := rand.New(rand.NewPCG(1, 2))
			pool := kernel.NewPool(threads)
			e := kernel.NewEngine(cpu, pool)
			s := inBF16(e, kernel.ConvSpec{C: c, K: k, H: h, W: w, In: pack(random(r, c*h*w), in), Out: dirty(out.Len())}, random(r, k*c*9), k, c, false)
			e.NewConv(s).Run()
			pool.Close()
			if first == nil {
				first = s.Out
			} else if !slices.Equal(first, s.Out) {
				t.Errorf("%s: %d threads give other numbers than 1", cpu.Name(), threads)
			}
		}
	}
}

// FuzzConvBF16 compares a convolution of any shape, with any fusion, with float32.
func FuzzConvBF16(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint8(0), uint8(0), uint64(1))
	f.Add(uint8(3), uint8(6), uint8(16), uint8(32), uint64(2))
	f.Add(uint8(4), uint8(2), uint8(24), uint8(9), uint64(3))
	f.Fuzz(func(t *testing.T, cb, kb, hh, ww uint8, seed uint64) {
		for _, cpu := range kernel.Supported() {
			if !cpu.BF16() {
				continue
			}
			pool := kernel.NewPool(1 + int(seed%4))
			testConvBF16(t, kernel.NewEngine(cpu, pool), rand.New(rand.NewPCG(seed, 0)), 16*(1+int(cb)%6), 16*(1+int(kb)%9), 1+int(hh)%40, 1+int(ww)%40)
			pool.Close()
		}
	})
}

// FuzzGramBF16 compares a Gram matrix of any shape and its gradient with float32.
func FuzzGramBF16(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint8(0), uint64(1))
	f.Add(uint8(63), uint8(9), uint8(23), uint64(2))
	f.Add(uint8(80), uint8(30), uint8(4), uint64(3))
	f.Fuzz(func(t *testing.T, c, hh, ww uint8, seed uint64) {
		for _, cpu := range kernel.Supported() {
			if !cpu.BF16() {
				continue
			}
			pool := kernel.NewPool(1 + int(seed%4))
			testGramBF16(t, kernel.NewEngine(cpu, pool), rand.New(rand.NewPCG(seed, 0)), 1+int(c)%160, 1+int(hh)%40, 1+int(ww)%40)
			pool.Close()
		}
	})
}

// BenchmarkConvBF16 is BenchmarkConv in bfloat16 and in float32, in turn: "times" is how many
// times as fast bfloat16 is, by the medians.
func BenchmarkConvBF16(b *testing.B) {
	cpu := kernel.Supported()[0]
	if !cpu.BF16() || cpu.Name() == "generic" {
		b.Skip("no instructions for bfloat16")
	}
	for _, size := range []int{128, 512} {
		for _, l := range vgg19 {
			l.s = l.s * size / 512
			b.Run(l.name+"/"+kernel.Shape{C: l.c, H: l.s, W: l.s}.String(), func(b *testing.B) { l.benchBF16(b, cpu) })
		}
	}
}

func (l layer) benchBF16(b *testing.B, cpu *kernel.CPU) {
	pool := kernel.NewPool(0)
	defer pool.Close()
	e, r := kernel.NewEngine(cpu, pool), rand.New(rand.NewPCG(1, 2))
	f, g := l.specs(e, r)
	wt := random(r, l.k*l.c*9)
	steps := [][]*kernel.Conv{
		{e.NewConv(f), e.NewConv(g)},
		{e.NewConv(inBF16(e, f, wt, l.k, l.c, false)), e.NewConv(inBF16(e, g, wt, l.k, l.c, true))},
	}
	times := make([][]time.Duration, 2)
	for b.Loop() {
		for i, s := range steps {
			began := time.Now()
			for _, c := range s {
				c.Run()
			}
			times[i] = append(times[i], time.Since(began))
		}
	}
	var median [2]float64
	for i, t := range times {
		slices.Sort(t)
		median[i] = float64(t[len(t)/2]) / 1e6
	}
	b.ReportMetric(median[0], "ms/fp32")
	b.ReportMetric(median[1], "ms/bf16")
	b.ReportMetric(median[0]/median[1], "times")
}
