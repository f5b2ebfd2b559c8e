package kernel

import "fmt"

// Filter holds the 3x3 filters of a convolution from C to K channels in the form that a step
// takes.
//
// A [Conv] takes them packed, [block of outputs][input][9][16 outputs], and transforms them
// for Winograd's algorithm as it uses them. Transformed filters are four times as large, and
// those of a deep layer are larger than a cache: to read them from memory would take longer
// than to compute them. A [MirrorConv], whose layers are small, takes transformed filters: a
// matrix (C,K) for each frequency, in panels for an instruction set.
type Filter struct {
	K, C int

	form   filterForm
	isa    *isa
	w      []float32
	rotate bool
	data   []float32
	g      [][]float32 // a worker's 16 filters, and if they are paired two lots of them transformed
}

// filterForm is a form of filters.
type filterForm uint8

const (
	packed      filterForm = iota // for [Conv]
	unpacked                      // for [Conv], without data
	paired                        // for [ConvSpec.BF16]: 36 matrices of pairs
	transformed                   // for [MirrorConv]: 36 matrices
	repeated                      // for [MirrorConvSpec.Repeat]: 25 matrices
)

// FilterLen is the number of floats of a packed Filter.
func FilterLen(k, c int) int { return 9 * k * c }

// NewFilter packs the filters w (k,c,3,3) of a convolution from c to k channels, both
// multiples of 16. With rotate it makes the filters of the gradient instead: from k to c
// channels, rotated by 180 degrees.
func NewFilter(cpu *CPU, w []float32, k, c int, rotate bool) *Filter {
	f := NewFilterIn(cpu, Floats(FilterLen(k, c)), w, k, c, rotate)
	f.Make(NewPool(1))
	return f
}

// NewFilterIn is [NewFilter] with the packed filters in data, of [FilterLen] floats. Call Make
// before the first use, and whenever w has changed. Several filters may share data; then call
// Make before each use. The filter keeps w.
func NewFilterIn(cpu *CPU, data, w []float32, k, c int, rotate bool) *Filter {
	return newFilter(cpu, data, w, k, c, packed, FilterLen(k, c)).turned(rotate)
}

// NewPassingFilter is [NewFilterIn] without data: a convolution packs the filters anew in each
// run, which takes longer.
func NewPassingFilter(cpu *CPU, w []float32, k, c int, rotate bool) *Filter {
	return newFilter(cpu, nil, w, k, c, unpacked, 0).turned(rotate)
}

// turned returns f, made the filters of the gradient if rotate is set.
func (f *Filter) turned(rotate bool) *Filter {
	if f.rotate = rotate; rotate {
		f.K, f.C = f.C, f.K
	}
	return f
}

// MirrorFilterLen is the number of floats of the filters of [NewMirrorFilterIn].
func MirrorFilterLen(k, c int) int { return 36 * k * c }

// NewMirrorFilterIn is [NewFilterIn], without rotate, for a [MirrorConv]. It takes data of
// [MirrorFilterLen] floats.
func NewMirrorFilterIn(cpu *CPU, data, w []float32, k, c int) *Filter {
	return newFilter(cpu, data, w, k, c, transformed, MirrorFilterLen(k, c))
}

// RepeatFilterLen is the number of floats of the filters of [NewRepeatFilterIn].
func RepeatFilterLen(k, c int) int { return 25 * k * c }

// NewRepeatFilterIn is [NewMirrorFilterIn] for a [MirrorConv] of repeated positions. It takes
// data of [RepeatFilterLen] floats.
func NewRepeatFilterIn(cpu *CPU, data, w []float32, k, c int) *Filter {
	return newFilter(cpu, data, w, k, c, repeated, RepeatFilterLen(k, c))
}

func newFilter(cpu *CPU, data, w []float32, k, c int, form filterForm, n int) *Filter {
	if k < 16 || c < 16 || k%16 != 0 || c%16 != 0 {
		panic(fmt.Sprintf("kernel: filter: %d to %d channels, want multiples of 16", c, k))
	}
	checkLen("filter", "w", len(w), k*c*9)
	checkLen("filter", "data", len(data), n)
	return &Filter{K: k, C: c, form: form, isa: cpu.isa, w: w, data: data[:n]}
}

// Make brings the filters into their form on p.
func (f *Filter) Make(p *Pool) {
	f.workers(p.Threads())
	if f.form != unpacked {
		p.Run((*filterTask)(f))
	}
}

// workers gives each of so many workers what it needs to make filters.
func (f *Filter) workers(n int) {
	work := 9 * 16
	if f.form == paired {
		work += 2 * 36 * 16
	}
	for len(f.g) < n {
		f.g = append(f.g, make([]float32, work))
	}
}

// panel is the matrix of frequency i for the panel that begins at a block.
func (f *Filter) panel(i, block int) []float32 { return f.data[(i*f.K+block*16)*f.C:] }

// pairStride is the distance of the frequencies of paired filters.
func (f *Filter) pairStride() int { return f.K * f.C / 2 }

// filterTask has an item for each 16 outputs and 16 inputs.
type filterTask Filter

// Items is the number of pairs of a block of outputs and one of inputs.
func (t *filterTask) Items() int { return t.K / 16 * (t.C / 16) }

// Do makes the filters of a pair of blocks.
func (t *filterTask) Do(worker, item int) {
	f := (*Filter)(t)
	kb, cb := item/(f.C/16), item%(f.C/16)
	block, width := panelOf(kb, f.K/16, len(f.isa.gemm)-1)
	if g := f.g[worker]; f.form == paired {
		u := f.data[block*16*f.C/2+(cb*pairLanes<<width+kb-block)*16:]
		f.pairFilters(g, func(c int) { f.gather(kb, cb*16+c, g) }, u, 16<<width)
		return
	}
	for c := cb * 16; c < cb*16+16; c++ {
		if f.form == packed {
			f.gather(kb, c, f.data[(kb*f.C+c)*9*16:])
			continue
		}
		g := f.g[worker]
		f.gather(kb, c, g)
		u := f.data[block*16*f.C+(c<<width+kb-block)*16:]
		if f.form == repeated {
			repeatFilterGo(g, u, f.K*f.C)
			continue
		}
		f.isa.winoFilter(1, g, u, f.K*f.C, 0)
	}
}

// gather copies the filters from input c to 16 outputs to g [9][16].
func (f *Filter) gather(kb, c int, g []float32) {
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

// transform writes the transformed filters to the blocks of outputs b0 to b1, in panels. The
// matrix of frequency i is at u[i*stride].
func (f *Filter) transform(worker, b0, b1 int, u []float32, stride int) {
	for b := b0; b < b1; {
		w := nextPanel(b, b1, len(f.isa.gemm)-1)
		for j := range 1 << w {
			to := u[((b-b0)*f.C+j)*16:]
			if f.form == packed {
				f.isa.winoFilter(f.C, f.data[(b+j)*f.C*9*16:], to, stride, 16<<w)
				continue
			}
			for c := range f.C {
				f.gather(b+j, c, f.g[worker])
				f.isa.winoFilter(1, f.g[worker], to[c*16<<w:], stride, 0)
			}
		}
		b += 1 << w
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
