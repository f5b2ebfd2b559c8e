package kernel

// convOrder is the order in which a [Conv] computes. The result is the same bytes in either.
type convOrder uint8

const (
	// filtersFirst transforms all filters. Then threads take runs of tiles: each transforms
	// their patches and computes all outputs.
	filtersFirst convOrder = iota

	// inputsFirst transforms all patches. Then threads take groups of outputs: each transforms
	// their filters and computes them for all tiles.
	inputsFirst
)

// The sizes that decide the order, and those of items. They are measured.
const (
	// fewTiles is the number of tiles for each thread below which the order is inputsFirst:
	// there is not enough work in runs of tiles.
	fewTiles = 48

	// cachedInputs is the length of transformed patches, in floats, up to which the order is
	// inputsFirst if there are more than 128 channels: 20 MB, which the third-level cache of
	// many processors holds. Then the filters of a group are used while they are in the cache,
	// which cannot hold all of them.
	cachedInputs = 5 << 20

	// runTiles is the number of tiles of a run, each of which reads all transformed filters
	// once. With few channels the transformed patches, of runShallow tiles, should fit the
	// second-level cache.
	runTiles, runShallow = 96, 36

	// groupBlocks is the number of blocks of a group.
	groupBlocks = 2
)

// plan chooses the order and cuts the work into items.
func (c *Conv) plan() {
	tiles, blocks, threads := c.th*c.tw, c.s.K/16, c.e.pool.Threads()
	c.group = blocks
	run, parts := runTiles, threads
	if c.s.C <= 64 {
		run = runShallow
	}
	if tiles < fewTiles*threads || c.s.C > 128 && 36*c.s.C*tiles*c.lanes/Lanes <= cachedInputs {
		c.order, parts = inputsFirst, 1
		c.divide(blocks, threads)
	}
	rounds := max(1, (tiles+run*parts/2)/(run*parts))
	c.n = (tiles + rounds*parts - 1) / (rounds * parts)
}

// divide chooses the group, so that there is one for each thread. In bfloat16 filters are
// transformed for panels, which a group must not divide.
func (c *Conv) divide(blocks, threads int) {
	c.group = groupBlocks
	if c.s.BF16 {
		c.group = 1 << (len(c.by.gemm) - 1)
		return
	}
	for c.group > 1 && blocks < c.group*threads {
		c.group /= 2
	}
}

// convStrides are distances in floats. They are odd numbers of cache lines, because even ones,
// and powers of two most of all, would use only a few sets of the cache.
type convStrides struct {
	vBlock, mBlock int // of blocks of transformed patches and of products
	v, m, u        int // of frequencies of patches, of products and of filters
}

func (c *Conv) strides() convStrides {
	held, n, filters := c.n|1, c.n|1, c.s.K/16*c.s.C
	if c.order == inputsFirst {
		held, filters = c.th*c.tw|1, c.group*c.s.C
	}
	d := convStrides{held * c.lanes, n * 16, ((c.s.C/16*held*c.lanes+15)/16 | 1) * 16, (c.group*n | 1) * 16, (filters | 1) * 16}
	if c.s.BF16 {
		d.u = c.s.K * c.s.C / 2
	}
	return d
}

// need is the working memory.
func (c *Conv) need() Scratch {
	d := c.strides()
	if c.s.BF16 {
		d.u = 0
	}
	if c.order == inputsFirst {
		return Scratch{Each: 36 * (d.m + d.u), Shared: 36 * d.v}
	}
	return Scratch{Each: 36 * (d.m + d.v), Shared: 36 * d.u}
}

// Run computes Out and OutMask.
func (c *Conv) Run() {
	pool := c.e.pool
	if c.order == inputsFirst {
		pool.Run((*convInputs)(c))
		pool.Run((*convGroups)(c))
		return
	}
	if !c.s.BF16 {
		pool.Run((*convFilters)(c))
	}
	pool.Run((*convTiles)(c))
	pool.Run((*convFrame)(c))
}

// convInputs has an item for each block of inputs.
type convInputs Conv

// Items is the number of blocks of inputs.
func (t *convInputs) Items() int { return t.s.C / 16 }

// Do transforms the patches of all tiles of a block.
func (t *convInputs) Do(_, b int) {
	c := (*Conv)(t)
	c.inputs(b, 0, c.th*c.tw, c.e.shared, c.strides())
}

// convGroups has an item for each group of outputs.
type convGroups Conv

// Items is the number of groups.
func (t *convGroups) Items() int { return (t.s.K/16 + t.group - 1) / t.group }

