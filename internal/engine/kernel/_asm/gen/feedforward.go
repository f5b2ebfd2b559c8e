package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// feedForward generates the routines of a feed-forward network. Each is as fast as memory,
// so none is unrolled over positions.
func (s ISA) feedForward() {
	s.moments()
	for _, masked := range []bool{false, true} {
		s.products(masked)
		s.affine(masked)
		s.normGrad(masked)
	}
	s.upsample()
	s.quads()
	s.sigmoid()
}

// whole runs body for n positions in order and moves the pointers on by their steps. body
// is generated once for each register of a position, with the byte that it begins at.
func (s ISA) whole(n reg.Register, ptrs []pointer, body func(at int)) {
	loop("loop", n, func() {
		for at := 0; at < 64; at += s.bytes() {
			body(at)
		}
		for _, p := range ptrs {
			ADDQ(I32(int32(p.step)), p.r)
		}
	})
}

// lanes loads the registers of row i of the per-lane factors k. The result is by the
// byte that a register begins at.
func (s ISA) lanes(k reg.GPVirtual, i int) func(at int) reg.VecVirtual {
	v := s.vs(64 / s.bytes())
	for j := range v {
		VMOVUPS(Mem{Base: k, Disp: 64*i + j*s.bytes()}, v[j])
	}
	return func(at int) reg.VecVirtual { return v[at/s.bytes()] }
}

// laneSums generates sums in float64 in registers: of two values of 16 lanes, which are in
// memory before and after the positions. quantities adds to the two accumulators of a part
// of a position, which begins at lane l and has the lanes of a register of float64.
func (s ISA) laneSums(n reg.Register, ptrs []pointer, quantities func(l int, a, b reg.VecVirtual)) {
	sums := base("sums")
	regs := 128 / s.bytes()
	acc := s.vs(2 * regs)
	for i, v := range acc {
		VMOVUPD(Mem{Base: sums, Disp: i * s.bytes()}, v)
	}
	loop("loop", n, func() {
		for i := range regs {
			quantities(i*s.bytes()/8, acc[i], acc[regs+i])
		}
		for _, p := range ptrs {
			ADDQ(I32(int32(p.step)), p.r)
		}
	})
	for i, v := range acc {
		VMOVUPD(v, Mem{Base: sums, Disp: i * s.bytes()})
	}
	s.ret()
}

// moments adds up values and their squares.
func (s ISA) moments() {
	s.text("moments", "x []float32, sums []float64")
	n := Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	SHRQ(Imm(4), n)
	x := base("x")
	s.laneSums(n, []pointer{{x, 32, 64}}, func(l int, sum, square reg.VecVirtual) {
		v := s.v()
		VCVTPS2PD(Mem{Base: x, Disp: 4 * l}, v)
		VADDPD(v, sum, sum)
		VFMADD231PD(v, v, square)
	})
}

// products adds up g x and g, times a mask if masked is set.
func (s ISA) products(masked bool) {
	name, params := "products", "n int, g, x []float32, sums []float64"
	if masked {
		name, params = "productsMask", "n int, g, x []float32, mask []uint16, sums []float64"
	}
	s.text(name, params)
	n, g, x := load("n"), base("g"), base("x")
	ptrs := []pointer{{g, 32, 64}, {x, 32, 64}}
	var mask reg.GPVirtual
	if masked {
		mask = base("mask")
		ptrs = append(ptrs, pointer{mask, 1, 2})
	}
	var half reg.VecVirtual // with AVX2 and a mask, 8 lanes of g
	s.laneSums(n, ptrs, func(l int, dot, sum reg.VecVirtual) {
		at := Mem{Base: g, Disp: 4 * l}
		f, v := s.v(), s.v()
		switch {
		case !masked:
			VCVTPS2PD(at, f)
		case s.wide:
			k := K()
			KMOVB(Mem{Base: mask, Disp: l / 8}, k)
			VCVTPS2PD_Z(at, k, f)
		case l%8 == 0:
			half = s.v()
			s.masked(at, Mem{Base: mask, Disp: l / 8}, half)
			VCVTPS2PD(half.AsX(), f)
		default:
			VEXTRACTF128(Imm(1), half, f.AsX())
			VCVTPS2PD(f.AsX(), f)
		}
		VCVTPS2PD(Mem{Base: x, Disp: 4 * l}, v)
		VFMADD231PD(v, f, dot)
		VADDPD(f, sum, sum)
	})
}

