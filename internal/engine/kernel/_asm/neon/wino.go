package main

// The constants of the transforms, for the points 0, ±p, ±q and infinity; the
// plain twins in generic_wino.go say why these.
const (
	p, q         = 3. / 4, 3. / 2
	normP, normQ = 1 / (2 * p * p * (p*p - q*q)), 1 / (2 * q * q * (q*q - p*p))
)

// lanes are constants as lanes of registers, four in each.
func (a *asm) lanes(f ...float64) []lane {
	for len(f)%4 != 0 {
		f = append(f, 0)
	}
	var out []lane
	for i := 0; i < len(f); i += 4 {
		v := a.constant(f[i : i+4]...)
		for j := range 4 {
			out = append(out, lane{v, j})
		}
	}
	return out
}

func (a *asm) inConstants() []lane { return a.lanes(p*p*q*q, p*p+q*q, p*p, q*q, p, q) }

// inLine is B^T in one dimension. It gives back the registers of d:
//
//	o0 = p²q² d0 - (p²+q²) d2 + d4          o5 = p²q² d1 - (p²+q²) d3 + d5
//	o1, o2 = (d4 - q² d2) +- p (d3 - q² d1)    o3, o4 = (d4 - p² d2) +- q (d3 - p² d1)
func (a *asm) inLine(d []vreg, c []lane) []vreg {
	ppqq, sum, pp, qq, p, q := c[0], c[1], c[2], c[3], c[4], c[5]
	e, f := a.v(), a.v()
	a.mov(e, d[4])
	a.fmsLane(e, d[2], pp) // d4 - p² d2
	a.mov(f, d[3])
	a.fmsLane(f, d[1], pp) // d3 - p² d1
	a.fmaLane(d[5], d[1], ppqq)
	a.fmsLane(d[5], d[3], sum) // o5
	a.fmsLane(d[3], d[1], qq)  // d3 - q² d1
	a.mulLane(d[1], d[0], ppqq)
	a.add(d[0], d[1], d[4])
	a.fmsLane(d[0], d[2], sum) // o0
	a.fmsLane(d[4], d[2], qq)  // d4 - q² d2
	a.mulLane(d[3], d[3], p)
	a.add(d[1], d[4], d[3]) // o1
	a.sub(d[2], d[4], d[3]) // o2
	a.mulLane(f, f, q)
	a.add(d[3], e, f) // o3
	a.sub(d[4], e, f) // o4
	a.drop(e, f)
	return d
}

// winoIns generates the three input transforms.
func (a *asm) winoIns() {
	a.begin("winoIn", "n int, x []float32, pitch int, v []float32, vStride int")
	n, x, row, at := a.load("n"), a.load("x"), a.stride("pitch", 6), a.gp()
	a.winoIn(n, []pointer{{x, 16, 4 * 64}}, func() { a.copy(at, x) }, func(_ int, d []vreg) {
		for i, v := range d {
			a.loadQ(at.at(64*i), v)
		}
		a.advance(at, row)
	})

	a.begin("winoInMask", "n int, x []float32, mask []uint16, pitch int, v []float32, vStride int")
	n, x, row, at = a.load("n"), a.load("x"), a.stride("pitch", 6), a.gp()
	mask, words, bits := a.load("mask"), a.stride("pitch", 1), a.bits()
	maskAt := a.gp()
	a.winoIn(n, []pointer{{x, 16, 4 * 64}, {mask, 0, 4 * 2}, {bits, 16, 0}}, func() {
		a.copy(at, x)
		a.copy(maskAt, mask)
	}, func(_ int, d []vreg) {
		for i, v := range d {
			a.loadQ(at.at(64*i), v)
		}
		a.maskRow(d, maskAt, bits)
		a.advance(at, row)
		a.advance(maskAt, words)
	})

	a.begin("winoInUnpool", "n int, x []float32, xPitch int, mask []uint16, pitch int, scale float32, v []float32, vStride int")
	n, x, row, at = a.load("n"), a.load("x"), a.stride("xPitch", 6), a.gp()
	mask, words, bits = a.load("mask"), a.stride("pitch", 1), a.bits()
	maskAt = a.gp()
	patch := a.local(16)
	scale := a.broadcast("scale")
	a.winoIn(n, []pointer{{x, 16, 2 * 64}, {mask, 0, 4 * 2}, {bits, 16, 0}}, func() {
		a.copy(at, x)
		a.copy(maskAt, mask)
		for i := range 16 {
			t := a.v()
			a.loadQ(at.at(i%4*64), t)
			a.mul(t, t, scale)
			a.storeQ(t, patch(i))
			a.drop(t)
			if i%4 == 3 {
				a.advance(at, row)
			}
		}
	}, func(y int, d []vreg) {
		for i, v := range d {
			a.loadQ(patch((y+1)/2*4+(i+1)/2), v)
		}
		a.maskRow(d, maskAt, bits)
		a.advance(maskAt, words)
	})
}

