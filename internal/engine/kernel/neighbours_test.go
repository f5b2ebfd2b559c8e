package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nst/internal/engine/kernel"
)

// neighbours is features with others that may be the nearest, as the kernels of neighbours
// take them.
type neighbours struct {
	shape           kernel.Shape
	rows            int
	x, guide        []float32
	target, matches []float32
}

// newNeighbours draws features of shape s, of two channels or more, since with one a cosine has
// no gradient. It draws a centre, and rows features of norm 1 with a match of each
// position. Every fourth feature is there twice.
func newNeighbours(r *rand.Rand, s kernel.Shape, rows int, guide []float32) *neighbours {
	n := &neighbours{shape: s, rows: rows, x: random(r, s.C*s.H*s.W), guide: guide, target: random(r, (1+rows)*s.C)}
	for row := 1; row <= rows; row++ {
		f, sum := n.target[row*s.C:][:s.C], 0.0
		if row%4 == 0 {
			copy(f, n.target[(row-1)*s.C:])
			continue
		}
		for _, v := range f {
			sum += float64(v) * float64(v)
		}
		for k := range f {
			f[k] /= float32(math.Sqrt(sum))
		}
	}
	for range s.H * s.W {
		n.matches = append(n.matches, float32(r.IntN(rows)))
	}
	return n
}

// testNearest compares the nearest features with the definition. Where two are nearly as near,
// rounding decides.
func (n *neighbours) testNearest(t *testing.T, e *kernel.Engine) {
	t.Helper()
	s := n.shape
	spec := kernel.NearestSpec{
		C: s.C, H: s.H, W: s.W, In: pack(n.x, s), Guide: n.guide, Rows: n.rows, Target: n.target,
		Panels: dirty(kernel.NearestLen(s.C, n.rows)), Out: dirty(s.H * s.W),
	}
	e.NewNearest(spec).Run()
	want := make([]float32, s.H*s.W)
	kernel.RefNearest(want, n.x, n.guide, n.target, s.C, s.H, s.W)
	for p, at := range spec.Out {
		if at == want[p] {
			continue
		}
		if !(at >= 0 && int(at) < n.rows) {
			t.Fatalf("%v of %d features: %v is the nearest to position %d, want %v", s, n.rows, at, p, want[p])
		}
		mean, near, nearest, norm := n.mean(), 0.0, 0.0, 0.0
		a, b := n.target[(1+int(at))*s.C:][:s.C], n.target[(1+int(want[p]))*s.C:][:s.C]
		for k, m := range mean {
			v := float64(n.x[k*s.H*s.W+p])
			near += (v - m) * float64(a[k])
			nearest += (v - m) * float64(b[k])
			norm += v*v + m*m
		}
		if !(nearest-near < 1e-6*(1+math.Sqrt(norm))) || slices.Equal(a, b) {
			t.Fatalf("%v of %d features: %v is the nearest to position %d, with %v, want %v, with %v", s, n.rows, at, p, near, want[p], nearest)
		}
	}
}

func (n *neighbours) mean() []float64 {
	positions := n.shape.H * n.shape.W
	mean, total := make([]float64, n.shape.C), kernel.GuideTotal(n.guide, n.shape.H, n.shape.W)
	for i, v := range n.x {
		w := 1.0
		if n.guide != nil {
			w = float64(n.guide[i%positions]) * float64(n.guide[i%positions])
		}
		mean[i/positions] += w * float64(v) / total
	}
	return mean
}

// testCosine compares the distance and its gradient with the definition.
func (n *neighbours) testCosine(t *testing.T, e *kernel.Engine) {
	t.Helper()
	s := n.shape
	want := make([]float32, len(n.x))
	distance := kernel.RefCosine(want, n.x, n.guide, n.target, n.matches, s.C, s.H, s.W)
	spec := kernel.CosineSpec{
		C: s.C, H: s.H, W: s.W, In: pack(n.x, s), Guide: n.guide, Rows: n.rows, Target: n.target, Matches: n.matches,
		Padded: dirty(kernel.CosineLen(s.C, n.rows)), Out: dirty(s.Len()),
	}
	if got := e.NewCosine(spec).Run(); !(math.Abs(got-distance) < 1e-6) {
		t.Fatalf("%v: distance %v, want %v", s, got, distance)
	}
	e.NewCosine(spec).Gradient(1)
	wantBlocked(t, spec.Out, want, s, 1e-5)
	sum := random(rand.New(rand.NewPCG(1, 1)), len(want))
	spec.Out, spec.Accumulate = pack(sum, s), true
	e.NewCosine(spec).Gradient(-0.5)
	for i, v := range want {
		sum[i] -= v / 2
	}
	wantBlocked(t, spec.Out, sum, s, 1e-5)
}

func TestNeighbours(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range append([][2]int{{2, 100}, {3, 193}}, someSizes()...) {
			s := kernel.Shape{C: []int{2, 5, 16, 23, 48, 70}[i%6], H: hw[0], W: hw[1]}
			for _, guide := range guides(r, s) {
				n := newNeighbours(r, s, []int{1, 3, 16, 37, 64, 130}[(i+i/6)%6], guide)
				n.testNearest(t, e)
				n.testCosine(t, e)
			}
		}
	})
}

