package main

import "math"

// feedForward generates the routines of a feed-forward network.
func (a *asm) feedForward() {
	a.moments()
	for _, masked := range []bool{false, true} {
		a.products(masked)
		a.affine(masked)
		a.normGrad(masked)
	}
	a.upsample()
	a.quads()
	a.sigmoid()
}

// sums generates a loop over n positions that keeps in registers 32 sums in float64, which
// are in memory before and after: two for each lane. add gets those of two lanes.
func (a *asm) sums(n reg, ptrs []pointer, position func(add func(i int) (first, second vreg))) {
	sums, acc := a.load("sums"), a.vs(16)
	for i, v := range acc {
		a.loadQ(sums.at(16*i), v)
	}
	a.loop("loop", n, func() {
		a.scope(func() { position(func(i int) (vreg, vreg) { return acc[i], acc[8+i] }) })
		for _, p := range ptrs {
			a.move(p.r, p.step)
		}
	})
	for i, v := range acc {
		a.storeQ(v, sums.at(16*i))
	}
	a.ret()
}

// moments adds up values and their squares.
func (a *asm) moments() {
	a.begin("moments", "x []float32, sums []float64")
	n, x := a.length("x"), a.load("x")
	a.inst("LSR $4, R%d", n)
	a.sums(n, []pointer{{x, 0, 64}}, func(add func(i int) (first, second vreg)) {
		for j := range 4 {
			v, wide := a.read(x.at(16*j)), a.v()
			for h := range 2 {
				sum, square := add(2*j + h)
				a.widen(wide, v, h == 1)
				a.addD(sum, sum, wide)
				a.fmaD(square, wide, wide)
			}
			a.drop(v, wide)
		}
	})
}

// products adds up g x and g, times a mask if masked is set.
func (a *asm) products(masked bool) {
	if masked {
		a.begin("productsMask", "n int, g, x []float32, mask []uint16, sums []float64")
	} else {
		a.begin("products", "n int, g, x []float32, sums []float64")
	}
	n, g, x := a.load("n"), a.load("g"), a.load("x")
	ptrs := []pointer{{g, 0, 64}, {x, 0, 64}}
	var mask, bits reg
	if masked {
		mask, bits = a.load("mask"), a.bits()
		ptrs = append(ptrs, pointer{mask, 0, 2})
	}
	a.sums(n, ptrs, func(add func(i int) (first, second vreg)) {
		gs := a.vs(4)
		for j, v := range gs {
			a.loadQ(g.at(16*j), v)
		}
		if masked {
			a.scope(func() {
				b := a.vs(4)
				for j, v := range b {
					a.loadQ(bits.at(16*j), v)
				}
				a.maskLanes(gs, gs, mask.at(0), b)
			})
		}
		for j, f := range gs {
			v, wide, wideX := a.read(x.at(16*j)), a.v(), a.v()
			for h := range 2 {
				dot, sum := add(2*j + h)
				a.widen(wide, f, h == 1)
				a.widen(wideX, v, h == 1)
				a.fmaD(dot, wide, wideX)
				a.addD(sum, sum, wide)
			}
			a.drop(v, wide, wideX)
		}
	})
}

// factors loads row i of the factors of each lane.
func (a *asm) factors(k reg, i int) []vreg {
	v := a.vs(4)
	for j := range v {
		a.loadQ(k.at(64*i+16*j), v[j])
	}
	return v
}

// affine is a (x - m) + b, not below lo. With relu lo is 0, and it stores the bits.
func (a *asm) affine(relu bool) {
	if relu {
		a.begin("affineReLU", "n int, x, k, y []float32, mask []uint16")
	} else {
		a.begin("affine", "n int, x, k []float32, lo float32, y []float32")
	}
	n, x, k, y := a.load("n"), a.load("x"), a.load("k"), a.load("y")
	m, factor, b := a.factors(k, 0), a.factors(k, 1), a.factors(k, 2)
	var lo vreg
	var mask reg
	var bits []vreg
	if relu {
		mask, bits, lo = a.load("mask"), a.laneBits(), a.v()
		a.zero(lo)
	} else {
		lo = a.broadcast("lo")
	}
	a.loop("loop", n, func() {
		out, v := a.vs(4), a.v()
		for j, o := range out {
			a.loadQ(x.at(16*j), v)
			a.sub(v, v, m[j])
			a.mov(o, b[j])
			a.fma(o, v, factor[j])
			a.max(v, o, lo) // of NaN, NaN
			a.storeQ(v, y.at(16*j))
		}
		if relu {
			a.signs(out, lo, bits, mask.at(0))
			a.move(mask, 2)
		}
		a.drop(append(out, v)...)
		a.move(x, 64)
		a.move(y, 64)
	})
	a.ret()
}

