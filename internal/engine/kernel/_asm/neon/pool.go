package main

// window is the four values of a 2x2 window in reading order.
type window [4]vreg

// windowMax leaves the maximum, but at least lo, in the first value. It returns ones for the
// first place that has it, if it is above lo.
func (a *asm) windowMax(w window, lo vreg) [4]vreg {
	best, rest := a.v(), a.v()
	a.max(best, w[0], w[1])
	a.max(rest, w[2], w[3])
	a.max(best, best, rest)
	a.greater(rest, best, lo)
	var out [4]vreg
	for i := range 3 {
		t := a.v()
		a.equal(t, w[i], best)
		a.and(t, t, rest)
		a.clearBits(rest, rest, t)
		out[i] = t
	}
	out[3] = rest
	a.max(w[0], best, lo)
	a.drop(best)
	return out
}

// windowAvg leaves the sum in the first value. It returns ones for each that is above lo.
func (a *asm) windowAvg(w window, lo vreg) [4]vreg {
	var out [4]vreg
	for i, v := range w {
		out[i] = a.v()
		a.greater(out[i], v, lo)
	}
	a.sum(w)
	return out
}

// windowAvgReLU is windowAvg with lo in place of values below it.
func (a *asm) windowAvgReLU(w window, lo vreg) [4]vreg {
	var out [4]vreg
	for i, v := range w {
		out[i] = a.v()
		a.greater(out[i], v, lo)
		a.max(v, v, lo)
	}
	a.sum(w)
	return out
}

// sum leaves the sum in the first value.
func (a *asm) sum(w window) {
	a.add(w[0], w[0], w[1])
	a.add(w[2], w[2], w[3])
	a.add(w[0], w[0], w[2])
}

// factor is the parameter scale, divided by 4 for an average.
func (a *asm) factor(average bool) vreg {
	scale := a.broadcast("scale")
	if average {
		quarter := a.constant(1. / 4)
		a.mul(scale, scale, quarter)
		a.drop(quarter)
	}
	return scale
}

// laneBits are the bits of all lanes of a position in four registers.
func (a *asm) laneBits() []vreg {
	at, bits := a.bits(), a.vs(4)
	for i, v := range bits {
		a.loadQ(at.at(16*i), v)
	}
	return bits
}

// word16 stores the sum of the bits in the lanes of v as the mask of a position.
func (a *asm) word16(v vreg, at mem) {
	a.two(0x4eb1b800, "addv", "s", "4s", v, v)
	a.storeH(v, at)
}

// pools generates separate pooling and its gradient.
func (a *asm) pools() {
	for _, kind := range []string{"Max", "Avg"} {
		a.begin("pool"+kind, "n int, x, y []float32, mask []uint16, pitch int, lo, scale float32")
		n, x, y, mask := a.load("n"), a.load("x"), a.load("y"), a.load("mask")
		row, words := a.stride("pitch", 6), a.stride("pitch", 1)
		below, maskBelow := a.gp(), a.gp()
		lo, scale, bits := a.broadcast("lo"), a.factor(kind == "Avg"), a.laneBits()
		a.loop("loop", n, func() {
			a.inst("ADD R%d, R%d, R%d", row, x, below)
			a.inst("ADD R%d, R%d, R%d", words, mask, maskBelow)
			acc := a.vs(4)
			for j := range 4 {
				w := window(a.vs(4))
				for i, v := range w {
					a.loadQ([]reg{x, below}[i/2].at(i%2*64+16*j), v)
				}
				pool := a.windowMax
				if kind == "Avg" {
					pool = a.windowAvg
				}
				for i, t := range pool(w, lo) {
					a.and(t, t, bits[j])
					if j == 0 {
						a.mov(acc[i], t)
					} else {
						a.or(acc[i], acc[i], t)
					}
					a.drop(t)
				}
				a.mul(w[0], w[0], scale)
				a.storeQ(w[0], y.at(16*j))
				a.drop(w[:]...)
			}
			for i, v := range acc {
				a.word16(v, []reg{mask, maskBelow}[i/2].at(i%2*2))
			}
			a.drop(acc...)
			a.move(x, 2*64)
			a.move(y, 64)
			a.move(mask, 4)
		})
		a.ret()
	}
	a.unpool()
}

