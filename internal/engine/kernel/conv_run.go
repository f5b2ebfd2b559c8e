package kernel

// convOrder is the order in which a [Conv] computes. Transformed patches and filters are many
// times larger than what they are made of, so both are made as late as possible and used while
// they are in the cache.
type convOrder uint8

const (
	// tilesFirst takes a run of tiles and transforms its patches. For one group of outputs
	// after the other, it transforms the filters and multiplies.
	tilesFirst convOrder = iota

	// filtersFirst is tilesFirst with all filters transformed before, for all runs.
	filtersFirst

	// inputsFirst is for too few tiles for all threads. It transforms all patches. Then
	// threads take groups of outputs.
	inputsFirst
)

// The sizes that decide the order, and the sizes of items. They are measured.
var (
	// TuneTiles is the number of tiles for each thread below which the order is inputsFirst.
	TuneTiles = 48

	// smallFilters is the number of filters up to which the order is filtersFirst: transformed,
	// they are in the cache.
	TuneSmallFilters = 256 * 256

	// runTiles is the number of tiles of a run. The transformed patches and products of a group
	// should fit the cache; with few channels, the second-level cache.
	TuneRunTiles, TuneRunTiles64 = 96, 36

	// groupBlocks is the number of blocks of a group.
	TuneGroupBlocks = 4
)

// plan chooses the order and cuts the work into items.
func (c *Conv) plan() {
	tiles, threads := c.th*c.tw, c.e.pool.Threads()
	c.group = min(TuneGroupBlocks, c.s.K/16)
	if tiles < TuneTiles*threads {
		c.order, c.n = inputsFirst, tiles
		for c.group > 1 && c.s.K/16 < c.group*threads {
			c.group /= 2
		}
		return
	}
	if c.s.C*c.s.K <= TuneSmallFilters {
		c.order = filtersFirst
	}
	want := TuneRunTiles
	if c.s.C <= 64 {
		want = TuneRunTiles64
	}
	rounds := max(1, (tiles+want*threads/2)/(want*threads))
	c.n = (tiles + rounds*threads - 1) / (rounds * threads)
}

// convStrides are distances in floats. They are odd numbers of cache lines, because even ones,
// and powers of two most of all, would use only a few sets of the cache.
type convStrides struct {
	block   int // of blocks of transformed patches, and of products
	v, m, u int // of frequencies of patches, of products, of filters
}

func (c *Conv) strides() convStrides {
	n, blocks := c.n|1, c.group
	if c.order == filtersFirst {
		blocks = c.s.K / 16
	}
	return convStrides{n * 16, (c.s.C/16*n | 1) * 16, (c.group*n | 1) * 16, (blocks*c.s.C | 1) * 16}
}

// need is the working memory.
func (c *Conv) need() Scratch {
	d := c.strides()
	switch c.order {
	case inputsFirst:
		return Scratch{Each: 36 * (d.m + d.u), Shared: 36 * d.v}
	case filtersFirst:
		return Scratch{Each: 36 * (d.m + d.v), Shared: 36 * d.u}
	}
	return Scratch{Each: 36 * (d.m + d.u + d.v)}
}

// Run computes Out and OutMask.
func (c *Conv) Run() {
	pool := c.e.pool
	switch c.order {
	case inputsFirst:
		pool.Run((*convInputs)(c))
		pool.Run((*convGroups)(c))
		return
	case filtersFirst:
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
	c.inputs(b, 0, c.n, c.e.shared, c.strides())
}

// convGroups has an item for each group of outputs.
type convGroups Conv

// Items is the number of groups.
func (t *convGroups) Items() int { return (t.s.K/16 + t.group - 1) / t.group }

// Do computes a group of outputs of all tiles.
func (t *convGroups) Do(worker, item int) {
	c := (*Conv)(t)
	d, b0 := c.strides(), item*c.group
	b1 := min(b0+c.group, c.s.K/16)
	m, u := c.e.scratch[worker], c.e.scratch[worker][36*d.m:]
	c.s.U.transform(b0, b1, u, d.u)
	c.multiply(worker, 0, c.n, b0, b1, c.e.shared, u, m, d)
	for b := b0; b < b1; b++ {
		(*convFrame)(c).Do(worker, b)
	}
}

// convFilters has an item for each block of outputs.
type convFilters Conv

// Items is the number of blocks of outputs.
func (t *convFilters) Items() int { return (t.s.K/16 + t.group - 1) / t.group }

// Do transforms the filters of a group of outputs.
func (t *convFilters) Do(_, item int) {
	c := (*Conv)(t)
	b0 := item * c.group
	c.s.U.transform(b0, min(b0+c.group, c.s.K/16), c.e.shared[b0*16*c.s.C:], c.strides().u)
}

// convTiles has an item for each n tiles, counted along rows.
type convTiles Conv

// Items is the number of runs of n tiles.
func (t *convTiles) Items() int { return (t.th*t.tw + t.n - 1) / t.n }

// Do computes n tiles in the scratch of the worker.
func (t *convTiles) Do(worker, item int) {
	c := (*Conv)(t)
	d, first := c.strides(), item*c.n
	n := min(c.n, c.th*c.tw-first)
	m, v := c.e.scratch[worker], c.e.scratch[worker][36*d.m:]
	for b := range c.s.C / 16 {
		c.inputs(b, first, n, v, d)
	}
	for b0 := 0; b0 < c.s.K/16; b0 += c.group {
		b1, u := min(b0+c.group, c.s.K/16), v[36*d.v:]
		if c.order == filtersFirst {
			u = c.e.shared[b0*16*c.s.C:]
		} else {
			c.s.U.transform(b0, b1, u, d.u)
		}
		c.multiply(worker, first, n, b0, b1, v, u, m, d)
	}
}

// inputs transforms the patches of n tiles of a block.
func (c *Conv) inputs(b, first, n int, v []float32, d convStrides) {
	tileRows(first, n, c.tw, func(i, ty, tx, n int) { c.input(b, ty, tx, n, v[b*d.block+i*16:], d.v) })
}

// multiply computes the blocks of outputs b0 to b1 of n tiles from the transformed patches v
// and filters u. m is for the products.
func (c *Conv) multiply(worker, first, n, b0, b1 int, v, u, m []float32, d convStrides) {
	gemm := c.e.cpu.isa.gemm
	for f := range 36 {
		for b := b0; b < b1; {
			w := nextPanel(b, b1, len(gemm)-1)
			gemm[w](n, c.s.C, v[f*d.v:], d.block, u[f*d.u+(b-b0)*16*c.s.C:], m[f*d.m+(b-b0)*d.block:], 16, d.block, false)
			b += 1 << w
		}
	}
	for b := b0; b < b1; b++ {
		tileRows(first, n, c.tw, func(i, ty, tx, n int) { c.output(worker, b, ty, tx, n, m[(b-b0)*d.block+i*16:], d.m) })
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