// positionsAhead is how many positions before its use one is asked for: those of a page, which
// the processor does not look beyond.
const positionsAhead = 64

// affine is a (x - m) + b, not below lo. With relu lo is 0, and it stores the bits.
func (s ISA) affine(relu bool) {
	if relu {
		s.text("affineReLU", "n int, x, k, y []float32, mask []uint16")
	} else {
		s.text("affine", "n int, x, k []float32, lo float32, y []float32")
	}
	n, x, k, y := load("n"), base("x"), base("k"), base("y")
	ptrs := []pointer{{x, 32, 64}, {y, 32, 64}}
	m, a, b := s.lanes(k, 0), s.lanes(k, 1), s.lanes(k, 2)
	var lo reg.VecVirtual
	var mask reg.GPVirtual
	if relu {
		mask = base("mask")
		ptrs = append(ptrs, pointer{mask, 1, 2})
		lo = s.v()
		s.zero(lo)
	} else {
		lo = s.broadcast("lo")
	}
	s.whole(n, ptrs, func(at int) {
		if at == 0 {
			PREFETCHT0(Mem{Base: x, Disp: positionsAhead * 64})
		}
		v := s.v()
		VMOVUPS(Mem{Base: x, Disp: at}, v)
		VSUBPS(m(at), v, v)
		VFMADD213PS(b(at), a(at), v)
		if relu {
			s.sign(v, lo, Mem{Base: mask, Disp: at / 32})
		}
		VMAXPS(v, lo, v) // of NaN, NaN
		VMOVUPS(v, Mem{Base: y, Disp: at})
	})
	s.ret()
}

// normGrad is a (g - b - c (x - m)), with g times a mask if masked is set. It is
// generated twice in a routine: to store the result, and to add it.
func (s ISA) normGrad(masked bool) {
	name, params := "normGrad", "n int, g, x, k, y []float32, add bool"
	if masked {
		name, params = "normGradMask", "n int, g, x, k []float32, mask []uint16, y []float32, add bool"
	}
	s.text(name, params)
	n, g, x, k, y := load("n"), base("g"), base("x"), base("k"), base("y")
	ptrs := []pointer{{g, 32, 64}, {x, 32, 64}, {y, 32, 64}}
	var mask reg.GPVirtual
	if masked {
		mask = base("mask")
		ptrs = append(ptrs, pointer{mask, 1, 2})
	}
	m, a, b, c := s.lanes(k, 0), s.lanes(k, 1), s.lanes(k, 2), s.lanes(k, 3)
	add := Load(Param("add"), GP8())
	TESTQ(n, n)
	JZ(LabelRef("end"))
	TESTB(add, add)
	JNZ(LabelRef("add"))
	for _, sum := range []bool{false, true} {
		label := map[bool]string{false: "store", true: "add"}[sum]
		Label(label)
		for at := 0; at < 64; at += s.bytes() {
			v, d := s.v(), s.v()
			from, to := Mem{Base: g, Disp: at}, Mem{Base: y, Disp: at}
			if masked {
				s.masked(from, Mem{Base: mask, Disp: at / 32}, v)
			} else {
				VMOVUPS(from, v)
			}
			VSUBPS(b(at), v, v)
			VMOVUPS(Mem{Base: x, Disp: at}, d)
			VSUBPS(m(at), d, d)
			VFNMADD231PS(c(at), d, v)
			if sum {
				VFMADD213PS(to, a(at), v)
			} else {
				VMULPS(a(at), v, v)
			}
			VMOVUPS(v, to)
		}
		for _, p := range ptrs {
			ADDQ(I32(int32(p.step)), p.r)
		}
		DECQ(n)
		JNZ(LabelRef(label))
		if !sum {
			JMP(LabelRef("end"))
		}
	}
	Label("end")
	s.ret()
}

