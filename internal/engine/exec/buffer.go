package exec

import (
	"math"
	"slices"
)

// buffer is memory for one value. The operands of a sum share one buffer: each adds
// itself to what is there.
type buffer struct {
	floats      int // how many, as the kernels lay them out
	first, last int // steps between which the contents matter; first is -1 before any
	at          int // its place in the arena
	data        []float32
}

// forever is the last step of what outlives a run.
const forever = math.MaxInt

// touch extends the life of b over step i.
func (b *buffer) touch(i int) {
	if b.first < 0 {
		b.first = i
	}
	b.last = max(b.last, i)
}

// overlaps reports whether a and b live at the same time.
func (b *buffer) overlaps(a *buffer) bool { return a.first <= b.last && b.first <= a.last }

// align is the granularity of places in floats: a cache line.
const align = 16

// arrange gives each buffer a place in one arena and returns the size of the arena in
// floats. It places the largest buffers first, each as low as the earlier ones allow.
// For the shapes of VGG the result is within a few percent of the least possible.
func arrange(buffers []*buffer) int {
	order := slices.Clone(buffers)
	slices.SortStableFunc(order, func(a, b *buffer) int { return b.floats - a.floats })
	total := 0
	var placed []*buffer // by place
	for _, b := range order {
		at := 0
		for _, p := range placed {
			if p.overlaps(b) && p.at < at+b.floats && at < p.at+p.floats {
				at = (p.at + p.floats + align - 1) / align * align
			}
		}
		b.at = at
		total = max(total, at+b.floats)
		i, _ := slices.BinarySearchFunc(placed, b, func(p, b *buffer) int { return p.at - b.at })
		placed = slices.Insert(placed, i, b)
	}
	return total
}
