package exec

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nst/internal/engine/kernel"
)

// vectorTest is an operation of [Vectors] on four of them, pictures of c x h x w.
type vectorTest struct {
	name string
	do   func(v Vectors, x [][]float32, c, h, w int) []float64 // returns sums
}

// vectorTests lists the operations that optimisers and the loop around them use.
func vectorTests() []vectorTest {
	lo, hi := [3]float32{-1, -0.5, -2}, [3]float32{0.5, 1, 0.1}
	plain := func(f func(v Vectors, x [][]float32)) func(Vectors, [][]float32, int, int, int) []float64 {
		return func(v Vectors, x [][]float32, _, _, _ int) []float64 { f(v, x); return nil }
	}
	return []vectorTest{
		{"sums of vectors", func(v Vectors, x [][]float32, _, _, _ int) []float64 {
			return []float64{v.Dot(x[0], x[1]), v.AbsSum(x[2]), float64(v.AbsMax(x[3]))}
		}},
		{"vector plus vector", plain(func(v Vectors, x [][]float32) { v.Axpy(0.3, x[0], x[1]) })},
		{"vector times number", plain(func(v Vectors, x [][]float32) { v.Scale(x[2], -1.7, x[2]) })},
		{"vector minus vector", plain(func(v Vectors, x [][]float32) { v.Sub(x[3], x[0], x[3]) })},
		{"copy", plain(func(v Vectors, x [][]float32) { v.Copy(x[2], x[0]); v.Clear(x[3]) })},
		{"gradient held at the range", plain(func(v Vectors, x [][]float32) { v.Hold(x[1], x[0], lo, hi) })},
		{"range", plain(func(v Vectors, x [][]float32) { v.Bound(x[0], lo, hi) })},
		{"pyramid", func(v Vectors, x [][]float32, c, h, w int) []float64 {
			v.Pyramid(x[0], x[1], c, h, w, 4, 2)
			return nil
		}},
		{"two loops of L-BFGS", plain(twoLoops)},
		{"Adam", plain(func(v Vectors, x [][]float32) {
			v.Clear(x[1])
			v.Clear(x[2])
			for t := range 3 {
				v.Adam(x[0], x[3], x[1], x[2], 10, 0.9, 0.99, 1e-8, t+1)
			}
		})},
	}
}

// twoLoops does one step of each loop of L-BFGS, as optim does with and without
// optim.Recursion.
func twoLoops(v Vectors, x [][]float32) {
	const rho = 1e-4
	s, y, d := x[1], x[2], x[0]
	if own, ok := v.(*cardVectors); ok {
		own.Down(3, rho, s, y, d)
		own.Up(3, 2*rho, s, y, d)
		return
	}
	alpha := rho * v.Dot(s, d)
	v.Axpy(float32(-alpha), y, d)
	v.Axpy(float32(alpha-2*rho*v.Dot(y, d)), s, d)
}

// checkVectors compares the card's vectors with plain Go on the processor.
func (d *CUDA) checkVectors(ctx context.Context, report func(Check)) error {
	const c, h, w = 3, 53, 67 // no whole number of blocks
	pool := kernel.NewPool(1)
	defer pool.Close()
	cpu, err := kernel.Detect(func(string) string { return "generic" })
	if err != nil {
		return err
	}
	host := &hostVectors{Engine: kernel.NewEngine(cpu, pool)}
	for _, t := range vectorTests() {
		if err := ctx.Err(); err != nil {
			return err
		}
		got, sums, err := t.run(d.Vectors(), c, h, w)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		want, wantSums, _ := t.run(host, c, h, w)
		off := apart(got, want)
		for i, v := range wantSums {
			off = math.Max(off, math.Abs(sums[i]-v)/math.Max(math.Abs(v), 1))
		}
		report(Check{fmt.Sprintf("%s [%d %d %d]", t.name, c, h, w), off, limitVector})
	}
	return nil
}

// run returns the vectors after the test, one after the other, and its sums.
func (t vectorTest) run(v Vectors, c, h, w int) (left []float32, sums []float64, err error) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([][]float32, 4)
	for i := range x {
		start := make([]float32, c*h*w)
		for j := range start {
			start[j] = float32(r.NormFloat64())
		}
		x[i] = v.Make(len(start))
		v.Copy(x[i], start)
	}
	sums = t.do(v, x, c, h, w)
	if err := v.Wait(); err != nil {
		v.Close()
		return nil, nil, err
	}
	left = slices.Concat(x...)
	return left, sums, v.Close()
}
