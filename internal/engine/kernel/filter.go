package kernel

import "fmt"

// Filter holds the 3x3 filters of a convolution from C to K channels, transformed
// for Winograd's algorithm and packed for an instruction set: 36 matrices (C,K) in
// panels, four times the size of the filters themselves.
type Filter struct {
	K, C int

	isa    *isa
	w      []float32
	rotate bool
	repeat bool // for [MirrorConvSpec.Repeat]: 25 matrices
	bf16   bool // for [ConvSpec.BF16]: pairs
	u      []float32
	g      [][]float32 // a worker's 16 filters, and with bf16 two lots of them transformed
}

// FilterLen is the number of floats of a transformed Filter.
func FilterLen(k, c int) int { return 36 * k * c }

// NewFilter transforms the filters w (k,c,3,3) of a convolution from c to k channels, both
// multiples of 16. With rotate it makes the filters of the gradient instead: from k to c
// channels, rotated by 180 degrees. For speed, keep both; [NewFilterIn] saves memory.
func NewFilter(cpu *CPU, w []float32, k, c int, rotate bool) *Filter {
	f := NewFilterIn(cpu, Floats(FilterLen(k, c)), w, k, c, rotate)
	f.Transform(NewPool(1))
	return f
}

// NewFilterIn is [NewFilter] with the transformed filters in u, of [FilterLen] floats.
// Several filters may share u; then call Transform before each use. The filter keeps w.
func NewFilterIn(cpu *CPU, u, w []float32, k, c int, rotate bool) *Filter {
	checkLen("filter", "u", len(u), FilterLen(k, c))
	f := newFilter(cpu, w, k, c, rotate)
	f.u = u[:FilterLen(k, c)]
	return f
}

// newFilter returns a Filter without memory.
func newFilter(cpu *CPU, w []float32, k, c int, rotate bool) *Filter {
	if k < 16 || c < 16 || k%16 != 0 || c%16 != 0 {
		panic(fmt.Sprintf("kernel: filter: %d to %d channels, want multiples of 16", c, k))
	}
	checkLen("filter", "w", len(w), k*c*9)
	f := &Filter{K: k, C: c, isa: cpu.isa, w: w, rotate: rotate}
	if rotate {
		f.K, f.C = c, k
	}
	return f
}

// NewPassingFilter is [NewFilterIn] without memory: call [Engine.Transform] before each use.
func NewPassingFilter(cpu *CPU, w []float32, k, c int, rotate bool) *Filter {
	return newFilter(cpu, w, k, c, rotate)
}

// Transform transforms a filter of [NewPassingFilter] into the working memory that the workers
// of e share, of which it takes [FilterLen] floats. The next that does so takes its place.
func (e *Engine) Transform(f *Filter) {
	e.share(FilterLen(f.K, f.C))
	f.u = e.shared
	f.Transform(e.pool)
}

// RepeatFilterLen is the number of floats of the filters of [NewRepeatFilterIn].
func RepeatFilterLen(k, c int) int { return 25 * k * c }

// NewRepeatFilterIn is [NewFilterIn], without rotate, for a [MirrorConv] of repeated
// positions. It takes u of [RepeatFilterLen] floats.
func NewRepeatFilterIn(cpu *CPU, u, w []float32, k, c int) *Filter {
	checkLen("filter", "u", len(u), RepeatFilterLen(k, c))
	checkLen("filter", "w", len(w), k*c*9)
	return &Filter{K: k, C: c, isa: cpu.isa, w: w, repeat: true, u: u[:RepeatFilterLen(k, c)]}
}

// Transform computes the transformed filters on p.
func (f *Filter) Transform(p *Pool) {
	work := 9 * 16
	if f.bf16 {
		work += 2 * 36 * 16
	}
	for len(f.g) < p.Threads() {
		f.g = append(f.g, make([]float32, work))
	}
	p.Run((*filterTask)(f))
}

// panel is the matrix of frequency i for the panel that begins at a block.
func (f *Filter) panel(i, block int) []float32 {
	at := (i*f.K + block*16) * f.C
	if f.bf16 {
		at /= 2
	}
	return f.u[at:]
}

// filterTask has an item for each 16 outputs and 16 inputs.
type filterTask Filter

// Items is the number of pairs of a block of outputs and one of inputs.
func (t *filterTask) Items() int { return t.K / 16 * (t.C / 16) }

// Do transforms the filters of a pair of blocks.
func (t *filterTask) Do(worker, item int) {
	f := (*Filter)(t)
	kb, cb := item/(f.C/16), item%(f.C/16)
	block, width := panelOf(kb, f.K/16, len(f.isa.gemm)-1)
	g := f.g[worker]
	if f.bf16 {
		u := f.u[block*16*f.C/2+(cb*pairLanes<<width+kb-block)*16:]
		f.pairFilters(g, func(c int) { f.gather(g, kb, cb*16+c) }, u, 16<<width)
		return
	}
	for c := cb * 16; c < cb*16+16; c++ {
		f.gather(g, kb, c)
		u := f.u[block*16*f.C+(c<<width+kb-block)*16:]
		if f.repeat {
			repeatFilterGo(g, u, f.K*f.C)
			continue
		}
		f.isa.winoFilter(g, u, f.K*f.C)
	}
}

// gather writes the filters of block kb of outputs and input c to g, [9][16].
func (f *Filter) gather(g []float32, kb, c int) {
	for l := range 16 {
		k := kb*16 + l
		if f.rotate {
			for i, v := range f.w[(c*f.K+k)*9:][:9] {
				g[(8-i)*16+l] = v
			}
			continue
		}
		for i, v := range f.w[(k*f.C+c)*9:][:9] {
			g[i*16+l] = v
		}
	}
}

// nextPanel is the index in isa.gemm of the widest panel that can begin at block, of
// blocks in all.
func nextPanel(block, blocks, widest int) int {
	for 1<<widest > blocks-block {
		widest--
	}
	return widest
}

// panelOf returns the first block and the index of the panel that holds a block.
func panelOf(block, blocks, widest int) (first, width int) {
	for {
		width = nextPanel(first, blocks, widest)
		if block < first+1<<width {
			return first, width
		}
		first += 1 << width
	}
}
