package colour

import (
	"math"

	"nst/imgio"
)

// vec3 is a colour: red, green, blue. mat3 is a matrix of colours, by rows.
type (
	vec3 [3]float64
	mat3 [3]vec3
)

// transform is the map x' = matrix (x - from) + to of colours.
type transform struct {
	matrix   mat3
	from, to vec3
}

func (t *transform) apply(c vec3) vec3 {
	out := t.to
	for i, row := range t.matrix {
		for j, m := range row {
			out[i] += m * (c[j] - t.from[j])
		}
	}
	return out
}

// after returns the map that applies first, then t.
func (t *transform) after(first transform) transform {
	return transform{matrix: t.matrix.times(first.matrix), from: first.from, to: t.apply(first.to)}
}

// planes returns t of the colours of p, a plane for each coordinate.
func (t *transform) planes(p *imgio.Planar) (out [3][]float32) {
	r, g, b := planes(p)
	for k := range out {
		out[k] = make([]float32, len(r))
	}
	for i := range r {
		c := t.apply(vec3{float64(r[i]), float64(g[i]), float64(b[i])})
		for k := range out {
			out[k][i] = float32(c[k])
		}
	}
	return out
}

func (a mat3) times(b mat3) (c mat3) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c
}

func (a mat3) transposed() (c mat3) {
	for i := range 3 {
		for j := range 3 {
			c[j][i] = a[i][j]
		}
	}
	return c
}

// spectral returns the matrix with the eigenvectors of a, which must be symmetric, and f of
// its eigenvalues.
func spectral(a mat3, f func(float64) float64) mat3 {
	values, vectors := eigen(a)
	var scaled mat3
	for i := range 3 {
		for j := range 3 {
			scaled[i][j] = vectors[i][j] * f(values[j])
		}
	}
	return scaled.times(vectors.transposed())
}

// eigen returns the eigenvalues of the symmetric matrix a, in no order, and the
// unit eigenvectors in the columns of a matrix, by cyclic Jacobi rotations (Golub
// and Van Loan, Matrix Computations, section 8.5).
func eigen(a mat3) (values vec3, vectors mat3) {
	vectors = mat3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for range 20 { // it converges quadratically: four or five sweeps do
		if a[0][1] == 0 && a[0][2] == 0 && a[1][2] == 0 {
			break
		}
		for p := range 2 {
			for q := p + 1; q < 3; q++ {
				if a[p][q] == 0 {
					continue
				}
				// The rotation of the axes p and q that makes a[p][q] zero.
				tau := (a[q][q] - a[p][p]) / (2 * a[p][q])
				t := math.Copysign(1, tau) / (math.Abs(tau) + math.Hypot(1, tau))
				cos := 1 / math.Hypot(1, t)
				turn := mat3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
				turn[p][p], turn[q][q] = cos, cos
				turn[p][q], turn[q][p] = t*cos, -t*cos
				a = turn.transposed().times(a).times(turn)
				a[p][q], a[q][p] = 0, 0
				vectors = vectors.times(turn)
			}
		}
	}
	return vec3{a[0][0], a[1][1], a[2][2]}, vectors
}
