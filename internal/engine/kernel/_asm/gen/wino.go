package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The constants of the transforms, for the points 0, ±p, ±q and infinity; the
// plain twins in generic_wino.go say why these.
const (
	p, q         = 3. / 4, 3. / 2
	normP, normQ = 1 / (2 * p * p * (p*p - q*q)), 1 / (2 * q * q * (q*q - p*p))
)

// lineConstants are the constants of inLine or outLine, in its order.
type lineConstants []Op

func (s ISA) inConstants() lineConstants {
	return lineConstants{s.constant(p * p * q * q), s.constant(p*p + q*q), s.constant(p * p), s.constant(q * q), s.constant(p), s.constant(q)}
}

// inLine is B^T in one dimension, in place:
//
//	o0 = p²q² d0 - (p²+q²) d2 + d4          o5 = p²q² d1 - (p²+q²) d3 + d5
//	o1, o2 = (d4 - q² d2) +- p (d3 - q² d1)    o3, o4 = (d4 - p² d2) +- q (d3 - p² d1)
func (s ISA) inLine(d []reg.VecVirtual, c lineConstants) {
	ppqq, sum, pp, qq, p, q := c[0], c[1], c[2], c[3], c[4], c[5]
	a, b, e := s.v(), s.v(), s.v()
	VFMADD132PS(ppqq, d[4], d[0])
	VFNMADD231PS(sum, d[2], d[0])
	VFMADD231PS(ppqq, d[1], d[5])
	VFNMADD231PS(sum, d[3], d[5])
	VMOVAPS(d[4], a)
	VFNMADD231PS(pp, d[2], a) // d4 - p² d2
	VMOVAPS(d[3], b)
	VFNMADD231PS(pp, d[1], b) // d3 - p² d1
	VFNMADD231PS(qq, d[2], d[4])
	VFNMADD231PS(qq, d[1], d[3])
	VMOVAPS(d[4], d[1])
	VFMADD231PS(p, d[3], d[1])
	VMOVAPS(d[4], d[2])
	VFNMADD231PS(p, d[3], d[2])
	VMOVAPS(a, e)
	VFMADD231PS(q, b, e)
	VFNMADD231PS(q, b, a)
	VMOVAPS(e, d[3])
	VMOVAPS(a, d[4])
}

func (s ISA) outConstants() lineConstants {
	return lineConstants{s.constant(p), s.constant(q), s.constant(p * p), s.constant(q * q), s.constant(p * p * p), s.constant(q * q * q)}
}

// outLine is A^T in one dimension; the results are the first four of what it
// returns:
//
//	o0 = m0 + (m1 + m2) + (m3 + m4)        o1 = p (m1 - m2) + q (m3 - m4)
//	o2 = p² (m1 + m2) + q² (m3 + m4)       o3 = p³ (m1 - m2) + q³ (m3 - m4) + m5
func (s ISA) outLine(m []reg.VecVirtual, c lineConstants) []reg.VecVirtual {
	p, q, pp, qq, ppp, qqq := c[0], c[1], c[2], c[3], c[4], c[5]
	t, u := s.v(), s.v()
	VADDPS(m[2], m[1], t)        // m1 + m2
	VSUBPS(m[2], m[1], m[1])     // m1 - m2
	VADDPS(m[4], m[3], u)        // m3 + m4
	VSUBPS(m[4], m[3], m[3])     // m3 - m4
	VADDPS(t, m[0], m[0])        //
	VADDPS(u, m[0], m[0])        // o0
	VMULPS(pp, t, t)             //
	VFMADD231PS(qq, u, t)        // o2
	VFMADD231PS(ppp, m[1], m[5]) //
	VFMADD231PS(qqq, m[3], m[5]) // o3
	VMULPS(p, m[1], m[1])        //
	VFMADD231PS(q, m[3], m[1])   // o1
	return []reg.VecVirtual{m[0], m[1], t, m[5]}
}