// normGrad is a (g - b - c (x - m)), with g times a mask if masked is set. It is
// generated twice in a routine: to store the result, and to add it.
func (a *asm) normGrad(masked bool) {
	if masked {
		a.begin("normGradMask", "n int, g, x, k []float32, mask []uint16, y []float32, add bool")
	} else {
		a.begin("normGrad", "n int, g, x, k, y []float32, add bool")
	}
	n, g, x, k, y, add := a.load("n"), a.load("g"), a.load("x"), a.load("k"), a.load("y"), a.flag("add")
	var mask, bits reg
	if masked {
		mask, bits = a.load("mask"), a.bits()
	}
	m, factor, b, c := a.factors(k, 0), a.factors(k, 1), a.factors(k, 2), a.factors(k, 3)
	body := func(sum bool) {
		gs := a.vs(4)
		for j, v := range gs {
			a.loadQ(g.at(16*j), v)
		}
		if masked {
			a.scope(func() {
				lanes := a.vs(4)
				for j, v := range lanes {
					a.loadQ(bits.at(16*j), v)
				}
				a.maskLanes(gs, gs, mask.at(0), lanes)
			})
			a.move(mask, 2)
		}
		for j, v := range gs {
			d := a.read(x.at(16 * j))
			a.sub(v, v, b[j])
			a.sub(d, d, m[j])
			a.fms(v, d, c[j])
			if sum {
				a.loadQ(y.at(16*j), d)
				a.fma(d, v, factor[j])
			} else {
				a.mul(d, v, factor[j])
			}
			a.storeQ(d, y.at(16*j))
			a.drop(d)
		}
		a.drop(gs...)
		for _, p := range []reg{g, x, y} {
			a.move(p, 64)
		}
	}
	count := a.gp()
	a.copy(count, n)
	a.inst("CBNZ R%d, sums", add)
	a.loop("store", n, func() { body(false) })
	a.inst("RET")
	a.label("sums")
	a.loop("add", count, func() { body(true) })
	a.ret()
}

// upsample stores each position four times.
func (a *asm) upsample() {
	a.begin("upsample", "n int, x, y []float32, pitch int")
	n, x, y, row := a.load("n"), a.load("x"), a.load("y"), a.stride("pitch", 6)
	below := a.gp()
	v := a.vs(4)
	a.loop("loop", n, func() {
		a.inst("ADD R%d, R%d, R%d", row, y, below)
		for j, r := range v {
			a.loadQ(x.at(16*j), r)
		}
		for _, to := range []reg{y, below} {
			for j := range 8 {
				a.storeQ(v[j%4], to.at(16*j))
			}
		}
		a.move(x, 64)
		a.move(y, 128)
	})
	a.ret()
}

// quads adds up windows of 2x2 positions.
func (a *asm) quads() {
	a.begin("quads", "n int, x []float32, pitch int, y []float32, add bool")
	n, x, row, y, add := a.load("n"), a.load("x"), a.stride("pitch", 6), a.load("y"), a.flag("add")
	below := a.gp()
	v, t, u := a.vs(4), a.v(), a.v()
	a.loop("loop", n, func() {
		a.inst("ADD R%d, R%d, R%d", row, x, below)
		for j, r := range v {
			a.loadQ(x.at(16*j), r)
			a.loadQ(x.at(64+16*j), t)
			a.add(r, r, t)
			a.loadQ(below.at(16*j), t)
			a.loadQ(below.at(64+16*j), u)
			a.add(t, t, u)
			a.add(r, r, t)
		}
		a.inst("CBZ R%d, keep", add)
		for j, r := range v {
			a.loadQ(y.at(16*j), t)
			a.add(r, r, t)
		}
		a.label("keep")
		for j, r := range v {
			a.storeQ(r, y.at(16*j))
		}
		a.move(x, 128)
		a.move(y, 64)
	})
	a.ret()
}

// sigmoid is 1/(1 + exp(-x)), in place; n is a multiple of 16. exp(-x) is 2^n exp(r) with
// the integer n nearest to -x/ln 2, so |r| is at most ln(2)/2. Its series up to r^7/7! is
// exact to 6e-9. ln 2 is subtracted in two parts, of which the first times n is exact. With
// |x| limited to 87, 2^n exp(r) is a normal number.
func (a *asm) sigmoid() {
	const ln2Hi, ln2Lo = 0.693359375, -2.12194440e-4
	a.begin("sigmoid", "n int, x []float32")
	n := a.load("n")
	lo, hi := a.constant(-87), a.constant(87)
	k := a.lanes(-1/math.Ln2, ln2Hi, ln2Lo)
	var series []vreg
	for _, f := range []float64{1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2, 1} {
		series = append(series, a.constant(f))
	}
	one := series[6]
	a.each16(n, []string{"x"}, func(at []mem) {
		x, whole, f, r := a.read(at[0]), a.v(), a.v(), a.v()
		a.max(x, x, lo)
		a.min(x, x, hi)
		a.mulLane(f, x, k[0])
		a.round(whole, f)
		a.float(f, whole)
		a.zero(r)
		a.sub(r, r, x)
		a.fmsLane(r, f, k[1]) // -x - n ln2Hi
		a.fmsLane(r, f, k[2])
		sum, next := a.v(), a.v()
		a.mov(sum, series[0])
		for _, c := range append(series[1:], one) {
			a.mov(next, c)
			a.fma(next, sum, r)
			sum, next = next, sum
		}
		a.inst("VSHL $23, V%d.S4, V%[1]d.S4", whole) // into the exponent
		a.inst("VADD V%d.S4, V%d.S4, V%[2]d.S4", whole, sum)
		a.add(sum, sum, one)
		a.div(sum, one, sum)
		a.storeQ(sum, at[0])
	})
	a.ret()
}
