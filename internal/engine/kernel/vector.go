package kernel

import "math"

// vectors is one operation on flat vectors, in chunks.
type vectors struct {
	isa     *isa
	op      vectorOp
	a, lo   float32
	add     bool
	x, y, z []float32
	v       []float32
	adam    adamStep
	sums    []float64 // of the chunks
}

// adamStep has the scalars of isa.adam.
type adamStep struct{ c1, c2, step, corr, eps float32 }

type vectorOp uint8

const (
	opDot vectorOp = iota
	opDiff2
	opAbsSum
	opAbsMax
	opAxpy
	opScale
	opSub
	opDiffGrad
	opAdam
	opClamp
	opCopy
)

// vectorChunk is the length of a chunk. Each chunk has a sum of its own.
const vectorChunk = 1 << 14

// Items is the number of chunks.
func (t *vectors) Items() int { return (len(t.x) + vectorChunk - 1) / vectorChunk }

// Do does the operation on a chunk, or computes its sum.
func (t *vectors) Do(_, item int) {
	from := item * vectorChunk
	to := min(from+vectorChunk, len(t.x))
	x := t.x[from:to]
	y := func() []float32 { return t.y[from:to] }
	switch t.op {
	case opDot:
		t.sums[item] = t.isa.dot(x, y())
	case opDiff2:
		t.sums[item] = t.isa.diff2(x, y())
	case opAbsSum:
		t.sums[item] = t.isa.absSum(x)
	case opAbsMax:
		t.sums[item] = float64(t.isa.absMax(x))
	case opAxpy:
		t.isa.axpy(t.a, x, y())
	case opScale:
		z := t.z[from:to]
		if &z[0] != &x[0] {
			copy(z, x)
		}
		t.isa.scale(t.a, z)
	case opSub:
		t.isa.sub(t.z[from:to], x, y())
	case opDiffGrad:
		t.isa.diffGrad(t.a, x, y(), t.z[from:to], t.add)
	case opAdam:
		t.isa.adam(x, y(), t.z[from:to], t.v[from:to], t.adam.c1, t.adam.c2, t.adam.step, t.adam.corr, t.adam.eps)
	case opClamp:
		t.isa.clamp(x, t.lo, t.a)
	case opCopy:
		copy(t.z[from:to], x)
	}
}

// vector runs t on the pool. The sums of the chunks are in e.vec.sums afterwards.
func (e *Engine) vector(t vectors) {
	n := len(t.x)
	for _, v := range [...][]float32{t.y, t.z, t.v} {
		if v != nil && len(v) != n {
			checkLen("vector", "operand", -1, n)
		}
	}
	t.isa, t.sums = e.cpu.isa, e.vec.sums
	if items := t.Items(); len(t.sums) < items {
		t.sums = make([]float64, items)
	}
	e.vec = t
	e.pool.Run(&e.vec)
	e.vec = vectors{sums: t.sums}
}

// sum adds up the n chunks of the last operation, in order.
func (e *Engine) sum(n int) float64 {
	s := 0.0
	for _, v := range e.vec.sums[:(n+vectorChunk-1)/vectorChunk] {
		s += v
	}
	return s
}

// Dot returns the sum of x*y, in float64. Here and below, all vectors have one length.
func (e *Engine) Dot(x, y []float32) float64 {
	e.vector(vectors{op: opDot, x: x, y: y})
	return e.sum(len(x))
}

// SumSquaredDiff returns the sum of (x-y)^2, in float64. x and y may be blocked tensors of
// one shape.
func (e *Engine) SumSquaredDiff(x, y []float32) float64 {
	e.vector(vectors{op: opDiff2, x: x, y: y})
	return e.sum(len(x))
}

// SquaredDiffGrad computes dst = s*(x-y), or adds it to dst if add is set. It is the gradient
// to x of [Engine.SumSquaredDiff] times s/2. For blocked tensors, dst is a blocked tensor.
func (e *Engine) SquaredDiffGrad(dst []float32, s float32, x, y []float32, add bool) {
	e.vector(vectors{op: opDiffGrad, a: s, x: x, y: y, z: dst, add: add})
}

// AbsSum returns the sum of |x|, in float64.
func (e *Engine) AbsSum(x []float32) float64 {
	e.vector(vectors{op: opAbsSum, x: x})
	return e.sum(len(x))
}

// AbsMax returns the largest |x|: 0 for no numbers, NaN if one is NaN.
func (e *Engine) AbsMax(x []float32) float32 {
	e.vector(vectors{op: opAbsMax, x: x})
	m := 0.0
	for _, v := range e.vec.sums[:(len(x)+vectorChunk-1)/vectorChunk] {
		m = max(m, v)
	}
	return float32(m)
}

// Axpy computes y += a*x.
func (e *Engine) Axpy(a float32, x, y []float32) {
	e.vector(vectors{op: opAxpy, a: a, x: x, y: y})
}

// Scale computes dst = a*x; dst may be x.
func (e *Engine) Scale(dst []float32, a float32, x []float32) {
	e.vector(vectors{op: opScale, a: a, x: x, z: dst})
}

// Sub computes dst = x - y.
func (e *Engine) Sub(dst, x, y []float32) {
	e.vector(vectors{op: opSub, x: x, y: y, z: dst})
}

// Copy copies as many numbers as both have.
func (e *Engine) Copy(dst, src []float32) {
	n := min(len(dst), len(src))
	e.vector(vectors{op: opCopy, x: src[:n], z: dst[:n]})
}

// Clamp limits x to [lo, hi].
func (e *Engine) Clamp(x []float32, lo, hi float32) {
	e.vector(vectors{op: opClamp, x: x, lo: lo, a: hi})
}

// Adam does step t, from 1, of Adam (Kingma and Ba 2015, algorithm 1) on x for the
// gradient g with the moments m and v.
func (e *Engine) Adam(x, g, m, v []float32, rate, beta1, beta2, eps float64, t int) {
	e.vector(vectors{op: opAdam, x: x, y: g, z: m, v: v, adam: adamStep{
		c1:   float32(1 - beta1),
		c2:   float32(1 - beta2),
		step: float32(rate / (1 - math.Pow(beta1, float64(t)))),
		corr: float32(1 / math.Sqrt(1-math.Pow(beta2, float64(t)))),
		eps:  float32(eps),
	}})
}
