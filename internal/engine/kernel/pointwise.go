package kernel

// PointwiseSpec describes the product of a fixed matrix and the channels of each
// position of a blocked tensor: a 1x1 convolution without bias.
type PointwiseSpec struct {
	C, H, W    int
	M          []float32 // (C,C), row-major; NewPointwise copies it
	Transpose  bool      // multiply by the transpose of M
	In         []float32 // blocked (C,H,W)
	Out        []float32 // blocked (C,H,W): M x In
	Accumulate bool      // Out += instead of Out =
}

// Pointwise is a step that computes what a [PointwiseSpec] describes. It skips blocks of the
// matrix that are zero, so a triangular matrix takes about half the time.
type Pointwise struct {
	s      PointwiseSpec
	e      *Engine
	n      int // positions, border included: zeros give zeros
	panels []panel
}

// panel is the part of the matrix for some blocks of outputs side by side.
type panel struct {
	out, width int       // the first block, and the power of two that there are
	in, k      int       // the first block of inputs that counts, and the channels from there on that do
	b          []float32 // (k, 16<<width)
}

// pointwiseRows is the number of positions of an item.
const pointwiseRows = 96

// NewPointwise prepares the product s.
func (e *Engine) NewPointwise(s PointwiseSpec) *Pointwise {
	in := Shape{s.C, s.H, s.W}
	in.check("pointwise")
	checkLen("pointwise", "M", len(s.M), s.C*s.C)
	checkLen("pointwise", "In", len(s.In), in.Len())
	checkLen("pointwise", "Out", len(s.Out), in.Len())
	p := &Pointwise{s: s, e: e, n: in.Rows() * in.Pitch()}
	blocks, widest := in.Blocks(), len(e.cpu.isa.gemm)-1
	for b := 0; b < blocks; {
		w := nextPanel(b, blocks, widest)
		p.panels = append(p.panels, s.pack(b, w))
		b += 1 << w
	}
	p.s.M = nil
	return p
}

// at is the element of the matrix from channel i of the input to channel j of the output. It
// is 0 beyond the matrix.
func (s *PointwiseSpec) at(i, j int) float32 {
	switch {
	case i >= s.C || j >= s.C:
		return 0
	case s.Transpose:
		return s.M[i*s.C+j]
	}
	return s.M[j*s.C+i]
}

// pack makes the panel of 1<<w blocks of outputs from block b on.
func (s *PointwiseSpec) pack(b, w int) panel {
	cols := Lanes << w
	from, to := (s.C-1)/Lanes, 0 // blocks with something in them
	for i := range s.C {
		for j := range cols {
			if s.at(i, b*Lanes+j) != 0 {
				from, to = min(from, i/Lanes), max(to, i/Lanes)
			}
		}
	}
	p := panel{out: b, width: w, in: from, k: (max(from, to) - from + 1) * Lanes}
	p.b = Floats(p.k * cols)
	for i := range p.k {
		for j := range cols {
			p.b[i*cols+j] = s.at(from*Lanes+i, b*Lanes+j)
		}
	}
	return p
}

// Run computes Out.
func (p *Pointwise) Run() { p.e.pool.Run((*pointwiseRun)(p)) }

// pointwiseRun has an item for each run of positions.
type pointwiseRun Pointwise

// Items is the number of runs of positions.
func (t *pointwiseRun) Items() int { return (t.n + pointwiseRows - 1) / pointwiseRows }

// Do multiplies the features of a run of positions by all panels of the matrix.
func (t *pointwiseRun) Do(_, item int) {
	at := item * pointwiseRows
	n := min(pointwiseRows, t.n-at)
	for i := range t.panels {
		p := &t.panels[i]
		t.e.cpu.isa.gemm[p.width](n, p.k, t.s.In[(p.in*t.n+at)*16:], t.n*16, p.b, t.s.Out[(p.out*t.n+at)*16:], 16, t.n*16, t.s.Accumulate)
	}
}

// CongruenceSpec describes the congruence M In Mᵀ of matrices.
type CongruenceSpec struct {
	C          int
	M          []float32 // (C,C), row-major; NewCongruence copies it
	Transpose  bool      // take the transpose of M in its place: Mᵀ In M
	In, Out    []float32 // (C,C), row-major
	Accumulate bool      // Out += instead of Out =

	// Scratch is used only during Run.
	Scratch [2][]float32 // MatrixLen(C)
}

// Congruence is a step that computes what a [CongruenceSpec] describes.
type Congruence struct {
	s    CongruenceSpec
	e    *Engine
	mul  *MatMul
	l, r []float32 // the factors on the left and on the right, blocked
}

// NewCongruence prepares the product s.
func (e *Engine) NewCongruence(s CongruenceSpec) *Congruence {
	n := MatrixLen(s.C)
	c := &Congruence{s: s, e: e, mul: e.NewMatMul(s.C), l: Floats(n), r: Floats(n)}
	for _, m := range [...][]float32{s.M, s.In, s.Out} {
		checkLen("congruence", "matrix", len(m), s.C*s.C)
	}
	for _, m := range s.Scratch {
		checkLen("congruence", "scratch", len(m), n)
	}
	t := make([]float32, s.C*s.C)
	for i := range t {
		t[i] = s.M[i%s.C*s.C+i/s.C]
	}
	PackMatrix(c.l, s.M, s.C)
	PackMatrix(c.r, t, s.C)
	if s.Transpose {
		c.l, c.r = c.r, c.l
	}
	c.s.M = nil
	return c
}

// Run computes Out.
func (c *Congruence) Run() {
	a, b := c.s.Scratch[0], c.s.Scratch[1]
	PackMatrix(a, c.s.In, c.s.C)
	c.mul.Run(b, c.l, a, false)
	c.mul.Run(a, b, c.r, false)
	if !c.s.Accumulate {
		UnpackMatrix(c.s.Out, a, c.s.C)
		return
	}
	out := b[:c.s.C*c.s.C]
	UnpackMatrix(out, a, c.s.C)
	c.e.Axpy(1, out, c.s.Out[:c.s.C*c.s.C])
}
