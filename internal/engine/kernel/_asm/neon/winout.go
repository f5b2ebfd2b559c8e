package main

func (a *asm) outConstants() []lane { return a.lanes(p, q, p*p, q*q, p*p*p, q*q*q) }

// outLine is A^T in one dimension. It drops the registers of m but those of the results:
//
//	o0 = m0 + (m1 + m2) + (m3 + m4)        o1 = p (m1 - m2) + q (m3 - m4)
//	o2 = p² (m1 + m2) + q² (m3 + m4)       o3 = p³ (m1 - m2) + q³ (m3 - m4) + m5
func (a *asm) outLine(m []vreg, c []lane) []vreg {
	p, q, pp, qq, ppp, qqq := c[0], c[1], c[2], c[3], c[4], c[5]
	t, u := a.v(), a.v()
	a.add(t, m[1], m[2])
	a.sub(m[1], m[1], m[2])
	a.add(u, m[3], m[4])
	a.sub(m[3], m[3], m[4])
	a.add(m[0], m[0], t)
	a.add(m[0], m[0], u) // o0
	a.mulLane(m[2], t, pp)
	a.fmaLane(m[2], u, qq) // o2
	a.fmaLane(m[5], m[1], ppp)
	a.fmaLane(m[5], m[3], qqq) // o3
	a.mulLane(m[1], m[1], p)
	a.fmaLane(m[1], m[3], q) // o1
	a.drop(t, u, m[3], m[4])
	return []vreg{m[0], m[1], m[2], m[5]}
}

// winoOuts generates the five output transforms.
func (a *asm) winoOuts() {
	a.begin("winoOut", "n int, m []float32, mStride int, bias, y []float32, pitch int")
	a.winoOutPlain(func(o vreg, at mem) { a.storeQ(o, at) })
	a.begin("winoOutAdd", "n int, m []float32, mStride int, bias, y []float32, pitch int")
	a.winoOutPlain(func(o vreg, at mem) {
		t := a.v()
		a.loadQ(at, t)
		a.add(o, o, t)
		a.storeQ(o, at)
		a.drop(t)
	})
	a.winoOutReLU()
	const pooled = "n int, m []float32, mStride int, bias, y []float32, yPitch int, mask []uint16, pitch int, scale float32"
	a.begin("winoOutMax", pooled)
	a.winoOutPooled(a.windowMax, false)
	a.begin("winoOutAvg", pooled)
	a.winoOutPooled(a.windowAvgReLU, true)
}

// winoOutPlain generates winoOut or winoOutAdd.
func (a *asm) winoOutPlain(store func(o vreg, at mem)) {
	n, y := a.load("n"), a.load("y")
	rows := a.rows(a.stride("pitch", 6))
	a.winoOut(n, []pointer{{y, 16, 4 * 64}}, nil, func() { a.rowStarts(rows, y) }, func(x int, o []vreg) {
		for i, v := range o {
			store(v, rows.r[i].at(64*x))
		}
	}, nil)
}

// tileRows are registers that point to the four rows of a tile.
type tileRows struct {
	r    [4]reg
	step reg
}

func (a *asm) rows(step reg) tileRows {
	t := tileRows{step: step}
	for i := range t.r {
		t.r[i] = a.gp()
	}
	return t
}

// rowStarts points rows to the tile that begins at base.
func (a *asm) rowStarts(rows tileRows, base reg) {
	a.copy(rows.r[0], base)
	for i := range 3 {
		a.inst("ADD R%d, R%d, R%d", rows.step, rows.r[i], rows.r[i+1])
	}
}

// tileMask gathers the mask of a tile over the four quarters of its lanes.
type tileMask struct {
	rows      [4]vreg // a lane for each column
	mask      reg
	step      reg
	bits      reg
	last      [4]vreg // what put got for the column before
	firstPair [4]vreg // sums for the first two columns
}

func (a *asm) tileMask() *tileMask {
	m := &tileMask{mask: a.load("mask"), step: a.stride("pitch", 1), bits: a.bits()}
	for i := range m.rows {
		m.rows[i] = a.v()
	}
	return m
}

// clear begins a tile.
func (a *asm) clear(m *tileMask) {
	for _, v := range m.rows {
		a.zero(v)
	}
}

// lanesOf turns lanes of ones into the bits of these lanes.
func (a *asm) lanesOf(m *tileMask, v vreg) {
	b := a.v()
	a.loadQ(m.bits.at(0), b)
	a.and(v, v, b)
	a.drop(b)
}