// Do computes a group of outputs of all tiles.
func (t *convGroups) Do(worker, item int) {
	c := (*Conv)(t)
	d, tiles := c.strides(), c.th*c.tw
	b0 := item * c.group
	b1 := min(b0+c.group, c.s.K/16)
	m, u := c.e.scratch[worker], c.e.scratch[worker][36*d.m:]
	if c.s.BF16 {
		u = c.paired(b0)
	}
	for first := 0; first < tiles; first += c.n {
		n := min(c.n, tiles-first)
		if first == 0 && !c.s.BF16 {
			c.s.U.transform(worker, b0, b1, u, d.u)
		}
		c.multiply(n, b0, b1, c.e.shared[first*c.lanes:], u, m, d)
		c.outputs(worker, first, n, b0, b1, m, d)
	}
	for b := b0; b < b1; b++ {
		(*convFrame)(c).Do(worker, b)
	}
}

// paired returns the filters of the blocks of outputs from b0 on, in bfloat16.
func (c *Conv) paired(b0 int) []float32 { return c.s.U.data[b0*16*c.s.C/2:] }

// convFilters has an item for each panel of outputs, as wide as the widest.
type convFilters Conv

// Items is the number of panels.
func (t *convFilters) Items() int { w := t.width(); return (t.s.K/16 + w - 1) / w }

// width is the number of blocks of the widest panel.
func (t *convFilters) width() int { return 1 << (len(t.e.cpu.isa.gemm) - 1) }

// Do transforms the filters of a panel.
func (t *convFilters) Do(worker, item int) {
	c := (*Conv)(t)
	b0, b1 := item*t.width(), min((item+1)*t.width(), c.s.K/16)
	c.s.U.transform(worker, b0, b1, c.e.shared[b0*16*c.s.C:], c.strides().u)
}

// convTiles has an item for each n tiles, counted along rows.
type convTiles Conv

// Items is the number of runs of n tiles.
func (t *convTiles) Items() int { return (t.th*t.tw + t.n - 1) / t.n }

// Do computes n tiles in the scratch of the worker.
func (t *convTiles) Do(worker, item int) {
	c := (*Conv)(t)
	d, first, blocks := c.strides(), item*c.n, c.s.K/16
	n := min(c.n, c.th*c.tw-first)
	m, v := c.e.scratch[worker], c.e.scratch[worker][36*d.m:]
	for b := range c.s.C / 16 {
		c.inputs(b, first, n, v, d)
	}
	u := c.e.shared
	if c.s.BF16 {
		u = c.paired(0)
	}
	c.multiply(n, 0, blocks, v, u, m, d)
	c.outputs(worker, first, n, 0, blocks, m, d)
}

// inputs transforms the patches of n tiles of a block from the tile first on.
func (c *Conv) inputs(b, first, n int, v []float32, d convStrides) {
	tileRows(first, n, c.tw, func(i, ty, tx, n int) { c.input(b, ty, tx, n, v[b*d.vBlock+i*c.lanes:], d.v) })
}

// multiply computes the products m of n tiles for the blocks of outputs b0 to b1, from the
// transformed patches v and the filters u.
func (c *Conv) multiply(n, b0, b1 int, v, u, m []float32, d convStrides) {
	gemm, row := c.by.gemm, c.s.C // floats of a column of the filters
	if c.s.BF16 {
		row /= 2
	}
	for f := range 36 {
		for b := b0; b < b1; {
			w := nextPanel(b, b1, len(gemm)-1)
			gemm[w](n, c.s.C, v[f*d.v:], d.vBlock, u[f*d.u+(b-b0)*16*row:], m[f*d.m+(b-b0)*d.mBlock:], 16, d.mBlock, false)
			b += 1 << w
		}
	}
}

// outputs transforms the products m of n tiles back, for the blocks of outputs b0 to b1.
func (c *Conv) outputs(worker, first, n, b0, b1 int, m []float32, d convStrides) {
	for b := b0; b < b1; b++ {
		tileRows(first, n, c.tw, func(i, ty, tx, n int) { c.output(worker, b, ty, tx, n, m[(b-b0)*d.mBlock+i*16:], d.m) })
	}
}

// convFrame clears everything outside the picture. It has an item for each block of
// outputs.
type convFrame Conv

// Items is the number of blocks of outputs.
func (t *convFrame) Items() int { return t.s.K / 16 }

// Do clears the frame of a block of Out, and of its mask if there is one.
func (t *convFrame) Do(_, item int) {
	clearFrame(t.s.Out, 16, t.dst, t.dst.H, t.dst.W, item, item+1)
	if t.s.OutMask == nil {
		return
	}
	h, w := t.out.H, t.out.W
	if t.s.OutPool != None {
		h, w = t.dst.H*2, t.dst.W*2
	}
	clearFrame(t.s.OutMask, 1, t.out, h, w, item, item+1)
}
