package exec

import (
	"errors"
	"fmt"
	"math"

	"nst/internal/engine/cuda"
	"nst/internal/engine/kernel"
)

// cardVectors is [Vectors] on a card. Its methods return no errors: Wait returns the
// first one. Sums that are read after an error are NaN.
type cardVectors struct {
	d      *CUDA
	made   []cuda.Ptr
	part   cuda.Ptr // of a sum
	parts  int      // how many have room
	sum    cuda.Ptr
	alpha  cuda.Ptr // of the two loops, and one more
	alphas int
	levels cuda.Ptr // of a pyramid
	floats int      // in levels
	word   []uint64 // what was read of sum
	err    error
}

// Vectors returns arithmetic on the card.
func (d *CUDA) Vectors() Vectors { return &cardVectors{d: d, word: make([]uint64, 1)} }

// keep keeps the first error.
func (v *cardVectors) keep(err error) {
	if v.err == nil {
		v.err = err
	}
}

// Make allocates n zeros that host and card share. If the card has too little memory, they
// are on the host alone, and Wait returns the error.
func (v *cardVectors) Make(n int) []float32 {
	if n > mostItems {
		v.keep(fmt.Errorf("exec: a vector of %d numbers, cards take at most %d", n, mostItems))
		return make([]float32, n)
	}
	x, err := v.d.card.Share(n)
	if err != nil {
		v.keep(err)
		return make([]float32, n)
	}
	v.made = append(v.made, cuda.Place(x))
	v.d.shared[cuda.Place(x)] = n
	return x
}

// Reserve does nothing.
func (v *cardVectors) Reserve(int) error { return nil }

// Wait waits until the card has finished, and returns the first error since the start.
func (v *cardVectors) Wait() error {
	v.keep(v.d.card.Wait())
	return v.err
}

// Close frees all memory. Its error joins the errors of freeing to the first one since the
// start. The vectors can be used again.
func (v *cardVectors) Close() error {
	errs := []error{v.err}
	for _, p := range append(v.made, v.part, v.sum, v.alpha, v.levels) {
		if p != 0 {
			delete(v.d.shared, p)
			errs = append(errs, v.d.card.Release(p))
		}
	}
	*v = cardVectors{d: v.d, word: v.word}
	return errors.Join(errs...)
}

// shares returns the place of x on the card, if x is the whole of a shared slice.
func (d *CUDA) shares(x []float32) (cuda.Ptr, bool) {
	p := cuda.Place(x)
	n, ok := d.shared[p]
	return p, ok && len(x) <= n
}

// at returns the place of x on the card.
func (v *cardVectors) at(x []float32) uint64 {
	p, ok := v.d.shares(x)
	if !ok {
		v.keep(errors.New("exec: a vector is not the card's"))
	}
	return uint64(p)
}

// launch runs a kernel, unless an earlier call has failed.
func (v *cardVectors) launch(kernel string, blocks int, args ...uint64) {
	if v.err == nil {
		v.keep(v.d.card.Launch(kernel, blocks, args...))
	}
}

// The bits of arguments.
func single(x float32) uint64 { return uint64(math.Float32bits(x)) }
func number(n int) uint64     { return uint64(uint32(int32(n))) }

// reserve makes room for the parts of a sum.
func (v *cardVectors) reserve(parts int) {
	if v.sum == 0 {
		p, err := v.d.take(2)
		v.keep(err)
		v.sum = p
	}
	if v.parts >= parts {
		return
	}
	if v.part != 0 {
		v.keep(v.d.card.Release(v.part))
	}
	p, err := v.d.take(2 * parts)
	v.keep(err)
	v.part, v.parts = p, parts
}

// total reads the result of sum_last or max_last.
func (v *cardVectors) total() float64 {
	if v.err == nil {
		v.keep(v.d.card.DownloadWords(v.word, v.sum))
	}
	if v.err != nil {
		return math.NaN()
	}
	return math.Float64frombits(v.word[0])
}

