package main

// weights generates the transforms for the gradient to the filters.
func (a *asm) weights() {
	a.winoGrad("winoGrad", 4, 6, a.gradLine)
	a.winoGrad("winoGrad2", 2, 3, a.gradLine2)
	a.winoWeights()
}

// winoGrad is A y A^T for a gradient of side x side positions. The line transforms side
// values to the given number of points, whose registers it takes anew.
func (a *asm) winoGrad(name string, side, points int, line func(y []vreg, c []lane) []vreg) {
	a.begin(name, "n int, y []float32, pitch int, d []float32, dStride int")
	n, y, row := a.load("n"), a.load("y"), a.stride("pitch", 6)
	d, ds := a.load("d"), a.stride("dStride", 2)
	at, to, column := a.gp(), a.gp(), a.times(points, ds)
	tmp := a.local(side * points)
	c := a.lanes(p, q, p*p, q*q)
	a.quarters(n, []pointer{{y, 16, side * 64}, {d, 16, 64}}, nil, func() {
		a.copy(at, y)
		for i := range side {
			a.scope(func() {
				v := a.vs(side)
				for j := range v {
					a.loadQ(at.at(64*j), v[j])
				}
				for j, o := range line(v, c) {
					a.storeQ(o, tmp(points*i+j))
				}
			})
			a.advance(at, row)
		}
		a.copy(at, d)
		for x := range points {
			a.scope(func() {
				v := a.vs(side)
				for i := range v {
					a.loadQ(tmp(points*i+x), v[i])
				}
				a.copy(to, at)
				for _, o := range line(v, c) {
					a.storeQ(o, to.at(0))
					a.advance(to, column)
				}
			})
			a.advance(at, ds)
		}
	}, nil)
	a.ret()
}

// gradLine is A in one dimension:
//
//	o0 = y0    o1, o2 = (y0 + p² y2) +- p (y1 + p² y3)
//	o5 = y3    o3, o4 = (y0 + q² y2) +- q (y1 + q² y3)
func (a *asm) gradLine(y []vreg, c []lane) []vreg {
	out := []vreg{y[0]}
	for i := range 2 {
		point, square := c[i], c[2+i]
		e, o, m := a.v(), a.v(), a.v()
		a.mov(e, y[0])
		a.fmaLane(e, y[2], square)
		a.mov(o, y[1])
		a.fmaLane(o, y[3], square)
		a.mov(m, e)
		a.fmaLane(e, o, point)
		a.fmsLane(m, o, point)
		out = append(out, e, m)
	}
	return append(out, y[3])
}

// gradLine2 is A in one dimension for (y0, 0, y1, 0): y0, y0 + p² y1 and y0 + q² y1.
func (a *asm) gradLine2(y []vreg, c []lane) []vreg {
	out := []vreg{y[0], a.v(), a.v()}
	for i, v := range out[1:] {
		a.mov(v, y[0])
		a.fmaLane(v, y[1], c[2+i])
	}
	return out
}

// winoWeights is G^T m G.
func (a *asm) winoWeights() {
	a.begin("winoWeights", "n int, m []float32, mStride int, g []float32")
	n, m, ms, g := a.load("n"), a.load("m"), a.stride("mStride", 2), a.load("g")
	at := a.gp()
	tmp := a.local(18)
	c := a.lanes(1/(p*p*q*q), normP, normQ, p*normP, q*normQ, p*p*normP, q*q*normQ)
	a.quarters(n, []pointer{{m, 16, 64}, {g, 16, 9 * 64}}, nil, func() {
		a.copy(at, m)
		for y := range 6 {
			a.scope(func() {
				v := a.vs(6)
				for _, r := range v {
					a.loadQ(at.at(0), r)
					a.advance(at, ms)
				}
				for x, o := range a.weightLine(v, c) {
					a.storeQ(o, tmp(3*y+x))
				}
			})
		}
		for x := range 3 {
			a.scope(func() {
				v := a.vs(6)
				for y, r := range v {
					a.loadQ(tmp(3*y+x), r)
				}
				for y, o := range a.weightLine(v, c) {
					a.storeQ(o, g.at((3*y+x)*64))
				}
			})
		}
	}, nil)
	a.ret()
}

// weightLine is G^T in one dimension:
//
//	o0 = m0/(p²q²) + a (m1 + m2) + b (m3 + m4)        with a = 1/(2p²(p²-q²)),
//	o1 = a p (m1 - m2) + b q (m3 - m4)                     b = 1/(2q²(q²-p²))
//	o2 = a p² (m1 + m2) + b q² (m3 + m4) + m5
func (a *asm) weightLine(m []vreg, c []lane) []vreg {
	t, u := a.v(), a.v()
	a.add(t, m[1], m[2])
	a.sub(m[1], m[1], m[2])
	a.add(u, m[3], m[4])
	a.sub(m[3], m[3], m[4])
	a.mulLane(m[0], m[0], c[0])
	a.fmaLane(m[0], t, c[1])
	a.fmaLane(m[0], u, c[2]) // o0
	a.mulLane(m[1], m[1], c[3])
	a.fmaLane(m[1], m[3], c[4]) // o1
	a.fmaLane(m[5], t, c[5])
	a.fmaLane(m[5], u, c[6]) // o2
	a.drop(t, u)
	return []vreg{m[0], m[1], m[5]}
}
