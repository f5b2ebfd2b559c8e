//go:build (amd64 || arm64) && !noasm && gc

package kernel

// routines are those in assembly for flat vectors. They take the first n elements, a
// multiple of 16. Their twins in Go do the rest.
type routines struct {
	taps        func(n int, p []float32, pStride, pitch int, y []float32)
	dot, diff2  func(n int, x, y []float32) float64
	axpy        func(n int, a float32, x, y []float32)
	scale       func(n int, a float32, x []float32)
	sub         func(n int, dst, x, y []float32)
	diffGrad    func(n int, s float32, x, y, dst []float32)
	diffGradAdd func(n int, s float32, x, y, dst []float32)
	adam        func(n int, x, g, m, v []float32, c1, c2, step, corr, eps float32)
	clamp       func(n int, x []float32, lo, hi float32)
	tvGrad      func(n int, dst, row, up, down []float32, sx, sy float32)
}

// vectors completes the table with routines for vectors of any length.
func (s *isa) vectors(v routines) {
	s.sums(v)
	s.taps = func(n int, p []float32, pStride, pitch int, y []float32) {
		w := n &^ 15
		v.taps(w, p, pStride, pitch, y)
		tapsGo(n-w, p[w:], pStride, pitch, y[w:])
	}
	s.axpy = func(a float32, x, y []float32) {
		n := len(x) &^ 15
		v.axpy(n, a, x, y)
		axpyGo(a, x[n:], y[n:])
	}
	s.scale = func(a float32, x []float32) {
		n := len(x) &^ 15
		v.scale(n, a, x)
		scaleGo(a, x[n:])
	}
	s.sub = func(dst, x, y []float32) {
		n := len(dst) &^ 15
		v.sub(n, dst, x, y)
		subGo(dst[n:], x[n:], y[n:])
	}
	s.diffGrad = func(f float32, x, y, dst []float32, add bool) {
		n := len(dst) &^ 15
		if add {
			v.diffGradAdd(n, f, x, y, dst)
		} else {
			v.diffGrad(n, f, x, y, dst)
		}
		diffGradGo(f, x[n:], y[n:], dst[n:], add)
	}
	s.adam = func(x, g, m, sq []float32, c1, c2, step, corr, eps float32) {
		n := len(x) &^ 15
		v.adam(n, x, g, m, sq, c1, c2, step, corr, eps)
		adamGo(x[n:], g[n:], m[n:], sq[n:], c1, c2, step, corr, eps)
	}
	s.clamp = func(x []float32, lo, hi float32) {
		n := len(x) &^ 15
		v.clamp(n, x, lo, hi)
		clampGo(x[n:], lo, hi)
	}
	s.tvGrad = func(dst, row, up, down []float32, sx, sy float32) {
		n := max(0, len(row)-2) &^ 15
		if n > 0 {
			v.tvGrad(n, dst[1:], row[1:], up[1:], down[1:], sx, sy)
		}
		tvGradGo(dst[n:], row[n:], up[n:], down[n:], sx, sy)
	}
}

// sums completes the table with sums over vectors of any length.
func (s *isa) sums(v routines) {
	s.dot = func(x, y []float32) float64 {
		n := len(x) &^ 15
		return v.dot(n, x, y) + dotGo(x[n:], y[n:])
	}
	s.diff2 = func(x, y []float32) float64 {
		n := len(x) &^ 15
		return v.diff2(n, x, y) + diff2Go(x[n:], y[n:])
	}
	s.absSum = absSumGo
	s.absMax = absMaxGo
}
