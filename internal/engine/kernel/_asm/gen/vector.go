package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vectors generates the operations on flat vectors. n is a multiple of 16.
func (s ISA) vectors() {
	s.sum("dot", func(x, y reg.VecVirtual) (a, b reg.VecVirtual) { return x, y })
	s.sum("diff2", func(x, y reg.VecVirtual) (a, b reg.VecVirtual) {
		VSUBPD(y, x, x)
		return x, x
	})

	s.elementwise("axpy", "n int, a float32, x, y []float32", []string{"a"}, []string{"x", "y"}, func(c []reg.VecVirtual, at []Mem) {
		y := s.v()
		VMOVUPS(at[1], y)
		VFMADD231PS(at[0], c[0], y)
		VMOVUPS(y, at[1])
	})
	s.elementwise("scale", "n int, a float32, x []float32", []string{"a"}, []string{"x"}, func(c []reg.VecVirtual, at []Mem) {
		x := s.v()
		VMULPS(at[0], c[0], x)
		VMOVUPS(x, at[0])
	})
	s.elementwise("sub", "n int, dst, x, y []float32", nil, []string{"dst", "x", "y"}, func(_ []reg.VecVirtual, at []Mem) {
		x := s.v()
		VMOVUPS(at[1], x)
		VSUBPS(at[2], x, x)
		VMOVUPS(x, at[0])
	})
	s.elementwise("diffGrad", "n int, s float32, x, y, dst []float32", []string{"s"}, []string{"x", "y", "dst"}, func(c []reg.VecVirtual, at []Mem) {
		x := s.v()
		VMOVUPS(at[0], x)
		VSUBPS(at[1], x, x)
		VMULPS(c[0], x, x)
		VMOVUPS(x, at[2])
	})
	s.elementwise("diffGradAdd", "n int, s float32, x, y, dst []float32", []string{"s"}, []string{"x", "y", "dst"}, func(c []reg.VecVirtual, at []Mem) {
		x, d := s.v(), s.v()
		VMOVUPS(at[0], x)
		VSUBPS(at[1], x, x)
		VMOVUPS(at[2], d)
		VFMADD231PS(c[0], x, d)
		VMOVUPS(d, at[2])
	})
	s.elementwise("adam", "n int, x, g, m, v []float32, c1, c2, step, corr, eps float32", []string{"c1", "c2", "step", "corr", "eps"}, []string{"x", "g", "m", "v"}, func(c []reg.VecVirtual, at []Mem) {
		g, m, v, t, x := s.v(), s.v(), s.v(), s.v(), s.v()
		VMOVUPS(at[1], g)
		VMOVUPS(at[2], m)
		VMOVUPS(at[3], v)
		VMOVUPS(at[0], x)
		VSUBPS(m, g, t)
		VFMADD231PS(c[0], t, m)
		VMOVUPS(m, at[2])
		VFMSUB213PS(v, g, g) // g*g - v
		VFMADD231PS(c[1], g, v)
		VMOVUPS(v, at[3])
		VSQRTPS(v, v)
		VFMADD213PS(c[4], c[3], v) // sqrt(v)*corr + eps
		VDIVPS(v, m, m)
		VFNMADD231PS(c[2], m, x)
		VMOVUPS(x, at[0])
	})
	s.elementwise("clamp", "n int, x []float32, lo, hi float32", []string{"lo", "hi"}, []string{"x"}, func(c []reg.VecVirtual, at []Mem) {
		x := s.v()
		VMOVUPS(at[0], x)
		VMAXPS(x, c[0], x)
		VMINPS(x, c[1], x)
		VMOVUPS(x, at[0])
	})
	// The inner pixels of a row have neighbours on both sides.
	s.elementwise("tvGrad", "n int, dst, row, up, down []float32, sx, sy float32", []string{"sx", "sy"}, []string{"dst", "row", "up", "down"}, func(c []reg.VecVirtual, at []Mem) {
		x, a, b := s.v(), s.v(), s.v()
		VMOVUPS(at[1], x)
		VADDPS(x, x, a) // 2x - neighbours, along the row and across
		VMOVAPS(a, b)
		left, right := at[1], at[1]
		left.Disp -= 4
		right.Disp += 4
		VSUBPS(left, a, a)
		VSUBPS(right, a, a)
		VSUBPS(at[2], b, b)
		VSUBPS(at[3], b, b)
		VMULPS(c[0], a, a)
		VFMADD231PS(c[1], b, a)
		VMOVUPS(a, at[0])
	})
}

// elementwise generates a loop over registers. body gets the broadcast scalars and the
// places of the vectors.
func (s ISA) elementwise(name, signature string, scalars, slices []string, body func(c []reg.VecVirtual, at []Mem)) {
	s.text(name, signature)
	n := load("n")
	var c []reg.VecVirtual
	for _, p := range scalars {
		c = append(c, s.broadcast(p))
	}
	var at []Mem
	for _, p := range slices {
		at = append(at, Mem{Base: base(p)})
	}
	SHRQ(Imm(4), n)
	loop("loop", n, func() {
		for i := 0; i < 64; i += s.bytes() {
			here := append([]Mem(nil), at...)
			for j := range here {
				here[j].Disp = i
			}
			body(c, here)
		}
		for _, m := range at {
			ADDQ(I32(64), m.Base)
		}
	})
	s.ret()
}

// sum generates the sum, in float64, of the products that f returns.
func (s ISA) sum(name string, f func(x, y reg.VecVirtual) (a, b reg.VecVirtual)) {
	s.text(name, "n int, x, y []float32", "(sum float64)")
	n := load("n")
	x, y := base("x"), base("y")
	regs := 128 / s.bytes() // of float64 for 16 values
	acc := s.vs(regs)
	for _, v := range acc {
		s.zero(v)
	}
	SHRQ(Imm(4), n)
	loop("loop", n, func() {
		for i, v := range acc {
			p, q := s.v(), s.v()
			VCVTPS2PD(Mem{Base: x, Disp: i * s.bytes() / 2}, p)
			VCVTPS2PD(Mem{Base: y, Disp: i * s.bytes() / 2}, q)
			a, b := f(p, q)
			VFMADD231PD(a, b, v)
		}
		ADDQ(I32(64), x)
		ADDQ(I32(64), y)
	})
	for len(acc) > 1 {
		for i := range len(acc) / 2 {
			VADDPD(acc[len(acc)/2+i], acc[i], acc[i])
		}
		acc = acc[:len(acc)/2]
	}
	tmp := s.frame(1)
	VMOVUPD(acc[0], tmp(0))
	t := XMM()
	VXORPD(t, t, t)
	for i := range s.bytes() / 8 {
		at := tmp(0)
		at.Disp = i * 8
		VADDSD(at, t, t)
	}
	Store(t, Return("sum"))
	s.ret()
}
