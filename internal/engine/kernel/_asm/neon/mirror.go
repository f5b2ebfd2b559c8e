package main

// mirrors generates the transforms of a mirrored convolution, which normalises its input as
// it reads it.
func (a *asm) mirrors() {
	a.winoInAffine()
	a.repeatIn()
	a.repeatOut()
	a.winoOutEven()
	a.affineSum()
}

// channelMap loads max(lo, a (x - m) + b) of four lanes, with the rows m, a and b of k, which
// moves on with the quarters of a position.
func (a *asm) channelMap() (k reg, load func(at mem, d vreg)) {
	k = a.load("k")
	lo := a.broadcast("lo")
	return k, func(at mem, d vreg) {
		a.scope(func() {
			x, f := a.read(at), a.v()
			a.loadQ(k.at(0), f)
			a.sub(x, x, f)
			a.loadQ(k.at(64), f)
			a.loadQ(k.at(128), d)
			a.fma(d, x, f)
			a.max(d, d, lo) // of NaN, NaN
		})
	}
}

// winoInAffine is winoIn of what the map of a channel makes of x.
func (a *asm) winoInAffine() {
	a.begin("winoInAffine", "n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int")
	n, x, row, at := a.load("n"), a.load("x"), a.stride("pitch", 6), a.gp()
	k, mapped := a.channelMap()
	a.winoIn(n, []pointer{{x, 16, 4 * 64}, {k, 16, 0}}, func() { a.copy(at, x) }, func(_ int, d []vreg) {
		for i, v := range d {
			mapped(at.at(64*i), v)
		}
		a.advance(at, row)
	})
}

// repeatIn transforms the 4x4 positions that a tile of repeated ones reads. In one dimension
// p, q, r, s become p-r, q+r, r-q and s-q. All 16 stay in registers.
func (a *asm) repeatIn() {
	a.begin("repeatIn", "n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int")
	n, x, row := a.load("n"), a.load("x"), a.stride("pitch", 6)
	k, mapped := a.channelMap()
	v, vs := a.load("v"), a.stride("vStride", 2)
	from, to := a.gp(), a.gp()
	line := func(p, q, r, s vreg) {
		t := a.v()
		a.add(t, q, r)
		a.sub(p, p, r)
		a.sub(r, r, q)
		a.sub(s, s, q)
		a.mov(q, t)
		a.drop(t)
	}
	a.quarters(n, []pointer{{x, 16, 2 * 64}, {k, 16, 0}, {v, 16, 64}}, nil, func() {
		a.copy(from, x)
		d := a.vs(16)
		for y := range 4 {
			for i := range 4 {
				mapped(from.at(64*i), d[4*y+i])
			}
			a.advance(from, row)
			line(d[4*y], d[4*y+1], d[4*y+2], d[4*y+3])
		}
		for i := range 4 {
			line(d[i], d[4+i], d[8+i], d[12+i])
		}
		a.copy(to, v)
		for _, o := range d {
			a.storeQ(o, to.at(0))
			a.advance(to, vs)
		}
	}, nil)
	a.ret()
}

// repeatOut transforms 5x5 products back. In one dimension m0 to m4 become
//
//	m0 + m1 - m2 + m3, m1 - m2 - m3, m1 + m2 - m3, m1 + m2 + m3 + m4
func (a *asm) repeatOut() {
	a.begin("repeatOut", "n int, m []float32, mStride int, y []float32, pitch int")
	n, y, m, ms := a.load("n"), a.load("y"), a.load("m"), a.stride("mStride", 2)
	rows := a.rows(a.stride("pitch", 6))
	from := a.gp()
	line := func(m []vreg) []vreg {
		s := a.v()
		a.add(s, m[1], m[3])    // m1 + m3
		a.sub(m[1], m[1], m[3]) // m1 - m3
		a.sub(m[3], s, m[2])
		a.add(m[0], m[0], m[3])
		a.add(s, s, m[2])
		a.add(s, s, m[4])
		a.sub(m[3], m[1], m[2])
		a.add(m[1], m[1], m[2])
		a.drop(m[2], m[4])
		return []vreg{m[0], m[3], m[1], s}
	}
	a.quarters(n, []pointer{{y, 16, 4 * 64}, {m, 16, 64}}, nil, func() {
		a.copy(from, m)
		var parts [5][]vreg
		for i := range parts {
			d := a.vs(5)
			for _, v := range d {
				a.loadQ(from.at(0), v)
				a.advance(from, ms)
			}
			parts[i] = line(d)
		}
		a.rowStarts(rows, y)
		for x := range 4 {
			for i, o := range line([]vreg{parts[0][x], parts[1][x], parts[2][x], parts[3][x], parts[4][x]}) {
				a.storeQ(o, rows.r[i].at(64*x))
			}
		}
	}, nil)
	a.ret()
}

// winoOutEven stores the even positions of the even rows of each tile. They do not need the
// last row and column of frequencies.
func (a *asm) winoOutEven() {
	a.begin("winoOutEven", "n int, m []float32, mStride int, y []float32, pitch int")
	n, y, pitch, m, ms := a.load("n"), a.load("y"), a.stride("pitch", 6), a.load("m"), a.stride("mStride", 2)
	from, below := a.gp(), a.gp()
	c := a.lanes(p*p, q*q)
	even := func(m []vreg) []vreg {
		a.add(m[1], m[1], m[2])
		a.add(m[3], m[3], m[4])
		a.add(m[0], m[0], m[1])
		a.add(m[0], m[0], m[3])
		a.mulLane(m[1], m[1], c[0])
		a.fmaLane(m[1], m[3], c[1])
		a.drop(m[2], m[3], m[4])
		return m[:2]
	}
	a.quarters(n, []pointer{{y, 16, 2 * 64}, {m, 16, 64}}, nil, func() {
		a.copy(from, m)
		var parts [5][]vreg
		for i := range parts {
			d := a.vs(5)
			for _, v := range d {
				a.loadQ(from.at(0), v)
				a.advance(from, ms)
			}
			a.advance(from, ms) // the last column
			parts[i] = even(d)
		}
		a.inst("ADD R%d, R%d, R%d", pitch, y, below)
		for x := range 2 {
			o := even([]vreg{parts[0][x], parts[1][x], parts[2][x], parts[3][x], parts[4][x]})
			a.storeQ(o[0], y.at(64*x))
			a.storeQ(o[1], below.at(64*x))
		}
	}, nil)
	a.ret()
}

// affineSum is y = z + a (x - m) + b.
func (a *asm) affineSum() {
	a.begin("affineSum", "n int, x, k, z, y []float32")
	n, x, k, z, y := a.load("n"), a.load("x"), a.load("k"), a.load("z"), a.load("y")
	m, factor, b := a.factors(k, 0), a.factors(k, 1), a.factors(k, 2)
	v, sum, t := a.v(), a.v(), a.v()
	a.loop("loop", n, func() {
		for j := range 4 {
			a.loadQ(x.at(16*j), v)
			a.sub(v, v, m[j])
			a.mov(sum, b[j])
			a.fma(sum, v, factor[j])
			a.loadQ(z.at(16*j), t)
			a.add(sum, sum, t)
			a.storeQ(sum, y.at(16*j))
		}
		for _, p := range []reg{x, z, y} {
			a.move(p, 64)
		}
	})
	a.ret()
}
