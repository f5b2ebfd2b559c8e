package main

import "fmt"

// first keeps six pixels of a block in registers, like gemm, and unrolls all 27 taps. The
// pixels of a row under the taps are lanes of two registers.
func (a *asm) first() {
	a.begin("first1", "n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int")
	n, x, row, plane := a.load("n"), a.load("x"), a.stride("row", 2), a.stride("plane", 2)
	w, bias, y, mask := a.load("w"), a.load("bias"), a.load("y"), a.load("mask")
	at, line, bits := a.gp(), a.gp(), a.bits()
	for _, pixels := range []int{6, 2, 1} {
		name := fmt.Sprintf("pixels%d", pixels)
		a.label(name)
		a.inst("CMP $%d, R%d", pixels, n)
		a.inst("BLT %s_end", name)
		acc := a.vs(4 * pixels)
		for i, v := range acc {
			a.loadQ(bias.at(16*(i%4)), v)
		}
		a.copy(at, x)
		for t := range 9 {
			if t%3 == 0 {
				if t > 0 {
					a.advance(at, plane)
				}
				a.copy(line, at)
			}
			a.firstRow(acc, pixels, line, w.at(t*3*64))
			if t%3 < 2 {
				a.advance(line, row)
			}
		}
		a.firstStore(acc, pixels, y, mask, bits)
		a.drop(acc...)
		a.move(x, 4*pixels)
		a.move(y, 64*pixels)
		a.move(mask, 2*pixels)
		a.inst("SUB $%d, R%d", pixels, n)
		a.inst("B %s", name)
		a.label(name + "_end")
	}
	a.ret()
}

// firstRow adds the three taps of a row. It reads no pixel beyond them.
func (a *asm) firstRow(acc []vreg, pixels int, x reg, w mem) {
	a.scope(func() {
		f, ws := a.vs(2), a.vs(4)
		switch pixels {
		case 6:
			a.loadPair(x.at(0), f[0], f[1])
		case 2:
			a.loadQ(x.at(0), f[0])
		default:
			a.loadD(x.at(0), f[0])
			a.loadS(x.at(8), f[1])
		}
		for dx := range 3 {
			a.loadPair(mem{w.base, w.disp + 64*dx}, ws[0], ws[1])
			a.loadPair(mem{w.base, w.disp + 64*dx + 32}, ws[2], ws[3])
			for i := range pixels {
				at := lane{f[(i+dx)/4], (i + dx) % 4}
				if pixels == 1 {
					at = lane{f[dx/2], dx % 2}
				}
				for j, v := range ws {
					a.fmaLane(acc[4*i+j], v, at)
				}
			}
		}
	})
}

// firstStore stores the pixels, not below lo, and the mask of what is above 0.
func (a *asm) firstStore(acc []vreg, pixels int, y, mask, bits reg) {
	a.scope(func() {
		lo, zero, b, t, sum := a.broadcast("lo"), a.v(), a.v(), a.v(), a.v()
		a.zero(zero)
		for i := range pixels {
			for j, v := range acc[4*i:][:4] {
				a.loadQ(bits.at(16*j), b)
				a.greater(t, v, zero)
				a.and(t, t, b)
				if j == 0 {
					a.mov(sum, t)
				} else {
					a.or(sum, sum, t)
				}
				a.max(v, v, lo)
				a.storeQ(v, y.at(64*i+16*j))
			}
			a.word16(sum, mask.at(2*i))
		}
	})
}

// pack transposes squares of four positions and four lanes.
func (a *asm) pack() {
	a.begin("pack", "n int, x []float32, mask []uint16, b []float32, bStride int")
	n, x, mask, b, row := a.load("n"), a.load("x"), a.load("mask"), a.load("b"), a.stride("bStride", 2)
	to := a.gp()
	bits := a.laneBits()
	a.inst("LSR $2, R%d", n)
	a.loop("loop", n, func() {
		v := a.vs(16) // position, then quarter of the lanes
		for i := range 4 {
			for j := range 4 {
				a.loadQ(x.at(64*i+16*j), v[4*i+j])
			}
			a.maskLanes(v[4*i:][:4], v[4*i:][:4], mask.at(2*i), bits)
		}
		a.copy(to, b)
		for j := range 4 {
			for _, o := range a.transposed([4]vreg{v[j], v[4+j], v[8+j], v[12+j]}) {
				a.storeQ(o, to.at(0))
				a.advance(to, row)
			}
		}
		a.drop(v...)
		a.move(x, 4*64)
		a.move(mask, 8)
		a.move(b, 16)
	})
	a.ret()
}

// transposed transposes four registers of four lanes, in place.
func (a *asm) transposed(v [4]vreg) [4]vreg {
	t, u := a.v(), a.v()
	for i := 0; i < 4; i += 2 {
		a.transpose(1, "S4", t, v[i], v[i+1])
		a.transpose(2, "S4", u, v[i], v[i+1])
		a.mov(v[i], t)
		a.mov(v[i+1], u)
	}
	for i := range 2 {
		a.transpose(1, "D2", t, v[i], v[i+2])
		a.transpose(2, "D2", u, v[i], v[i+2])
		a.mov(v[i], t)
		a.mov(v[i+2], u)
	}
	a.drop(t, u)
	return v
}

// taps processes n pixels, a multiple of 16.
func (a *asm) taps() {
	a.begin("taps", "n int, p []float32, pStride, pitch int, y []float32")
	n, p, y := a.load("n"), a.load("p"), a.load("y")
	ps, pitch := a.stride("pStride", 2), a.stride("pitch", 2)
	at := a.gp()
	a.inst("ADD R%d<<1, R%d", pitch, p)
	a.inst("LSR $4, R%d", n)
	a.loop("loop", n, func() {
		a.copy(at, p)
		sums, v := a.vs(4), a.v()
		for t := range 9 {
			for i, s := range sums {
				from := at.at(16*i + 4*(2-t%3))
				if t == 0 {
					a.loadQ(from, s)
				} else {
					a.loadQ(from, v)
					a.add(s, s, v)
				}
			}
			a.advance(at, ps)
			if t%3 == 2 {
				a.back(at, pitch)
			}
		}
		for i, s := range sums {
			a.storeQ(s, y.at(16*i))
		}
		a.drop(append(sums, v)...)
		a.move(p, 64)
		a.move(y, 64)
	})
	a.ret()
}
