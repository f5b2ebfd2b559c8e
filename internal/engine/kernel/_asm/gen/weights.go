package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// weights generates the transforms for the gradient to the filters.
func (s ISA) weights() {
	s.winoGrad("winoGrad", 4, 6, s.gradConstants, s.gradLine)
	s.winoGrad("winoGrad2", 2, 3, s.gradConstants2, s.gradLine2)
	s.winoWeights()
}

// winoGrad is A y A^T for a gradient of side x side positions. The line transforms side
// values to the given number of points.
func (s ISA) winoGrad(name string, side, points int, constants func() lineConstants, line func(y []reg.VecVirtual, c lineConstants) []reg.VecVirtual) {
	s.text(name, "n int, y []float32, pitch int, d []float32, dStride int")
	n, y, row := load("n"), base("y"), stride("pitch", 6)
	d, ds := base("d"), stride("dStride", 2)
	p := GP64()
	column := newStrided(p, times(points, ds))
	tmp := s.frame(side * points)
	c := constants()
	s.positions(n, []pointer{{y, 32, side * 64}, {d, 32, 64}}, func() {
		MOVQ(y, p)
		for i := range side {
			v := s.vs(side)
			for j := range v {
				VMOVUPS(Mem{Base: p, Disp: j * 64}, v[j])
			}
			if i+1 < side {
				ADDQ(row, p)
			}
			for j, o := range line(v, c) {
				VMOVUPS(o, tmp(points*i+j))
			}
		}
		MOVQ(d, p)
		for x := range points {
			v := s.vs(side)
			for i := range v {
				VMOVUPS(tmp(points*i+x), v[i])
			}
			for i, o := range line(v, c) {
				VMOVUPS(o, column.at(i, 0))
			}
			if x+1 < points {
				ADDQ(ds, p)
			}
		}
	})
	s.ret()
}

func (s ISA) gradConstants() lineConstants {
	return lineConstants{s.constant(p), s.constant(q), s.constant(p * p), s.constant(q * q)}
}

// gradLine is A in one dimension:
//
//	o0 = y0    o1, o2 = (y0 + p² y2) +- p (y1 + p² y3)
//	o5 = y3    o3, o4 = (y0 + q² y2) +- q (y1 + q² y3)
func (s ISA) gradLine(y []reg.VecVirtual, c lineConstants) []reg.VecVirtual {
	out := []reg.VecVirtual{y[0]}
	for i := range 2 {
		point, square := c[i], c[2+i]
		e, o, m := s.v(), s.v(), s.v()
		VMOVAPS(y[0], e)
		VFMADD231PS(square, y[2], e)
		VMOVAPS(y[1], o)
		VFMADD231PS(square, y[3], o)
		VMOVAPS(e, m)
		VFNMADD231PS(point, o, m)
		VFMADD231PS(point, o, e)
		out = append(out, e, m)
	}
	return append(out, y[3])
}

func (s ISA) gradConstants2() lineConstants {
	return lineConstants{s.constant(p * p), s.constant(q * q)}
}

// gradLine2 is A in one dimension for (y0, 0, y1, 0): y0, y0 + p² y1 and y0 + q² y1.
func (s ISA) gradLine2(y []reg.VecVirtual, c lineConstants) []reg.VecVirtual {
	a, b := s.v(), s.v()
	VMOVAPS(y[0], a)
	VFMADD231PS(c[0], y[1], a)
	VMOVAPS(y[0], b)
	VFMADD231PS(c[1], y[1], b)
	return []reg.VecVirtual{y[0], a, b}
}

// winoWeights is G^T m G.
func (s ISA) winoWeights() {
	s.text("winoWeights", "n int, m []float32, mStride int, g []float32")
	n, m, ms, g := load("n"), base("m"), stride("mStride", 2), base("g")
	p := GP64()
	row := newStrided(p, ms)
	tmp := s.frame(18)
	c := s.weightConstants()
	s.positions(n, []pointer{{m, 32, 64}, {g, 32, 9 * 64}}, func() {
		MOVQ(m, p)
		for y := range 6 {
			v := s.vs(6)
			for x := range v {
				VMOVUPS(row.at(x, 0), v[x])
			}
			if y < 5 {
				LEAQ(Mem{Base: p, Index: row.s3, Scale: 2}, p)
			}
			for x, o := range s.weightLine(v, c) {
				VMOVUPS(o, tmp(3*y+x))
			}
		}
		for x := range 3 {
			v := s.vs(6)
			for y := range v {
				VMOVUPS(tmp(3*y+x), v[y])
			}
			for y, o := range s.weightLine(v, c) {
				VMOVUPS(o, Mem{Base: g, Disp: (3*y + x) * 64})
			}
		}
	})
	s.ret()
}

func (s ISA) weightConstants() lineConstants {
	var c lineConstants
	for _, f := range []float64{1 / (p * p * q * q), normP, normQ, p * normP, q * normQ, p * p * normP, q * q * normQ} {
		c = append(c, s.constant(f))
	}
	return c
}

// weightLine is G^T in one dimension:
//
//	o0 = m0/(p²q²) + a (m1 + m2) + b (m3 + m4)        with a = 1/(2p²(p²-q²)),
//	o1 = a p (m1 - m2) + b q (m3 - m4)                     b = 1/(2q²(q²-p²))
//	o2 = a p² (m1 + m2) + b q² (m3 + m4) + m5
func (s ISA) weightLine(m []reg.VecVirtual, c lineConstants) []reg.VecVirtual {
	t, u := s.v(), s.v()
	VADDPS(m[2], m[1], t)      // m1 + m2
	VSUBPS(m[2], m[1], m[1])   // m1 - m2
	VADDPS(m[4], m[3], u)      // m3 + m4
	VSUBPS(m[4], m[3], m[3])   // m3 - m4
	VMULPS(c[0], m[0], m[0])   //
	VFMADD231PS(c[1], t, m[0]) //
	VFMADD231PS(c[2], u, m[0]) // o0
	VMULPS(c[3], m[1], m[1])   //
	VFMADD231PS(c[4], m[3], m[1])
	VFMADD231PS(c[5], t, m[5])
	VFMADD231PS(c[6], u, m[5])
	return []reg.VecVirtual{m[0], m[1], m[5]}
}
