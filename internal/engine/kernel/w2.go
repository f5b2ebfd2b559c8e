package kernel

import (
	"math"
	"slices"
)

// The constants of W2, those of crowsonkb/style-transfer-pytorch.
const (
	w2Eps   = 1e-4 // on the diagonal of a covariance
	w2Steps = 12   // of an iteration of Newton and Schulz
)

// These constants handle a covariance that is almost zero, such as that of a single position
// or of a uniform picture. M - μ μᵀ is then rounding noise. Its eigenvalues may be below 0,
// and the iteration diverges. R is accepted as a root only if |R|² is at most w2Slack times
// the trace of R². Otherwise w2Ridge times the trace of M, which is about the size of the
// noise, is added to the diagonal. Each of w2Tries further tries adds four times as much.
const (
	w2Slack = 1.01
	w2Ridge = 1. / (1 << 24)
	w2Tries = 8
)

// W2Spec describes the squared 2-Wasserstein distance, divided by C, of two normal
// distributions. X and Target (1+C,C) are their means, followed by their second moments.
type W2Spec struct {
	C         int
	X, Target []float32 // (1+C,C)

	// Grad gets the gradient to X; nil if it is not wanted.
	Grad []float32 // (1+C,C)

	// Seen and Half keep the target and the root of its covariance between runs. Root
	// keeps the root of the product between Run and Gradient.
	Seen       []float32 // (1+C,C)
	Half, Root []float32 // MatrixLen(C)

	// Scratch is used only during Run and Gradient.
	Scratch [4][]float32 // MatrixLen(C)
}

// W2 is a step that computes such a distance and its gradient.
type W2 struct {
	s     W2Spec
	e     *Engine
	mul   *MatMul
	n     int // channels, whole blocks
	known bool
	trace float64 // of the covariance of the target
}

// NewW2 prepares s.
func (e *Engine) NewW2(s W2Spec) *W2 {
	w := &W2{s: s, e: e, mul: e.NewMatMul(s.C)}
	w.n = w.mul.n
	for _, m := range [...][]float32{s.X, s.Target, s.Seen} {
		checkLen("w2", "moments", len(m), (1+s.C)*s.C)
	}
	if s.Grad != nil {
		checkLen("w2", "Grad", len(s.Grad), (1+s.C)*s.C)
	}
	for _, m := range [...][]float32{s.Half, s.Root, s.Scratch[0], s.Scratch[1], s.Scratch[2], s.Scratch[3]} {
		checkLen("w2", "matrix", len(m), w.n*w.n)
	}
	return w
}

// Run returns the distance. It computes the root of the target only if the target has
// changed.
func (w *W2) Run() float64 {
	s, c := &w.s, w.s.C
	if !w.known || !slices.Equal(s.Seen[:(1+c)*c], s.Target[:(1+c)*c]) {
		w.trace = w.rootOf(s.Half, s.Target, nil)
		copy(s.Seen, s.Target[:(1+c)*c])
		w.known = true
	}
	trace := w.trace + w.rootOf(s.Root, s.X, s.Half)
	trace -= 2 * w.diagonal(s.Root)
	mean := 0.0
	for i, m := range s.X[:c] {
		d := float64(m - s.Target[i])
		mean += d * d
	}
	return (mean + trace) / float64(c)
}

// rootOf writes the root of H Σ H to dst and returns the trace of Σ, the covariance of the
// means and moments x. A nil H is the identity.
func (w *W2) rootOf(dst, x, half []float32) (trace float64) {
	a, b := w.s.Scratch[0][:w.n*w.n], w.s.Scratch[1][:w.n*w.n]
	ridge := 0.0
	for range 1 + w2Tries {
		w.covariance(a, x, ridge)
		trace = w.diagonal(a)
		squares := trace
		if half != nil {
			w.mul.Run(b, half, a, false)
			w.mul.Run(a, b, half, false)
			squares = w.diagonal(a)
		}
		w.root(dst, a)
		if n := w.norm(dst); n*n <= w2Slack*squares {
			break
		}
		ridge = nextRidge(ridge, x, w.s.C)
	}
	return trace
}

// nextRidge returns the number to try after ridge, for the means and moments x.
func nextRidge(ridge float64, x []float32, c int) float64 {
	if ridge > 0 {
		return 4 * ridge
	}
	for i := range c {
		ridge += w2Ridge * float64(x[c+i*c+i])
	}
	return ridge
}

