package kernel

import "fmt"

// Matrices of c x c features are multiplied as blocked matrices. Element (row, col) is at
// (col/16*Len + row)*16 + col%16, where Len is c rounded up to whole blocks. Elements beyond
// c are zero.

// MatrixLen is the number of floats of a blocked c x c matrix.
func MatrixLen(c int) int { n := (c + Lanes - 1) / Lanes * Lanes; return n * n }

// PackMatrix writes the row-major matrix src (c,c) as the blocked matrix dst.
func PackMatrix(dst, src []float32, c int) {
	n := (c + Lanes - 1) / Lanes * Lanes
	checkLen("matrix", "dst", len(dst), n*n)
	checkLen("matrix", "src", len(src), c*c)
	clear(dst[:n*n])
	for row := range c {
		for b := 0; b < c; b += Lanes {
			copy(dst[b*n+row*Lanes:][:Lanes], src[row*c+b:(row+1)*c])
		}
	}
}

// UnpackMatrix writes the blocked matrix src as the row-major matrix dst (c,c).
func UnpackMatrix(dst, src []float32, c int) {
	n := (c + Lanes - 1) / Lanes * Lanes
	checkLen("matrix", "dst", len(dst), c*c)
	checkLen("matrix", "src", len(src), n*n)
	for row := range c {
		for b := 0; b < c; b += Lanes {
			copy(dst[row*c+b:(row+1)*c], src[b*n+row*Lanes:][:Lanes])
		}
	}
}

// MatMul multiplies blocked matrices of c channels.
type MatMul struct {
	e         *Engine
	n         int
	panel     []float32 // the second factor, in panels of columns
	a, b, out []float32 // of the product under way
	add       bool
}

const (
	matMulRows = 64 // rows of the product that an item has
	matMulRun  = 64 // products that are added up before they go to the sum: fewer digits are lost
)

// NewMatMul prepares products of c x c matrices.
func (e *Engine) NewMatMul(c int) *MatMul {
	if c < 1 {
		panic(fmt.Sprintf("kernel: matrix product: %d channels", c))
	}
	n := (c + Lanes - 1) / Lanes * Lanes
	return &MatMul{e: e, n: n, panel: Floats(n * n)}
}

// Run computes out = a b, or adds it to out. out must be neither a nor b.
func (m *MatMul) Run(out, a, b []float32, add bool) {
	checkLen("matrix product", "a", len(a), m.n*m.n)
	checkLen("matrix product", "b", len(b), m.n*m.n)
	checkLen("matrix product", "out", len(out), m.n*m.n)
	m.a, m.b, m.out, m.add = a, b, out, add
	m.e.pool.Run((*matMulPack)(m))
	m.e.pool.Run((*matMulTask)(m))
	m.a, m.b, m.out = nil, nil, nil
}

// matMulPack has an item for each matMulRows rows of b.
type matMulPack MatMul

// Items is the number of groups of rows.
func (t *matMulPack) Items() int { return (t.n + matMulRows - 1) / matMulRows }

// Do copies a group of rows of b into the panels of the product.
func (t *matMulPack) Do(_, item int) {
	blocks, widest := t.n/16, len(t.e.cpu.isa.gemm)-1
	for b := 0; b < blocks; {
		w := nextPanel(b, blocks, widest)
		for row := item * matMulRows; row < min((item+1)*matMulRows, t.n); row++ {
			for j := range 1 << w {
				*load(t.panel[b*16*t.n+(row<<w+j)*16:]) = *load(t.b[((b+j)*t.n+row)*16:])
			}
		}
		b += 1 << w
	}
}

// matMulTask has an item for each matMulRows rows of the product.
type matMulTask MatMul

// Items is the number of groups of rows.
func (t *matMulTask) Items() int { return (t.n + matMulRows - 1) / matMulRows }

// Do computes a group of rows of the product.
func (t *matMulTask) Do(_, item int) {
	at := item * matMulRows
	rows, blocks := min(matMulRows, t.n-at), t.n/16
	gemm := t.e.cpu.isa.gemm
	for b := 0; b < blocks; {
		w := nextPanel(b, blocks, len(gemm)-1)
		for k := 0; k < t.n; k += matMulRun {
			gemm[w](rows, min(matMulRun, t.n-k), t.a[(k*t.n+at*16):], t.n*16, t.panel[b*16*t.n+k*16<<w:],
				t.out[(b*t.n+at)*16:], 16, t.n*16, t.add || k > 0)
		}
		b += 1 << w
	}
}