// upsample stores each position four times.
func (s ISA) upsample() {
	s.text("upsample", "n int, x, y []float32, pitch int")
	n, x, y, row := load("n"), base("x"), base("y"), stride("pitch", 6)
	s.whole(n, []pointer{{x, 32, 64}, {y, 32, 128}}, func(at int) {
		v := s.v()
		VMOVUPS(Mem{Base: x, Disp: at}, v)
		for _, d := range []int{0, 64} {
			VMOVUPS(v, Mem{Base: y, Disp: at + d})
			VMOVUPS(v, Mem{Base: y, Index: row, Scale: 1, Disp: at + d})
		}
	})
	s.ret()
}

// quads adds up windows of 2x2 positions.
func (s ISA) quads() {
	s.text("quads", "n int, x []float32, pitch int, y []float32, add bool")
	n, x, row, y := load("n"), base("x"), stride("pitch", 6), base("y")
	add := Load(Param("add"), GP8())
	loop("loop", n, func() {
		v := s.vs(64 / s.bytes())
		for i := range v {
			t, at := s.v(), i*s.bytes()
			VMOVUPS(Mem{Base: x, Disp: at}, v[i])
			VADDPS(Mem{Base: x, Disp: at + 64}, v[i], v[i])
			VMOVUPS(Mem{Base: x, Index: row, Scale: 1, Disp: at}, t)
			VADDPS(Mem{Base: x, Index: row, Scale: 1, Disp: at + 64}, t, t)
			VADDPS(t, v[i], v[i])
		}
		TESTB(add, add)
		JZ(LabelRef("store"))
		for i := range v {
			VADDPS(Mem{Base: y, Disp: i * s.bytes()}, v[i], v[i])
		}
		Label("store")
		for i := range v {
			VMOVUPS(v[i], Mem{Base: y, Disp: i * s.bytes()})
		}
		ADDQ(I32(128), x)
		ADDQ(I32(64), y)
	})
	s.ret()
}

// sigmoid is 1/(1 + exp(-x)), in place; n is a multiple of 16. exp(-x) is 2^n exp(r) with
// the integer n nearest to -x/ln 2, so |r| is at most ln(2)/2. Its series up to r^7/7! is
// exact to 6e-9. ln 2 is subtracted in two parts, of which the first times n is exact. With
// |x| limited to 87, 2^n exp(r) is a normal number.
func (s ISA) sigmoid() {
	const ln2Hi, ln2Lo = 0.693359375, -2.12194440e-4
	series := []float64{1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2, 1, 1}
	s.elementwise("sigmoid", "n int, x []float32", nil, []string{"x"}, func(_ []reg.VecVirtual, at []Mem) {
		x, n, r, p, one := s.v(), s.v(), s.v(), s.v(), s.v()
		// The second operand wins where one is NaN, so NaN passes.
		VMOVUPS(s.constantMem(-87), x)
		VMAXPS(at[0], x, x)
		VMOVUPS(s.constantMem(87), r)
		VMINPS(x, r, r)
		VMULPS(s.constantMem(-1.44269504088896341), r, n)
		VCVTPS2DQ(n, n)
		VCVTDQ2PS(n, x)
		VFNMSUB231PS(s.constantMem(ln2Hi), x, r) // -x - n ln2Hi
		VFNMADD231PS(s.constantMem(ln2Lo), x, r)
		VMOVUPS(s.constantMem(1./5040), p)
		for _, c := range series {
			VFMADD213PS(s.constantMem(c), r, p)
		}
		VPSLLD(Imm(23), n, n) // into the exponent
		VPADDD(n, p, p)
		VMOVUPS(s.constantMem(1), one)
		VADDPS(one, p, p)
		VDIVPS(p, one, p)
		VMOVUPS(p, at[0])
	})
}
