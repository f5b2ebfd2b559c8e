package kernel

import "fmt"

// ConvFirstGradSpec describes the gradient of the first convolution to the picture.
type ConvFirstGradSpec struct {
	K, H, W    int
	Weights    []float32 // (K,3,3,3)
	In         []float32 // blocked (K,H,W): the gradient to what ConvFirst made
	InMask     []uint16  // its OutMask; nil if it had no ReLU
	Out        []float32 // (3,H,W)
	Replicate  bool      // as for ConvFirst
	Accumulate bool      // Out += instead of Out =
}

// ConvFirstGrad is the gradient of the first convolution. It multiplies the filters, a
// (27,K) matrix, by the gradient, a matrix with a column for each position. Then it shifts
// the 27 rows of the product by their taps and adds them up.
type ConvFirstGrad struct {
	s    ConvFirstGradSpec
	e    *Engine
	in   Shape
	a    []float32 // blocked matrix of 27 rows and K columns
	rows int       // rows of the picture in an item
	cols int       // positions for which an item multiplies
	ones []uint16  // a mask that passes all
}

// NewConvFirstGrad prepares the gradient s. It copies the weights.
func (e *Engine) NewConvFirstGrad(s ConvFirstGradSpec) *ConvFirstGrad {
	c := &ConvFirstGrad{s: s, e: e, in: Shape{s.K, s.H, s.W}, rows: firstGradRows(s)}
	c.in.check("first gradient")
	if s.K%16 != 0 {
		panic(fmt.Sprintf("kernel: first gradient: %d channels, want a multiple of 16", s.K))
	}
	checkLen("first gradient", "Weights", len(s.Weights), s.K*27)
	checkLen("first gradient", "In", len(s.In), c.in.Len())
	checkLen("first gradient", "Out", len(s.Out), 3*s.H*s.W)
	c.a = make([]float32, s.K*27)
	for k := range s.K {
		for t := range 27 {
			c.a[(k/16*27+t)*16+k%16] = s.Weights[k*27+t]
		}
	}
	if s.InMask != nil {
		checkLen("first gradient", "InMask", len(s.InMask), c.in.MaskLen())
	} else {
		c.ones = make([]uint16, e.panelCols())
		for i := range c.ones {
			c.ones[i] = 0xffff
		}
	}
	c.cols = e.firstGradCols(s)
	e.Reserve(e.ConvFirstGradScratch(s))
	return c
}

// ConvFirstGradScratch returns the working memory of the gradient s, of which only the sizes
// count.
func (e *Engine) ConvFirstGradScratch(s ConvFirstGradSpec) Scratch {
	return Scratch{Each: e.firstGradCols(s)*27 + s.K*e.panelCols() + s.W}
}

// firstGradRows is the number of rows of an item of the gradient of the first convolution.
func firstGradRows(s ConvFirstGradSpec) int { return min(16, s.H) }

// firstGradCols is the number of positions for which an item multiplies.
func (e *Engine) firstGradCols(s ConvFirstGradSpec) int {
	return e.roundPanel((firstGradRows(s) + 2) * Shape{s.K, s.H, s.W}.Pitch())
}

// panelCols is the number of columns of the widest panel.
func (e *Engine) panelCols() int { return 16 << (len(e.cpu.isa.gemm) - 1) }

// roundPanel rounds n up to whole panels.
func (e *Engine) roundPanel(n int) int {
	return (n + e.panelCols() - 1) / e.panelCols() * e.panelCols()
}

// Run computes Out.
func (c *ConvFirstGrad) Run() {
	c.e.pool.Run((*firstGradTask)(c))
}

// firstGradTask has an item for each band of rows.
type firstGradTask ConvFirstGrad

// Items is the number of bands of rows.
func (t *firstGradTask) Items() int { return (t.s.H + t.rows - 1) / t.rows }

// Do computes a band of all three channels of Out.
func (t *firstGradTask) Do(worker, item int) {
	c := (*ConvFirstGrad)(t)
	s, isa := &c.s, c.e.cpu.isa
	y0 := item * c.rows
	y1 := min(y0+c.rows, s.H)
	scratch := c.e.scratch[worker]
	p, scratch := scratch[:27*c.cols], scratch[27*c.cols:]
	wide := c.e.panelCols()
	b, row := scratch[:s.K*wide], scratch[s.K*wide:][:s.W]
	// The positions from the row above the band to the row below it, as one run.
	n := (y1 - y0 + 2) * c.in.Pitch()
	for at := 0; at < n; at += wide {
		c.pack(b, y0, at, min(wide, n-at))
		isa.gemm[len(isa.gemm)-1](27, s.K, c.a, 27*16, b, p[at:], c.cols, 16, false)
	}
	for ci := range 3 {
		for y := y0; y < y1; y++ {
			out := s.Out[(ci*s.H+y)*s.W:][:s.W]
			sum := out
			if s.Accumulate {
				sum = row
			}
			isa.taps(s.W, p[ci*9*c.cols+(y-y0)*c.in.Pitch():], c.cols, c.in.Pitch(), sum)
			if s.Accumulate {
				isa.axpy(1, row, out)
			}
		}
	}
	if s.Replicate {
		c.fold(y0, y1)
	}
}

// pack writes n positions as the panel b. The first is number at of the band that begins
// at row y0.
func (c *ConvFirstGrad) pack(b []float32, y0, at, n int) {
	s, isa := &c.s, c.e.cpu.isa
	wide := c.e.panelCols()
	for cb := range s.K / 16 {
		pos := c.in.pos(cb, y0-1, -1) + at
		mask := c.ones
		if s.InMask != nil {
			mask = s.InMask[pos:]
		}
		whole := n &^ 15
		if whole > 0 {
			isa.pack(whole, s.In[pos*16:], mask, b[cb*16*wide:], wide)
		}
		packGo(n-whole, s.In[(pos+whole)*16:], mask[whole:], b[cb*16*wide+whole:], wide)
	}
}

// fold adds the gradient to the border of the rows [y0,y1) to the nearest pixels.
func (c *ConvFirstGrad) fold(y0, y1 int) {
	for y := y0; y < y1; y++ {
		c.beyond(y, -1)
		c.beyond(y, c.s.W)
	}
	for x := -1; x <= c.s.W; x++ {
		if y0 == 0 {
			c.beyond(-1, x)
		}
		if y1 == c.s.H {
			c.beyond(c.s.H, x)
		}
	}
}

// beyond adds the gradient to the pixel (y,x) of the border to the nearest pixel.
func (c *ConvFirstGrad) beyond(y, x int) {
	s := &c.s
	var d [3]float32
	for t := range 9 {
		gy, gx := y+1-t/3, x+1-t%3
		if gy < 0 || gx < 0 || gy >= s.H || gx >= s.W {
			continue
		}
		for cb := range s.K / 16 {
			pos := c.in.pos(cb, gy, gx)
			var g vec
			bits := uint16(0xffff)
			if s.InMask != nil {
				bits = s.InMask[pos]
			}
			masked(&g, load(s.In[pos*16:]), bits, 1)
			for ci := range d {
				for l, f := range load(c.a[(cb*27+ci*9+t)*16:]) {
					d[ci] += f * g[l]
				}
			}
		}
	}
	y, x = min(max(y, 0), s.H-1), min(max(x, 0), s.W-1)
	for ci, v := range d {
		s.Out[(ci*s.H+y)*s.W+x] += v
	}
}
