package kernel

import "math"

// CosineSpec describes how far the features of a blocked tensor point from their neighbours:
// the mean over all positions of 1 - d·f/|d|. d is the position's features less a centre, and
// f, of norm 1, is its neighbour. Position p has the weight Guide[p]². A d of zeros counts 1.
type CosineSpec struct {
	C, H, W int
	In      []float32 // blocked (C,H,W)
	Guide   []float32 // (H,W), or nil for ones
	Rows    int       // features that may be neighbours
	Target  []float32 // (1+Rows,C): the centre, then the features
	Matches []float32 // (H,W): which of them, from 0; see [Nearest]
	Padded  []float32 // [CosineLen] floats to work in

	// Out gets the gradient to In; nil if it is not wanted.
	Out        []float32 // blocked (C,H,W)
	Accumulate bool      // Out += instead of Out =
}

// CosineLen is the number of floats that a [Cosine] of rows features of c channels works in.
// It is 0 for whole blocks of channels.
func CosineLen(c, rows int) int {
	if c%Lanes == 0 {
		return 0
	}
	return Shape{c, 1, 1}.Blocks() * Lanes * (1 + rows)
}

// Cosine is a step that computes such a distance and its gradient. A guide of zeros gives
// zeros.
type Cosine struct {
	s      CosineSpec
	e      *Engine
	in     Shape
	target []float32 // (1+Rows, whole blocks)
	sums   []float64 // of rows of positions
	total  float64   // of the weights
	factor float64   // of the gradient; 0 computes the distance
}

// cosineRun is the most positions that are handed to a kernel at once.
const cosineRun = 64

// CosineScratch is the working memory of cosines.
func CosineScratch() Scratch { return Scratch{Each: cosineRun * (2*Lanes + 2)} }

// NewCosine prepares s.
func (e *Engine) NewCosine(s CosineSpec) *Cosine {
	c := &Cosine{s: s, e: e, in: Shape{s.C, s.H, s.W}, sums: make([]float64, s.H)}
	c.in.check("cosine")
	checkLen("cosine", "In", len(s.In), c.in.Len())
	checkLen("cosine", "Target", len(s.Target), (1+s.Rows)*s.C)
	checkLen("cosine", "Matches", len(s.Matches), s.H*s.W)
	checkLen("cosine", "Padded", len(s.Padded), CosineLen(s.C, s.Rows))
	if s.Guide != nil {
		checkLen("cosine", "Guide", len(s.Guide), s.H*s.W)
	}
	if s.Out != nil {
		checkLen("cosine", "Out", len(s.Out), c.in.Len())
	}
	c.target = s.Target[:(1+s.Rows)*s.C]
	if s.C%Lanes != 0 {
		c.target = s.Padded[:CosineLen(s.C, s.Rows)]
	}
	e.reserve(CosineScratch().Each)
	return c
}

// Run returns the distance.
func (c *Cosine) Run() float64 {
	c.prepare(0)
	if c.total == 0 {
		return 0
	}
	c.e.pool.Run((*cosineTask)(c))
	sum := 0.0
	for _, v := range c.sums {
		sum += v
	}
	return sum / c.total
}

// Gradient computes Out, for the gradient g to the distance.
func (c *Cosine) Gradient(g float64) {
	c.prepare(g)
	if c.total > 0 {
		c.factor = g / c.total
	}
	c.e.pool.Run((*cosineGradTask)(c))
}

// prepare pads the target, and adds up the weights.
func (c *Cosine) prepare(g float64) {
	s := &c.s
	c.total, c.factor = GuideTotal(s.Guide, s.H, s.W), 0
	if s.C%Lanes == 0 {
		return
	}
	wide := c.in.Blocks() * Lanes
	for row := range 1 + s.Rows {
		to := c.target[row*wide:][:wide]
		clear(to[copy(to, s.Target[row*s.C:(row+1)*s.C]):])
	}
}

// weight returns the weight of a position.
func (c *Cosine) weight(p int) float64 {
	if c.s.Guide == nil {
		return 1
	}
	return float64(c.s.Guide[p]) * float64(c.s.Guide[p])
}

// products computes, for n positions from x of row y on, their products with their neighbours
// and their squares, as cosinesGo does. It panics if there is no such neighbour.
func (c *Cosine) products(y, x, n int, sums []float32) {
	at := c.s.Matches[y*c.s.W+x:][:n]
	for _, v := range at {
		if !(v >= 0 && int(v) < c.s.Rows) {
			panic("kernel: cosine: a match is not among the features")
		}
	}
	wide := c.in.Blocks() * Lanes
	c.e.cpu.isa.cosines(n, c.in.Blocks(), c.s.In[c.in.pos(0, y, x)*Lanes:], c.in.Rows()*c.in.Pitch()*Lanes,
		c.target[:wide], c.target[wide:], at, sums)
}

// cosine returns the product d·f and |d|² of position p of sums.
func (c *Cosine) cosine(sums []float32, p int) (dot, square float64) {
	for l, v := range load(sums[p*2*Lanes:]) {
		dot += float64(v)
		square += float64(sums[(2*p+1)*Lanes+l])
	}
	return dot, square
}

// cosineTask has an item for each row of positions.
type cosineTask Cosine

// Items is the number of rows.
func (t *cosineTask) Items() int { return t.s.H }

// Do adds up a row.
func (t *cosineTask) Do(worker, y int) {
	c, sums, sum := (*Cosine)(t), t.e.scratch[worker], 0.0
	for x := 0; x < t.s.W; x += cosineRun {
		n := min(cosineRun, t.s.W-x)
		c.products(y, x, n, sums)
		for p := range n {
			v := 1.0
			if dot, square := c.cosine(sums, p); square > 0 {
				v -= dot / math.Sqrt(square)
			}
			sum += c.weight(y*t.s.W+x+p) * v
		}
	}
	t.sums[y] = sum
}

// cosineGradTask has an item for each row of positions.
type cosineGradTask Cosine

// Items is the number of rows.
func (t *cosineGradTask) Items() int { return t.s.H }

// Do computes the gradient of a row. The derivative of -d·f/|d| to d is (d·f/|d|² d - f)/|d|.
func (t *cosineGradTask) Do(worker, y int) {
	c, s := (*Cosine)(t), &t.s
	sums := t.e.scratch[worker]
	k := sums[cosineRun*2*Lanes:]
	wide := t.in.Blocks() * Lanes
	for x := 0; x < s.W; x += cosineRun {
		n := min(cosineRun, s.W-x)
		c.products(y, x, n, sums)
		for p := range n {
			k[2*p], k[2*p+1] = 0, 0
			if dot, square := c.cosine(sums, p); square > 0 {
				f := t.factor * c.weight(y*s.W+x+p) / math.Sqrt(square)
				k[2*p], k[2*p+1] = float32(-f), float32(f*dot/square)
			}
		}
		at := t.in.pos(0, y, x) * Lanes
		t.e.cpu.isa.cosineGrad(n, t.in.Blocks(), s.In[at:], t.in.Rows()*t.in.Pitch()*Lanes,
			t.target[:wide], t.target[wide:], s.Matches[y*s.W+x:], k, s.Out[at:], s.Accumulate)
	}
	if !s.Accumulate {
		for b := range t.in.Blocks() {
			clearRowFrames(s.Out, Lanes, t.in, b, y, y+1, y+1 == s.H)
		}
	}
}
