package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// inLine is B^T in one dimension, in place:
//
//	o0 = 4 d0 - 5 d2 + d4    o5 = 4 d1 - 5 d3 + d5
//	o1, o2 = (d4 - 4 d2) +- (d3 - 4 d1)    o3, o4 = (d4 - d2) +- 2 (d3 - d1)
func (s ISA) inLine(d []reg.VecVirtual, four, five Op) {
	a, b := s.v(), s.v()
	VFMADD132PS(four, d[4], d[0])
	VFNMADD231PS(five, d[2], d[0])
	VFMADD231PS(four, d[1], d[5])
	VFNMADD231PS(five, d[3], d[5])
	VSUBPS(d[2], d[4], a)
	VSUBPS(d[1], d[3], b)
	VADDPS(b, b, b)
	VFNMADD231PS(four, d[2], d[4])
	VFNMADD231PS(four, d[1], d[3])
	VADDPS(d[3], d[4], d[1])
	VSUBPS(d[3], d[4], d[2])
	VADDPS(b, a, d[3])
	VSUBPS(b, a, d[4])
}

// outLine is A^T in one dimension; the results are the first four of what it
// returns:
//
//	o0 = m0 + (m1 + m2) + (m3 + m4)     o1 = (m1 - m2) + 2 (m3 - m4)
//	o2 = (m1 + m2) + 4 (m3 + m4)        o3 = (m1 - m2) + 8 (m3 - m4) + m5
func (s ISA) outLine(m []reg.VecVirtual, two, four, eight Op) []reg.VecVirtual {
	t, u := s.v(), s.v()
	VADDPS(m[2], m[1], t)          // m1 + m2
	VSUBPS(m[2], m[1], m[1])       // m1 - m2
	VADDPS(m[4], m[3], u)          // m3 + m4
	VSUBPS(m[4], m[3], m[3])       // m3 - m4
	VADDPS(t, m[0], m[0])          //
	VADDPS(u, m[0], m[0])          // o0
	VFMADD231PS(four, u, t)        // o2
	VADDPS(m[1], m[5], m[5])       //
	VFMADD231PS(eight, m[3], m[5]) // o3
	VFMADD231PS(two, m[3], m[1])   // o1
	return []reg.VecVirtual{m[0], m[1], t, m[5]}
}

// winoIns writes the three input transforms.
func (s ISA) winoIns() {
	s.text("winoIn", "n int, x []float32, pitch int, v []float32, vStride int")
	n, x, row := load("n"), base("x"), stride("pitch", 6)
	p := GP64()
	s.winoIn(n, []pointer{{x, 32, 4 * 64}}, func() { MOVQ(x, p) }, func(y int, d []reg.VecVirtual) {
		for i := range d {
			VMOVUPS(Mem{Base: p, Disp: i * 64}, d[i])
		}
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

// winoIn writes the loop over tiles: start before each, and load for each of the
// six rows of its patch.
func (s ISA) winoIn(n reg.GPVirtual, ptrs []pointer, start func(), load func(y int, d []reg.VecVirtual)) {
	v, vs := base("v"), stride("vStride", 2)
	p := GP64()
	column := newStrided(p, times(6, vs))
	tmp := s.frame(36)
	four, five := s.constant(4), s.constant(5)
	s.positions(n, append(ptrs, pointer{v, 32, 64}), func() {
		start()
		for y := range 6 {
			d := s.vs(6)
			load(y, d)
			s.inLine(d, four, five)
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
			s.inLine(d, four, five)
			for y := range 6 {
				VMOVUPS(d[y], column.at(y, 0))
			}
			if x < 5 {
				ADDQ(vs, p)
			}
		}
	})
	s.ret()
}

// winoOuts writes the five output transforms.
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

// winoOutPlain writes winoOut or winoOutAdd.
func (s ISA) winoOutPlain(store func(o reg.VecVirtual, at Mem)) {
	n, y := load("n"), base("y")
	out := newStrided(y, stride("pitch", 6))
	s.winoOut(n, []pointer{{y, 32, 4 * 64}}, func(x int, o []reg.VecVirtual) {
		for i, v := range o {
			store(v, out.at(i, 64*x))
		}
	})
}

// winoOut writes the loop over tiles: store for each of the four columns.
func (s ISA) winoOut(n reg.GPVirtual, ptrs []pointer, store func(x int, o []reg.VecVirtual)) {
	m, ms, bias := base("m"), stride("mStride", 2), base("bias")
	p := GP64()
	row := newStrided(p, ms)
	tmp := s.frame(24)
	two, four, eight := s.constant(2), s.constant(4), s.constant(8)
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
			for x, v := range s.outLine(d, two, four, eight) {
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
			o := s.outLine(d, two, four, eight)
			for _, v := range o {
				VADDPS(Mem{Base: bias}, v, v)
			}
			store(x, o)
		}
	})
	s.ret()
}