// winoIns generates the three input transforms.
func (s ISA) winoIns() {
	s.text("winoIn", "n int, x []float32, pitch int, v []float32, vStride int")
	n, x, row := load("n"), base("x"), stride("pitch", 6)
	p := GP64()
	s.winoIn(n, []pointer{{x, 32, 4 * 64}}, func() { MOVQ(x, p) }, func(y int, d []reg.VecVirtual) {
		for i := range d {
			VMOVUPS(Mem{Base: p, Disp: i * 64}, d[i])
		}
		s.ahead(p, 4)
		if y < 5 {
			ADDQ(row, p)
		}
	})

	s.text("winoInMask", "n int, x []float32, mask []uint16, pitch int, v []float32, vStride int")
	n, x, mask := load("n"), base("x"), base("mask")
	row = stride("pitch", 6)
	mrow := stride("pitch", 1)
	p, q := GP64(), GP64()
	s.winoIn(n, []pointer{{x, 32, 4 * 64}, {mask, 1, 4 * 2}}, func() { MOVQ(x, p); MOVQ(mask, q) }, func(y int, d []reg.VecVirtual) {
		for i := range d {
			s.masked(Mem{Base: p, Disp: i * 64}, Mem{Base: q, Disp: i * 2}, d[i])
		}
		if y < 5 {
			ADDQ(row, p)
			ADDQ(mrow, q)
		}
	})

	s.text("winoInUnpool", "n int, x []float32, xPitch int, mask []uint16, pitch int, scale float32, v []float32, vStride int")
	n, x, mask = load("n"), base("x"), base("mask")
	row, mrow = stride("xPitch", 6), stride("pitch", 1)
	p, q = GP64(), GP64()
	patch := s.frame(16)
	s.winoIn(n, []pointer{{x, 32, 2 * 64}, {mask, 1, 4 * 2}}, func() {
		MOVQ(x, p)
		MOVQ(mask, q)
		f, t := s.broadcast("scale"), s.v()
		for i := range 16 {
			VMULPS(Mem{Base: p, Disp: i % 4 * 64}, f, t)
			VMOVUPS(t, patch(i))
			if i%4 == 3 && i < 15 {
				ADDQ(row, p)
			}
		}
	}, func(y int, d []reg.VecVirtual) {
		for i := range d {
			s.masked(patch((y+1)/2*4+(i+1)/2), Mem{Base: q, Disp: i * 2}, d[i])
		}
		if y < 5 {
			ADDQ(mrow, q)
		}
	})
}

// tilesAhead is how many tiles before its use a position is asked for. Rows are too far apart
// for the processor to see a pattern, and memory takes as long as some tiles do.
const tilesAhead = 8

// ahead asks for the positions of a row that a later tile reads, of which each tile reads
// that many.
func (s ISA) ahead(p reg.GPVirtual, positions int) {
	for i := range positions {
		PREFETCHT0(Mem{Base: p, Disp: (tilesAhead*positions + i) * 64})
	}
}

// winoIn generates the loop over tiles. It calls start before each tile, and load for each of
// the six rows of its patch.
func (s ISA) winoIn(n reg.GPVirtual, ptrs []pointer, start func(), load func(y int, d []reg.VecVirtual)) {
	v, vs := base("v"), stride("vStride", 2)
	p := GP64()
	column := newStrided(p, times(6, vs))
	tmp := s.frame(36)
	c := s.inConstants()
	to := pointer{v, 32, 64}
	if s.half {
		to.step = 32
	}
	s.positions(n, append(ptrs, to), func() {
		start()
		for y := range 6 {
			d := s.vs(6)
			load(y, d)
			s.inLine(d, c)
			for x := range 6 {
				VMOVUPS(d[x], tmp(6*y+x))
			}
		}
		MOVQ(v, p)
		for x := range 6 {
			d := s.vs(6)
			for y := range 6 {
				VMOVUPS(tmp(6*y+x), d[y])
			}
			s.inLine(d, c)
			for y := range 6 {
				s.put(d[y], column.at(y, 0))
			}
			if x < 5 {
				ADDQ(vs, p)
			}
		}
	})
	s.ret()
}