// Dot returns x·y, added up in float64; it waits for the card.
func (v *cardVectors) Dot(x, y []float32) float64 {
	count := blocks(len(x), blockSum)
	v.reserve(count)
	v.launch("dot_part", count, v.at(x), v.at(y), uint64(v.part), number(len(x)))
	v.addUp(count)
	return v.total()
}

func (v *cardVectors) addUp(count int) {
	v.launch("sum_last", 1, uint64(v.part), number(count), math.Float64bits(1), 0, 0, 0, uint64(v.sum))
}

// Down is that of optim.Recursion: α[i] = rho s·d stays on the card, and d -= α[i] y.
func (v *cardVectors) Down(i int, rho float64, s, y, d []float32) {
	if v.alphas < i+2 {
		if v.alpha != 0 {
			v.keep(v.d.card.Release(v.alpha))
		}
		v.alphas = max(32, 2*(i+2))
		p, err := v.d.take(2 * v.alphas)
		v.keep(err)
		v.alpha = p
	}
	alpha := uint64(v.alpha) + 8*uint64(i)
	v.coefficient(s, d, rho, 0, alpha)
	v.launch("axpy", blocks(len(d), blockItems), single(-1), alpha, v.at(y), v.at(d), number(len(d)))
}

// Up is that of optim.Recursion: d += (α[i] - rho y·d) s, where Down has left α[i].
func (v *cardVectors) Up(i int, rho float64, s, y, d []float32) {
	spare := uint64(v.alpha) + 8*uint64(v.alphas-1)
	v.coefficient(y, d, -rho, uint64(v.alpha)+8*uint64(i), spare)
	v.launch("axpy", blocks(len(d), blockItems), single(1), spare, v.at(s), v.at(d), number(len(d)))
}

// coefficient writes factor x·y to a place. If plus is not 0 it adds the number at plus.
func (v *cardVectors) coefficient(x, y []float32, factor float64, plus, to uint64) {
	count := blocks(len(x), blockSum)
	v.reserve(count)
	v.launch("dot_part", count, v.at(x), v.at(y), uint64(v.part), number(len(x)))
	v.launch("sum_last", 1, uint64(v.part), number(count), math.Float64bits(factor), 0, plus, 0, to)
}

// AbsSum returns the sum of the absolute values of x, in float64; it waits for the card.
func (v *cardVectors) AbsSum(x []float32) float64 {
	count := blocks(len(x), blockSum)
	v.reserve(count)
	v.launch("abssum_part", count, v.at(x), uint64(v.part), number(len(x)))
	v.addUp(count)
	return v.total()
}

// AbsMax returns the largest absolute value of x, NaN if x has one; it waits for the
// card.
func (v *cardVectors) AbsMax(x []float32) float32 {
	count := blocks(len(x), blockSum)
	v.reserve(count)
	v.launch("absmax_part", count, v.at(x), uint64(v.part), number(len(x)))
	v.launch("max_last", 1, uint64(v.part), number(count), 0, uint64(v.sum))
	return float32(v.total())
}

// Axpy adds a x to y.
func (v *cardVectors) Axpy(a float32, x, y []float32) {
	v.launch("axpy", blocks(len(x), blockItems), single(a), 0, v.at(x), v.at(y), number(len(x)))
}

// Scale sets dst, which may be x, to a x.
func (v *cardVectors) Scale(dst []float32, a float32, x []float32) {
	v.launch("scale", blocks(len(x), blockItems), single(a), 0, v.at(x), v.at(dst), number(len(x)))
}

// Sub sets dst, which may be one of them, to x - y.
func (v *cardVectors) Sub(dst, x, y []float32) {
	v.launch("sub", blocks(len(x), blockItems), v.at(x), v.at(y), v.at(dst), number(len(x)))
}

