package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// mirrors generates the transforms of a mirrored convolution, which normalises its input as
// it reads it.
func (s ISA) mirrors() {
	s.winoInAffine()
	s.repeatIn()
	s.repeatOut()
	s.winoOutEven()
	s.affineSum()
}

// channelMap loads max(lo, a (x - m) + b) of a position, with the rows m, a and b of the
// parameter k. With AVX-512 they stay in registers. With AVX2 they are in memory; k then
// moves on with the halves of a position.
func (s ISA) channelMap() (k reg.GPVirtual, load func(at Mem, d reg.VecVirtual)) {
	k = base("k")
	lo := s.broadcast("lo")
	if !s.wide {
		return k, func(at Mem, d reg.VecVirtual) {
			a := s.v()
			VMOVUPS(at, d)
			VSUBPS(Mem{Base: k}, d, d)
			VMOVUPS(Mem{Base: k, Disp: 64}, a)
			VFMADD213PS(Mem{Base: k, Disp: 128}, a, d)
			VMAXPS(d, lo, d)
		}
	}
	m, a, b := s.lanes(k, 0), s.lanes(k, 1), s.lanes(k, 2)
	return k, func(at Mem, d reg.VecVirtual) {
		VMOVUPS(at, d)
		VSUBPS(m(0), d, d)
		VFMADD213PS(b(0), a(0), d)
		VMAXPS(d, lo, d) // of NaN, NaN
	}
}

// winoInAffine is winoIn of what the map of a channel makes of x.
func (s ISA) winoInAffine() {
	s.text("winoInAffine", "n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int")
	n, x, row := load("n"), base("x"), stride("pitch", 6)
	k, mapped := s.channelMap()
	p := GP64()
	s.winoIn(n, []pointer{{x, 32, 4 * 64}, {k, 32, 0}}, func() { MOVQ(x, p) }, func(y int, d []reg.VecVirtual) {
		for i := range d {
			mapped(Mem{Base: p, Disp: i * 64}, d[i])
		}
		s.ahead(p, 4)
		if y < 5 {
			ADDQ(row, p)
		}
	})
}

// repeatIn transforms the 4x4 positions that a tile of repeated ones reads. In one dimension
// p, q, r, s become p-r, q+r, r-q and s-q.
func (s ISA) repeatIn() {
	s.text("repeatIn", "n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int")
	n, x, row := load("n"), base("x"), stride("pitch", 6)
	k, mapped := s.channelMap()
	v, vs := base("v"), stride("vStride", 2)
	from, to := GP64(), GP64()
	rows := GP64() // four frequencies further
	MOVQ(vs, rows)
	SHLQ(Imm(2), rows)
	column := newStrided(to, rows)
	tmp := s.frame(16)
	line := func(d []reg.VecVirtual) []reg.VecVirtual {
		e := s.v()
		VSUBPS(d[2], d[0], d[0])
		VADDPS(d[2], d[1], e)
		VSUBPS(d[1], d[3], d[3])
		VSUBPS(d[1], d[2], d[2])
		return []reg.VecVirtual{d[0], e, d[2], d[3]}
	}
	s.positions(n, []pointer{{x, 32, 2 * 64}, {k, 32, 0}, {v, 32, 64}}, func() {
		MOVQ(x, from)
		for y := range 4 {
			d := s.vs(4)
			for i := range d {
				mapped(Mem{Base: from, Disp: i * 64}, d[i])
			}
			s.ahead(from, 2)
			for i, o := range line(d) {
				VMOVUPS(o, tmp(4*y+i))
			}
			if y < 3 {
				ADDQ(row, from)
			}
		}
		MOVQ(v, to)
		for i := range 4 {
			d := s.vs(4)
			for y := range d {
				VMOVUPS(tmp(4*y+i), d[y])
			}
			for y, o := range line(d) {
				VMOVUPS(o, column.at(y, 0))
			}
			if i < 3 {
				ADDQ(vs, to)
			}
		}
	})
	s.ret()
}