// bits points to the bits of four lanes in a mask, those of each quarter after the other.
func (a *asm) bits() reg {
	var words []uint32
	for i := range 16 {
		words = append(words, 1<<i)
	}
	return a.table(words)
}

// maskRow clears the lanes of six positions side by side that have no bit in the mask.
// bits points to the bits of the lanes.
func (a *asm) maskRow(d []vreg, mask, bits reg) {
	a.scope(func() {
		b, four, two, t := a.v(), a.v(), a.v(), a.v()
		a.loadQ(bits.at(0), b)
		a.loadD(mask.at(0), four) // and not 16 bytes: the mask may end here
		a.loadS(mask.at(8), two)
		for i, v := range d {
			from, j := four, i
			if i >= 4 {
				from, j = two, i-4
			}
			a.inst("VDUP V%d.H[%d], V%d.H8", from, j, t)
			a.test(t, t, b)
			a.and(v, v, t)
		}
	})
}

// winoIn generates the loop over tiles. It calls start before each quarter of a tile, and
// load for each of the six rows of its patch.
func (a *asm) winoIn(n reg, ptrs []pointer, start func(), load func(y int, d []vreg)) {
	v, vs := a.load("v"), a.stride("vStride", 2)
	at, line := a.gp(), a.times(6, vs)
	to := a.gp()
	tmp := a.local(36)
	c := a.inConstants()
	a.quarters(n, append(ptrs, pointer{v, 16, 64}), nil, func() {
		start()
		for y := range 6 {
			d := a.vs(6)
			load(y, d)
			for x, o := range a.inLine(d, c) {
				a.storeQ(o, tmp(6*y+x))
			}
			a.drop(d...)
		}
		a.copy(at, v)
		for x := range 6 {
			d := a.vs(6)
			for y, v := range d {
				a.loadQ(tmp(6*y+x), v)
			}
			a.copy(to, at)
			for _, o := range a.inLine(d, c) {
				a.storeQ(o, to.at(0))
				a.advance(to, line)
			}
			a.drop(d...)
			a.advance(at, vs)
		}
	}, nil)
	a.ret()
}

// winoFilter is G g G^T for 16 filters at a time.
func (a *asm) winoFilter() {
	a.begin("winoFilter", "n int, g, u []float32, uStride, uStep int")
	n, g, u, us, step := a.load("n"), a.load("g"), a.load("u"), a.stride("uStride", 2), a.stride("uStep", 2)
	to := a.gp()
	tmp := a.local(18)
	c := a.lanes(1/(p*p*q*q), normP, normP*p, normP*p*p, normQ, normQ*q, normQ*q*q)
	a.quarters(n, []pointer{{g, 16, 9 * 64}, {u, 16, 0}}, nil, func() {
		for x := range 3 {
			a.filterLine(func(i int) mem { return g.at((3*i + x) * 64) }, c, func(i int, o vreg) { a.storeQ(o, tmp(3*i+x)) })
		}
		a.copy(to, u)
		for y := range 6 {
			a.filterLine(func(i int) mem { return tmp(3*y + i) }, c, func(_ int, o vreg) {
				a.storeQ(o, to.at(0))
				a.advance(to, us)
			})
		}
	}, func() { a.advance(u, step) })
	a.ret()
}

// filterLine is G in one dimension:
//
//	o0 = d0/(p²q²)    o1, o2 = a (d0 + p² d2) +- a p d1    with a = 1/(2p²(p²-q²)),
//	o5 = d2           o3, o4 = b (d0 + q² d2) +- b q d1         b = 1/(2q²(q²-p²))
func (a *asm) filterLine(from func(i int) mem, c []lane, put func(i int, o vreg)) {
	a.scope(func() {
		d, e, o := a.vs(3), a.v(), a.v()
		for i, v := range d {
			a.loadQ(from(i), v)
		}
		a.mulLane(o, d[0], c[0])
		put(0, o)
		for i := range 2 {
			norm, point, square := c[1+3*i], c[2+3*i], c[3+3*i]
			a.mulLane(e, d[0], norm)
			a.fmaLane(e, d[2], square)
			a.mov(o, e)
			a.fmaLane(o, d[1], point)
			put(1+2*i, o)
			a.fmsLane(e, d[1], point)
			put(2+2*i, e)
		}
		put(5, d[2])
	})
}
