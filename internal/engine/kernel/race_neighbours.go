//go:build race

package kernel

// annotateNeighbours wraps the routines of neighbours, see annotate.
func annotateNeighbours(s, o *isa) {
	o.nearest = func(n int, x, bias []float32, block float32, best, arg []float32) {
		reads(x, 1, 0, n*16)
		reads(bias, 1, 0, 16)
		writes(best, 1, 0, n*16)
		writes(arg, 1, 0, n*16)
		s.nearest(n, x, bias, block, best, arg)
	}
	around := func(n, blocks int, x []float32, xStride int, mean, rows, at []float32) {
		reads(x, blocks, xStride, n*16)
		reads(mean, 1, 0, blocks*16)
		for _, i := range at[:n] {
			reads(rows[int(i)*blocks*16:], 1, 0, blocks*16)
		}
	}
	o.cosines = func(n, blocks int, x []float32, xStride int, mean, rows, at, sums []float32) {
		around(n, blocks, x, xStride, mean, rows, at)
		writes(sums, 1, 0, n*32)
		s.cosines(n, blocks, x, xStride, mean, rows, at, sums)
	}
	o.cosineGrad = func(n, blocks int, x []float32, xStride int, mean, rows, at, k, y []float32, add bool) {
		around(n, blocks, x, xStride, mean, rows, at)
		reads(k, 1, 0, n*2)
		writes(y, blocks, xStride, n*16)
		s.cosineGrad(n, blocks, x, xStride, mean, rows, at, k, y, add)
	}
}
