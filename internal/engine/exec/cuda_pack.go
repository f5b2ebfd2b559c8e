package exec

import (
	"math"

	"nst/internal/engine/cuda"
)

// packing identifies constants that a card holds: by the address of their source on the
// host, which must not change, and by how they were laid out.
type packing struct {
	from *float32
	how  order
}

// order is how weights are laid out on a card.
type order int

const (
	asIs       order = iota
	forward          // filters (k,c,3,3) as [9][k][c]
	backward         // the same for the gradient, turned by half a turn, as [9][c][k]
	transposed       // a matrix (k,c) as (c,k)
)

// fixed is an argument that the card keeps for all machines: w (k,c,...), in the order
// that how gives.
type fixed struct {
	w    []float32
	how  order
	k, c int
}

// key returns what identifies f on the card.
func (f fixed) key() packing { return packing{&f.w[0], f.how} }

// constant returns the place of f on the card. It uploads f when it is first needed.
func (d *CUDA) constant(f fixed) (cuda.Ptr, error) {
	if p, ok := d.packed[f.key()]; ok {
		return p, nil
	}
	w := f.w
	switch f.how {
	case forward, backward:
		w = packFilters(w, f.k, f.c, f.how == backward)
		if !d.exact {
			roundTF32(w)
		}
	case transposed:
		w = transpose(w, f.k, f.c)
	}
	p, err := d.upload(w)
	if err != nil {
		return 0, err
	}
	d.packed[f.key()] = p
	d.bytes += 4 * int64(len(w))
	return p, nil
}

// packFilters returns the filters w (k,c,3,3) in the layout that the kernels read.
func packFilters(w []float32, k, c int, back bool) []float32 {
	out := make([]float32, len(w))
	for i := range k {
		for j := range c {
			for tap, v := range w[(i*c+j)*9:][:9] {
				if back {
					out[((8-tap)*c+j)*k+i] = v
				} else {
					out[(tap*k+i)*c+j] = v
				}
			}
		}
	}
	return out
}

// transpose returns the matrix m (rows,cols) as (cols,rows).
func transpose(m []float32, rows, cols int) []float32 {
	out := make([]float32, len(m))
	for i, v := range m {
		out[i%cols*rows+i/cols] = v
	}
	return out
}

// roundTF32 rounds to 10 bits of fraction, halves away from zero, as the card's own
// instruction does.
func roundTF32(x []float32) {
	for i, v := range x {
		x[i] = math.Float32frombits((math.Float32bits(v) + 1<<12) &^ (1<<13 - 1))
	}
}

// interleave sets dst [h w][c] to src (c,h,w); planes does the opposite. Both work in
// blocks, so that they read and write memory that is close together.
func interleave(dst, src []float32, c int) { turn(dst, src, c, len(src)/c) }

func planes(dst, src []float32, c int) { turn(dst, src, len(src)/c, c) }

// turn sets dst (cols,rows) to the transpose of src (rows,cols).
func turn(dst, src []float32, rows, cols int) {
	const block = 32
	for r := 0; r < rows; r += block {
		for c := 0; c < cols; c += block {
			for i := r; i < min(r+block, rows); i++ {
				for j := c; j < min(c+block, cols); j++ {
					dst[j*rows+i] = src[i*cols+j]
				}
			}
		}
	}
}