func (a *asm) unpool() {
	a.begin("unpool", "n int, x []float32, mask []uint16, y []float32, pitch int, scale float32, add bool")
	n, x, y, mask, add := a.load("n"), a.load("x"), a.load("y"), a.load("mask"), a.flag("add")
	row, words := a.stride("pitch", 6), a.stride("pitch", 1)
	below, maskBelow := a.gp(), a.gp()
	scale, bits := a.broadcast("scale"), a.laneBits()
	a.loop("loop", n, func() {
		a.inst("ADD R%d, R%d, R%d", row, y, below)
		a.inst("ADD R%d, R%d, R%d", words, mask, maskBelow)
		out := a.vs(16)
		for j := range 4 {
			a.loadQ(x.at(16*j), out[j])
			a.mul(out[j], out[j], scale)
		}
		for i := 3; i >= 0; i-- { // the first place last, since it has the values
			a.maskLanes(out[:4], out[4*i:][:4], []reg{mask, maskBelow}[i/2].at(i%2*2), bits)
		}
		a.inst("CBZ R%d, store", add)
		a.each(y, below, func(i int, at mem) {
			t := a.v()
			a.loadQ(at, t)
			a.add(out[i], out[i], t)
			a.drop(t)
		})
		a.label("store")
		a.each(y, below, func(i int, at mem) { a.storeQ(out[i], at) })
		a.drop(out...)
		a.move(x, 64)
		a.move(y, 2*64)
		a.move(mask, 4)
	})
	a.ret()
}

// each visits the registers of a window of 2x2 positions.
func (a *asm) each(top, below reg, f func(i int, at mem)) {
	for i := range 16 {
		f(i, []reg{top, below}[i/8].at(16*(i%8)))
	}
}

// maskLanes writes to a position the lanes of another that have a bit in the mask, and 0
// elsewhere.
func (a *asm) maskLanes(from, to []vreg, mask mem, bits []vreg) {
	m, t := a.v(), a.v()
	a.loadH(mask, m)
	a.inst("VDUP V%d.S[0], V%[1]d.S4", m)
	for j, b := range bits {
		a.test(t, m, b)
		a.and(to[j], from[j], t)
	}
	a.drop(m, t)
}

// masks generates mask and sign.
func (a *asm) masks() {
	a.begin("mask", "x []float32, mask []uint16")
	n, x, mask := a.length("mask"), a.load("x"), a.load("mask")
	bits := a.laneBits()
	v := a.vs(4)
	a.loop("loop", n, func() {
		for j := range v {
			a.loadQ(x.at(16*j), v[j])
		}
		a.maskLanes(v, v, mask.at(0), bits)
		for j := range v {
			a.storeQ(v[j], x.at(16*j))
		}
		a.move(x, 64)
		a.move(mask, 2)
	})
	a.ret()

	a.begin("sign", "x []float32, mask []uint16")
	n, x, mask = a.length("mask"), a.load("x"), a.load("mask")
	bits = a.laneBits()
	zero := a.v()
	a.zero(zero)
	v = a.vs(4)
	a.loop("loop", n, func() {
		for j := range v {
			a.loadQ(x.at(16*j), v[j])
		}
		a.signs(v, zero, bits, mask.at(0))
		a.move(x, 64)
		a.move(mask, 2)
	})
	a.ret()
}

// signs stores the mask of v > lo. It does not keep v.
func (a *asm) signs(v []vreg, lo vreg, bits []vreg, at mem) {
	for j, b := range bits {
		a.greater(v[j], v[j], lo)
		a.and(v[j], v[j], b)
	}
	a.or(v[0], v[0], v[1])
	a.or(v[2], v[2], v[3])
	a.or(v[0], v[0], v[2])
	a.word16(v[0], at)
}