// covariance writes M - μ μᵀ + (w2Eps + ridge) I for the means and moments x.
func (w *W2) covariance(dst, x []float32, ridge float64) {
	c := w.s.C
	mean, moments := x[:c], x[c:]
	PackMatrix(dst, moments, c)
	for row, m := range mean {
		for col, v := range mean {
			at := w.at(row, col)
			dst[at] = float32(float64(dst[at]) - float64(float64(m)*float64(v)))
		}
		dst[w.at(row, row)] += float32(w2Eps + ridge)
	}
}

// at is the index of an element of a blocked matrix.
func (w *W2) at(row, col int) int { return (col/16*w.n+row)*16 + col%16 }

// diagonal returns the sum of the diagonal.
func (w *W2) diagonal(a []float32) float64 {
	sum := 0.0
	for i := range w.s.C {
		sum += float64(a[w.at(i, i)])
	}
	return sum
}

// norm is the root of the sum of squares.
func (w *W2) norm(a []float32) float64 {
	return math.Sqrt(w.e.Dot(a[:w.n*w.n], a[:w.n*w.n]))
}

// affine computes a = s a + d I. It also writes beyond C, where nothing reads.
func (w *W2) affine(a []float32, s, d float32) {
	w.e.Scale(a, s, a)
	for i := range w.n {
		a[w.at(i, i)] += d
	}
}

// root writes the root of a, which is in the first scratch, to dst. It uses the coupled
// iteration of Newton and Schulz (Higham 2008, equation 6.35): y converges to the root of
// a/|a|, and z to its inverse. The step y (3 I - z y)/2 is computed as y + y (I - z y)/2,
// which loses fewer digits.
func (w *W2) root(dst, a []float32) {
	size := w.n * w.n
	y, z, t, next := a, w.s.Scratch[1][:size], w.s.Scratch[2][:size], w.s.Scratch[3][:size]
	norm := w.norm(a)
	w.e.Scale(y, float32(1/norm), y)
	for i := range w2Steps {
		if i == 0 { // z is I
			copy(t, y)
		} else {
			w.mul.Run(t, z, y, false)
		}
		w.affine(t, -0.5, 0.5)
		y, next = w.step(next, y, y, t)
		switch {
		case i == 0:
			copy(z, t)
			w.affine(z, 1, 1)
		case i+1 < w2Steps:
			z, next = w.step(next, z, t, z)
		}
	}
	copy(dst, y)
	w.e.Scale(dst[:size], float32(math.Sqrt(norm)), dst[:size])
}

// step writes x + a b to next and returns next and x, in their new roles.
func (w *W2) step(next, x, a, b []float32) (now, free []float32) {
	copy(next, x)
	w.mul.Run(next, a, b, true)
	return next, x
}

// Gradient computes Grad = g times the gradient of the distance that Run returned.
//
// Let H be the root of the target's covariance and R the root of A = H Σ H. The derivative Q
// of tr(R) to A solves Lyapunov's equation R Q + Q R = I, so Q = R⁻¹/2. It is computed by the
// iteration for the sign of R/|R| (Higham 2008, section 5.3), which turns I/|R| into R⁻¹.
func (w *W2) Gradient(g float64) {
	s, size := &w.s, w.n*w.n
	a, q, e, next := s.Scratch[0][:size], s.Scratch[1][:size], s.Scratch[2][:size], s.Scratch[3][:size]
	norm := w.norm(s.Root)
	copy(a, s.Root[:size])
	w.e.Scale(a, float32(1/norm), a)
	for i := range w2Steps {
		w.mul.Run(e, a, a, false)
		w.affine(e, -0.5, 0.5)
		if i == 0 { // q is I
			copy(q, e)
			w.affine(q, 1, 1)
		} else {
			q, next = w.step(next, q, q, e)
		}
		if i+1 < w2Steps {
			a, next = w.step(next, a, a, e)
		}
	}
	w.mul.Run(next, s.Half, q, false)
	w.mul.Run(q, next, s.Half, false)
	// The covariance has the gradient (I - 2 H Q H)/c, and q is 2 |R| H Q H.
	w.affine(q, float32(-g/norm/float64(s.C)), float32(g/float64(s.C)))
	UnpackMatrix(s.Grad[s.C:], q, s.C)
	w.meanGradient(g)
}

// meanGradient writes the gradient to the means, including that through the covariance.
func (w *W2) meanGradient(g float64) {
	c := w.s.C
	mean, d := w.s.X[:c], w.s.Grad[c:]
	for i, m := range mean {
		sum := 0.0
		for j, v := range mean {
			sum += float64(d[i*c+j]) * float64(v)
		}
		w.s.Grad[i] = float32(2*g*float64(m-w.s.Target[i])/float64(c) - 2*sum)
	}
}
