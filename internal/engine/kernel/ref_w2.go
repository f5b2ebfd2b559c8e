package kernel

import "math"

// matrix is a square matrix, row-major.
type matrix struct {
	n int
	v []float64
}

func newMatrix(n int) matrix { return matrix{n, make([]float64, n*n)} }

// times returns a b.
func (a matrix) times(b matrix) matrix {
	out := newMatrix(a.n)
	refParallel(a.n, func(i int) {
		row := out.v[i*a.n:][:a.n]
		for k, f := range a.v[i*a.n:][:a.n] {
			for j, g := range b.v[k*a.n:][:a.n] {
				row[j] += f * g
			}
		}
	})
	return out
}

// affine returns s a + d I.
func (a matrix) affine(s, d float64) matrix {
	out := newMatrix(a.n)
	for i, v := range a.v {
		out.v[i] = s * v
		if i/a.n == i%a.n {
			out.v[i] += d
		}
	}
	return out
}

func (a matrix) norm() float64 {
	sum := 0.0
	for _, v := range a.v {
		sum += v * v
	}
	return math.Sqrt(sum)
}

func (a matrix) trace() float64 {
	sum := 0.0
	for i := range a.n {
		sum += a.v[i*a.n+i]
	}
	return sum
}

// root is the root by w2Steps steps of Newton and Schulz.
func (a matrix) root() matrix {
	norm := a.norm()
	y, z := a.affine(1/norm, 0), newMatrix(a.n).affine(0, 1)
	for range w2Steps {
		t := z.times(y).affine(-0.5, 1.5)
		y, z = y.times(t), t.times(z)
	}
	return y.affine(math.Sqrt(norm), 0)
}

// halfInverse is the solution Q of a Q + Q a = I, by w2Steps steps.
func (a matrix) halfInverse() matrix {
	norm := a.norm()
	s, q := a.affine(1/norm, 0), newMatrix(a.n).affine(0, 0.5/norm)
	for range w2Steps {
		e := s.times(s).affine(-0.5, 1.5)
		s, q = s.times(e), q.times(e)
	}
	return q
}

// refRoots returns the covariance Σ of the means and moments x (1+c,c) and the root of
// H Σ H, with the ridge that W2 adds.
func refRoots(x []float32, c int, half matrix) (cov, root matrix) {
	ridge := 0.0
	for range 1 + w2Tries {
		cov = refCovariance(x, c, ridge)
		a := half.times(cov).times(half)
		root = a.root()
		if n := root.norm(); n*n <= w2Slack*a.trace() {
			break
		}
		ridge = nextRidge(ridge, x, c)
	}
	return cov, root
}

// refCovariance is M - μ μᵀ + (w2Eps + ridge) I of the means and moments x (1+c,c).
func refCovariance(x []float32, c int, ridge float64) matrix {
	out := newMatrix(c)
	for i := range out.v {
		out.v[i] = float64(x[c+i]) - float64(x[i/c])*float64(x[i%c])
	}
	return out.affine(1, w2Eps+ridge)
}

// RefW2 returns the squared 2-Wasserstein distance, divided by c, of two normal
// distributions. x and target (1+c,c) are their means and second moments, as in [W2Spec].
// Unless grad is nil, RefW2 sets it to the gradient to x.
func RefW2(grad, x, target []float32, c int) float64 {
	want, half := refRoots(target, c, newMatrix(c).affine(0, 1))
	cov, root := refRoots(x, c, half)
	value := want.trace() + cov.trace() - 2*root.trace()
	for i, m := range x[:c] {
		d := float64(m) - float64(target[i])
		value += d * d
	}
	if grad == nil {
		return value / float64(c)
	}
	n := float64(c)
	d := half.times(root.halfInverse()).times(half).affine(-2/n, 1/n)
	for i := range c {
		sum := 0.0
		for j := range c {
			grad[c+i*c+j] = float32(d.v[i*c+j])
			sum += (d.v[i*c+j] + d.v[j*c+i]) * float64(x[j])
		}
		grad[i] = float32(2*(float64(x[i])-float64(target[i]))/n - sum)
	}
	return value / n
}