// Copy copies as many numbers as both have, between any two of host and card.
func (v *cardVectors) Copy(dst, src []float32) {
	n := min(len(dst), len(src))
	dst, src = dst[:n], src[:n]
	to, own := v.d.shares(dst)
	from, also := v.d.shares(src)
	switch {
	case v.err != nil:
	case own && also:
		v.keep(v.d.card.Copy(to, from, len(src)))
	case own:
		v.keep(v.d.card.Upload(to, src))
	case also:
		v.keep(v.d.card.Download(dst, from))
	default:
		copy(dst, src)
	}
}

// Clear sets x to zeros.
func (v *cardVectors) Clear(x []float32) {
	if at := cuda.Ptr(v.at(x)); v.err == nil {
		v.keep(v.d.card.Clear(at, len(x)))
	}
}

// Adam does step t, from 1, of optim.Adam with gradient g and moments m and sq on x,
// rounding as optim.Plain does.
func (v *cardVectors) Adam(x, g, m, sq []float32, rate, beta1, beta2, eps float64, t int) {
	step := -rate / (1 - math.Pow(beta1, float64(t)))
	root := math.Sqrt(1 - math.Pow(beta2, float64(t)))
	v.launch("adam", blocks(len(x), blockItems), v.at(x), v.at(g), v.at(m), v.at(sq),
		single(float32(beta1)), single(float32(beta2)), single(float32(1-beta1)), single(float32(1-beta2)),
		single(float32(step)), single(float32(root)), single(float32(eps)), number(len(x)))
}

// Bound brings each channel of x (3,h,w) into its range.
func (v *cardVectors) Bound(x []float32, lo, hi [3]float32) {
	v.launch("bound", blocks(len(x), blockThreads), v.at(x), single(lo[0]), single(lo[1]), single(lo[2]),
		single(hi[0]), single(hi[1]), single(hi[2]), number(len(x)/3))
}

// Hold zeroes g (3,h,w) where x is outside its range and a step against g would move it
// further outside.
func (v *cardVectors) Hold(g, x []float32, lo, hi [3]float32) {
	v.launch("hold", blocks(len(x), blockThreads), v.at(g), v.at(x), single(lo[0]), single(lo[1]), single(lo[2]),
		single(hi[0]), single(hi[1]), single(hi[2]), number(len(x)/3))
}

// Pyramid is that of kernel.Engine; dst and src (c,h,w) may be the same.
func (v *cardVectors) Pyramid(dst, src []float32, c, h, w, levels int, weight float32) {
	if levels == 0 {
		v.Copy(dst, src)
		return
	}
	if n := kernel.PyramidLen(c, h, w, levels) + levels*align; v.floats < n {
		if v.levels != 0 {
			v.keep(v.d.card.Release(v.levels))
		}
		p, err := v.d.take(n)
		v.keep(err)
		v.levels, v.floats = p, n
	}
	v.climb(cuda.Ptr(v.at(dst)), cuda.Ptr(v.at(src)), v.levels, c, h, w, levels, weight)
}

// climb reduces to the next level, computes the levels below in place, and expands again,
// as kernel.Engine does.
func (v *cardVectors) climb(dst, src, half cuda.Ptr, c, h, w, levels int, weight float32) {
	h2, w2 := (h+1)/2, (w+1)/2
	n := c * h2 * w2
	v.launch("pyramid_down", blocks(n, blockThreads), uint64(src), uint64(half), number(c), number(h), number(w))
	if levels > 1 {
		v.climb(half, half, half.Plus(blocks(n, align)*align), c, h2, w2, levels-1, weight)
	}
	v.launch("pyramid_up", blocks(c*h*w, blockThreads), uint64(src), uint64(half), uint64(dst), number(c), number(h), number(w), single(weight))
}

// CardScratch is an upper bound, in bytes, on the working memory of a card's [Vectors] for
// vectors of n numbers: partial sums and small buffers.
func CardScratch(n int64) int64 { return 8*(n/blockSum+1) + 64<<10 }