// repeatOut transforms 5x5 products back. In one dimension m0 to m4 become
//
//	m0 + m1 - m2 + m3, m1 - m2 - m3, m1 + m2 - m3, m1 + m2 + m3 + m4
func (s ISA) repeatOut() {
	s.text("repeatOut", "n int, m []float32, mStride int, y []float32, pitch int")
	n, y := load("n"), base("y")
	out := newStrided(y, stride("pitch", 6))
	m, ms := base("m"), stride("mStride", 2)
	from := GP64()
	row := newStrided(from, ms)
	tmp := s.frame(20)
	line := func(m []reg.VecVirtual) []reg.VecVirtual {
		a := s.v()
		VADDPS(m[3], m[1], a)    // m1 + m3
		VSUBPS(m[3], m[1], m[1]) // m1 - m3
		VSUBPS(m[2], a, m[3])
		VADDPS(m[3], m[0], m[0])
		VADDPS(m[2], a, a)
		VADDPS(m[4], a, a)
		VSUBPS(m[2], m[1], m[3])
		VADDPS(m[2], m[1], m[1])
		return []reg.VecVirtual{m[0], m[3], m[1], a}
	}
	s.positions(n, []pointer{{y, 32, 4 * 64}, {m, 32, 64}}, func() {
		MOVQ(m, from)
		for y := range 5 {
			d := s.vs(5)
			for x := range d {
				VMOVUPS(row.at(x, 0), d[x])
			}
			for x, o := range line(d) {
				VMOVUPS(o, tmp(4*y+x))
			}
			if y < 4 {
				LEAQ(Mem{Base: from, Index: row.s5, Scale: 1}, from)
			}
		}
		for x := range 4 {
			d := s.vs(5)
			for y := range d {
				VMOVUPS(tmp(4*y+x), d[y])
			}
			for y, o := range line(d) {
				VMOVUPS(o, out.at(y, 64*x))
			}
		}
	})
	s.ret()
}

// winoOutEven stores the even positions of the even rows of each tile. They do not need the
// last row and column of frequencies.
func (s ISA) winoOutEven() {
	s.text("winoOutEven", "n int, m []float32, mStride int, y []float32, pitch int")
	n, y, pitch := load("n"), base("y"), stride("pitch", 6)
	m, ms := base("m"), stride("mStride", 2)
	from := GP64()
	row := newStrided(from, ms)
	tmp := s.frame(10)
	pp, qq := s.constant(p*p), s.constant(q*q)
	even := func(m []reg.VecVirtual) []reg.VecVirtual {
		VADDPS(m[2], m[1], m[1])
		VADDPS(m[4], m[3], m[3])
		VADDPS(m[1], m[0], m[0])
		VADDPS(m[3], m[0], m[0])
		VMULPS(pp, m[1], m[1])
		VFMADD231PS(qq, m[3], m[1])
		return m[:2]
	}
	s.positions(n, []pointer{{y, 32, 2 * 64}, {m, 32, 64}}, func() {
		MOVQ(m, from)
		for y := range 5 {
			d := s.vs(5)
			for x := range d {
				VMOVUPS(row.at(x, 0), d[x])
			}
			for x, v := range even(d) {
				VMOVUPS(v, tmp(2*y+x))
			}
			if y < 4 {
				LEAQ(Mem{Base: from, Index: row.s3, Scale: 2}, from)
			}
		}
		for x := range 2 {
			d := s.vs(5)
			for y := range d {
				VMOVUPS(tmp(2*y+x), d[y])
			}
			o := even(d)
			VMOVUPS(o[0], Mem{Base: y, Disp: 64 * x})
			VMOVUPS(o[1], Mem{Base: y, Index: pitch, Scale: 1, Disp: 64 * x})
		}
	})
	s.ret()
}

// affineSum is y = z + a (x - m) + b.
func (s ISA) affineSum() {
	s.text("affineSum", "n int, x, k, z, y []float32")
	n, x, k, z, y := load("n"), base("x"), base("k"), base("z"), base("y")
	m, a, b := s.lanes(k, 0), s.lanes(k, 1), s.lanes(k, 2)
	s.whole(n, []pointer{{x, 32, 64}, {z, 32, 64}, {y, 32, 64}}, func(at int) {
		v := s.v()
		VMOVUPS(Mem{Base: x, Disp: at}, v)
		VSUBPS(m(at), v, v)
		VFMADD213PS(b(at), a(at), v)
		VADDPS(Mem{Base: z, Disp: at}, v, v)
		VMOVUPS(v, Mem{Base: y, Disp: at})
	})
	s.ret()
}
