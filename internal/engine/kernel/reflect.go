package kernel

import "fmt"

// ReflectSpec describes the border of a blocked tensor as a mirror of its inside.
type ReflectSpec struct {
	C, H, W int       // H and W at least 2
	X       []float32 // blocked (C,H,W)
	Nearest bool      // the border has the nearest position instead, whatever H and W
}

// Reflect is a step that writes the border of X, one position wide: position -1 becomes
// position 1, and position H becomes H-2, in both directions and in the corners. What lies
// beyond stays as it is. A 3x3 convolution then has reflection padding. With Nearest the
// border becomes a mirror when each position is repeated 2x2 times.
type Reflect struct {
	s ReflectSpec
	e *Engine
	x Shape
}

// NewReflect prepares the border of s.
func (e *Engine) NewReflect(s ReflectSpec) *Reflect {
	r := &Reflect{s: s, e: e, x: Shape{s.C, s.H, s.W}}
	r.x.check("reflect")
	if !s.Nearest && (s.H < 2 || s.W < 2) {
		panic(fmt.Sprintf("kernel: reflect: shape %v, want at least 2x2 positions", r.x))
	}
	checkLen("reflect", "X", len(s.X), r.x.Len())
	return r
}

// Run writes the border.
func (r *Reflect) Run() { r.e.pool.Run((*reflectTask)(r)) }

// reflectTask has an item for each band of rows of a block.
type reflectTask Reflect

// Items is the number of bands, over all blocks.
func (t *reflectTask) Items() int { return t.x.Blocks() * t.x.bands() }

// Do writes the ends of the rows of a band, and the rows above the first and below the last.
func (t *reflectTask) Do(_, item int) {
	b, y0, y1 := t.x.band(item)
	for y := y0; y < y1; y++ {
		t.ends(b, y, y)
	}
	inside := func(y int) []float32 { return t.s.X[t.x.pos(b, y, 0)*16:][:t.s.W*16] }
	if y0 == 0 {
		from := t.within(-1, t.s.H)
		copy(inside(-1), inside(from))
		t.ends(b, -1, from)
	}
	if y1 == t.s.H {
		from := t.within(t.s.H, t.s.H)
		copy(inside(t.s.H), inside(from))
		t.ends(b, t.s.H, from)
	}
}

// within returns the position in [0, n) that a position of the border stands for.
func (t *reflectTask) within(i, n int) int {
	if t.s.Nearest {
		return min(max(i, 0), n-1)
	}
	return mirror(i, n)
}

// ends writes both ends of row y with what is inside of row from.
func (t *reflectTask) ends(b, y, from int) {
	for _, x := range [2]int{-1, t.s.W} {
		*load(t.s.X[t.x.pos(b, y, x)*16:]) = *load(t.s.X[t.x.pos(b, from, t.within(x, t.s.W))*16:])
	}
}