// put adds column x of row i of the mask, and drops its register. Columns come in order.
func (a *asm) put(m *tileMask, i, x int, t vreg) {
	if x%2 == 0 {
		m.last[i] = t
		return
	}
	a.addPairs(t, m.last[i], t)
	a.drop(m.last[i])
	if x == 1 {
		m.firstPair[i] = t
		return
	}
	a.addPairs(t, m.firstPair[i], t)
	a.or(m.rows[i], m.rows[i], t)
	a.drop(t, m.firstPair[i])
}

// storeMask stores the mask of a tile.
func (a *asm) storeMask(m *tileMask) {
	at := a.gp()
	a.copy(at, m.mask)
	for _, v := range m.rows {
		a.narrow(v, v)
		a.storeD(v, at.at(0))
		a.advance(at, m.step)
	}
}

func (a *asm) winoOutReLU() {
	a.begin("winoOutReLU", "n int, m []float32, mStride int, bias, y []float32, mask []uint16, pitch int")
	n, y := a.load("n"), a.load("y")
	rows, mask := a.rows(a.stride("pitch", 6)), a.tileMask()
	zero := a.v()
	a.zero(zero)
	a.winoOut(n, []pointer{{y, 16, 4 * 64}, {mask.mask, 0, 4 * 2}, {mask.bits, 16, 0}},
		func() { a.clear(mask) },
		func() { a.rowStarts(rows, y) },
		func(x int, o []vreg) {
			for i, v := range o {
				t := a.v()
				a.greater(t, v, zero)
				a.lanesOf(mask, t)
				a.put(mask, i, x, t)
				a.max(v, v, zero)
				a.storeQ(v, rows.r[i].at(64*x))
			}
		},
		func() { a.storeMask(mask) })
}

// winoOutPooled generates winoOutMax or winoOutAvg. pool gets the four values of a window and
// a register of zeros, leaves the pooled value in the first one, and returns what the mask
// gets for each.
func (a *asm) winoOutPooled(pool func(w window, lo vreg) [4]vreg, average bool) {
	n, y, yRow := a.load("n"), a.load("y"), a.stride("yPitch", 6)
	mask := a.tileMask()
	below := a.gp()
	even := a.local(4)
	zero, scale := a.v(), a.factor(average)
	a.zero(zero)
	a.winoOut(n, []pointer{{y, 16, 2 * 64}, {mask.mask, 0, 4 * 2}, {mask.bits, 16, 0}},
		func() { a.clear(mask) },
		func() { a.inst("ADD R%d, R%d, R%d", yRow, y, below) },
		func(x int, o []vreg) {
			if x%2 == 0 {
				for i, v := range o {
					a.storeQ(v, even(i))
				}
				return
			}
			for w := range 2 {
				l, r := a.v(), a.v()
				a.loadQ(even(2*w), l)
				a.loadQ(even(2*w+1), r)
				win := window{l, o[2*w], r, o[2*w+1]}
				for i, t := range pool(win, zero) {
					a.lanesOf(mask, t)
					a.put(mask, 2*w+i/2, x-1+i%2, t)
				}
				a.mul(l, l, scale)
				a.storeQ(l, []reg{y, below}[w].at(x/2*64))
				a.drop(l, r)
			}
		},
		func() { a.storeMask(mask) })
}

// winoOut generates the loop over tiles. It calls start for each quarter of a tile, and store
// for each of the four columns. before and after run around the quarters of a tile.
func (a *asm) winoOut(n reg, ptrs []pointer, before, start func(), store func(x int, o []vreg), after func()) {
	m, ms, bias := a.load("m"), a.stride("mStride", 2), a.load("bias")
	at := a.gp()
	tmp := a.local(24)
	c := a.outConstants()
	a.quarters(n, append(ptrs, pointer{m, 16, 64}, pointer{bias, 16, 0}), before, func() {
		start()
		a.copy(at, m)
		for y := range 6 {
			a.scope(func() {
				d := a.vs(6)
				for _, v := range d {
					a.loadQ(at.at(0), v)
					a.advance(at, ms)
				}
				for x, o := range a.outLine(d, c) {
					a.storeQ(o, tmp(4*y+x))
				}
			})
		}
		b := a.v()
		a.loadQ(bias.at(0), b)
		for x := range 4 {
			d := a.vs(6)
			for y, v := range d {
				a.loadQ(tmp(4*y+x), v)
			}
			o := a.outLine(d, c)
			for _, v := range o {
				a.add(v, v, b)
			}
			store(x, o)
			a.drop(o...)
		}
	}, after)
	a.ret()
}