// winoOuts generates the five output transforms.
func (s ISA) winoOuts() {
	s.text("winoOut", "n int, m []float32, mStride int, bias, y []float32, pitch int")
	s.winoOutPlain(func(o reg.VecVirtual, at Mem) { VMOVUPS(o, at) })
	s.text("winoOutAdd", "n int, m []float32, mStride int, bias, y []float32, pitch int")
	s.winoOutPlain(func(o reg.VecVirtual, at Mem) {
		VADDPS(at, o, o)
		VMOVUPS(o, at)
	})

	s.text("winoOutReLU", "n int, m []float32, mStride int, bias, y []float32, mask []uint16, pitch int")
	n, y, mask := load("n"), base("y"), base("mask")
	out := newStrided(y, stride("pitch", 6))
	bits := newStrided(mask, stride("pitch", 1))
	zero := s.v()
	s.zero(zero)
	s.winoOut(n, []pointer{{y, 32, 4 * 64}, {mask, 1, 4 * 2}}, func(x int, o []reg.VecVirtual) {
		for i, v := range o {
			s.sign(v, zero, bits.at(i, 2*x))
			VMAXPS(v, zero, v)
			VMOVUPS(v, out.at(i, 64*x))
		}
	})

	const pooled = "n int, m []float32, mStride int, bias, y []float32, yPitch int, mask []uint16, pitch int, scale float32"
	for _, kind := range []string{"Max", "Avg"} {
		s.text("winoOut"+kind, pooled)
		n, y, mask := load("n"), base("y"), base("mask")
		yrow := stride("yPitch", 6)
		bits := newStrided(mask, stride("pitch", 1))
		tmp := s.frame(4)
		s.winoOut(n, []pointer{{y, 32, 2 * 64}, {mask, 1, 4 * 2}}, func(x int, o []reg.VecVirtual) {
			if x%2 == 0 {
				for i, v := range o {
					VMOVUPS(v, tmp(i))
				}
				return
			}
			for w := range 2 {
				a, c := s.v(), s.v()
				VMOVUPS(tmp(2*w), a)
				VMOVUPS(tmp(2*w+1), c)
				at := Mem{Base: y, Disp: x / 2 * 64}
				if w == 1 {
					at.Index, at.Scale = yrow, 1
				}
				win := window{a, o[2*w], c, o[2*w+1]}
				m := [4]Mem{bits.at(2*w, 2*x-2), bits.at(2*w, 2*x), bits.at(2*w+1, 2*x-2), bits.at(2*w+1, 2*x)}
				lo := s.v()
				s.zero(lo)
				if kind == "Max" {
					s.windowMax(win, m, lo, at, "scale")
				} else {
					for i, v := range win {
						s.sign(v, lo, m[i])
						VMAXPS(v, lo, v)
					}
					s.windowAvg(win, at, "scale")
				}
			}
		})
	}
}

// winoOutPlain generates winoOut or winoOutAdd.
func (s ISA) winoOutPlain(store func(o reg.VecVirtual, at Mem)) {
	n, y := load("n"), base("y")
	out := newStrided(y, stride("pitch", 6))
	s.winoOut(n, []pointer{{y, 32, 4 * 64}}, func(x int, o []reg.VecVirtual) {
		for i, v := range o {
			store(v, out.at(i, 64*x))
		}
	})
}

// winoOut generates the loop over tiles. It calls store for each of the four columns.
func (s ISA) winoOut(n reg.GPVirtual, ptrs []pointer, store func(x int, o []reg.VecVirtual)) {
	m, ms, bias := base("m"), stride("mStride", 2), base("bias")
	p := GP64()
	row := newStrided(p, ms)
	tmp := s.frame(24)
	c := s.outConstants()
	if !s.wide {
		ptrs = append(ptrs, pointer{bias, 32, 0})
	}
	s.positions(n, append(ptrs, pointer{m, 32, 64}), func() {
		MOVQ(m, p)
		for y := range 6 {
			d := s.vs(6)
			for x := range 6 {
				VMOVUPS(row.at(x, 0), d[x])
			}
			for x, v := range s.outLine(d, c) {
				VMOVUPS(v, tmp(4*y+x))
			}
			if y < 5 {
				LEAQ(Mem{Base: p, Index: row.s3, Scale: 2}, p)
			}
		}
		for x := range 4 {
			d := s.vs(6)
			for y := range 6 {
				VMOVUPS(tmp(4*y+x), d[y])
			}
			o := s.outLine(d, c)
			for _, v := range o {
				VADDPS(Mem{Base: bias}, v, v)
			}
			store(x, o)
		}
	})
	s.ret()
}