// TestNeighboursOfNothing checks a guide of zeros, and positions at the centre.
func TestNeighboursOfNothing(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		n := newNeighbours(r, kernel.Shape{C: 7, H: 3, W: 5}, 9, make([]float32, 15))
		n.testCosine(t, e)
		n.testNearest(t, e)
		n.guide = nil
		for i := range n.x {
			n.x[i] = n.target[i/15]
		}
		n.testCosine(t, e)
	})
}

// TestNeighboursThreads checks that the number of threads changes no bit.
func TestNeighboursThreads(t *testing.T) {
	for _, cpu := range kernel.Supported() {
		n := newNeighbours(rand.New(rand.NewPCG(5, 6)), kernel.Shape{C: 20, H: 23, W: 101}, 90, nil)
		var distance float64
		var matches, gradient []float32
		for threads := 1; threads <= 3; threads++ {
			pool := kernel.NewPool(threads)
			e, s := kernel.NewEngine(cpu, pool), n.shape
			near := kernel.NearestSpec{
				C: s.C, H: s.H, W: s.W, In: pack(n.x, s), Rows: n.rows, Target: n.target,
				Panels: dirty(kernel.NearestLen(s.C, n.rows)), Out: dirty(s.H * s.W),
			}
			e.NewNearest(near).Run()
			spec := kernel.CosineSpec{
				C: s.C, H: s.H, W: s.W, In: near.In, Rows: n.rows, Target: n.target, Matches: near.Out,
				Padded: dirty(kernel.CosineLen(s.C, n.rows)), Out: dirty(s.Len()),
			}
			c := e.NewCosine(spec)
			got := c.Run()
			c.Gradient(1)
			pool.Close()
			if threads == 1 {
				distance, matches, gradient = got, near.Out, spec.Out
				continue
			}
			if got != distance {
				t.Errorf("%s: distance %v with %d threads, %v with one", cpu.Name(), got, threads, distance)
			}
			wantClose(t, near.Out, matches, 0)
			wantClose(t, spec.Out, gradient, 0)
		}
	}
}

// TestCosineMatches checks that a match that is none of the features is refused.
func TestCosineMatches(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, bad := range []float32{-1, 4, float32(math.NaN())} {
			n := newNeighbours(r, kernel.Shape{C: 16, H: 2, W: 3}, 4, nil)
			n.matches[5] = bad
			spec := kernel.CosineSpec{C: 16, H: 2, W: 3, In: pack(n.x, n.shape), Rows: 4, Target: n.target, Matches: n.matches}
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("the match %v is taken", bad)
					}
				}()
				e.NewCosine(spec).Run()
			}()
		}
	})
}

// FuzzNeighbours compares neighbours of any shape with the definitions, on every instruction
// set.
func FuzzNeighbours(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint8(0), uint8(0), false, uint64(1))
	f.Add(uint8(15), uint8(63), uint8(4), uint8(96), true, uint64(2))
	f.Add(uint8(47), uint8(130), uint8(2), uint8(200), false, uint64(3))
	f.Fuzz(func(t *testing.T, cc, rows, hh, ww uint8, guided bool, seed uint64) {
		s := kernel.Shape{C: 2 + int(cc)%80, H: 1 + int(hh)%20, W: 1 + int(ww)}
		r := rand.New(rand.NewPCG(seed, 7))
		guide := guides(r, s)[0]
		if guided {
			guide = guides(r, s)[1]
		}
		n := newNeighbours(r, s, 1+int(rows), guide)
		for _, cpu := range kernel.Supported() {
			pool := kernel.NewPool(1 + int(seed%4))
			e := kernel.NewEngine(cpu, pool)
			n.testNearest(t, e)
			n.testCosine(t, e)
			pool.Close()
		}
	})
}

// BenchmarkNeighbours is the style layers of VGG-19 at 512x512, against 2048 features.
func BenchmarkNeighbours(b *testing.B) {
	const rows = 2048
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, l := range []layer{{"relu1_1", 64, 64, 512, false}, {"relu3_1", 256, 256, 128, false}, {"relu5_1", 512, 512, 32, false}} {
			s := kernel.Shape{C: l.c, H: l.s, W: l.s}
			n := newNeighbours(r, s, rows, nil)
			x, y := pack(n.x, s), kernel.Floats(s.Len())
			near := e.NewNearest(kernel.NearestSpec{
				C: s.C, H: s.H, W: s.W, In: x, Rows: rows, Target: n.target, Panels: kernel.Floats(kernel.NearestLen(s.C, rows)), Out: n.matches,
			})
			cosine := e.NewCosine(kernel.CosineSpec{C: s.C, H: s.H, W: s.W, In: x, Rows: rows, Target: n.target, Matches: n.matches, Out: y, Accumulate: true})
			b.Run(l.name+"/nearest", func(b *testing.B) { median(b, 2*float64(s.C*s.H*s.W)*rows/1e9, near.Run) })
			b.Run(l.name+"/cosine", func(b *testing.B) { median(b, 0, func() { cosine.Run() }) })
			b.Run(l.name+"/gradient", func(b *testing.B) { median(b, 0, func() { cosine.Gradient(1) }) })
		}
	})
}
