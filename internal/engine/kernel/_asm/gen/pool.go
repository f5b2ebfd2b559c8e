package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// laneBits is, with AVX2, the bit of each lane as a dword.
func laneBits() Mem {
	const name = "laneBits"
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(1<<i))
	}
	constants[name] = m
	return m
}

// masked loads x where the word at mask has a bit, and 0 elsewhere. With AVX2 mask
// is the byte of the half.
func (s ISA) masked(x, mask Mem, d reg.VecVirtual) {
	if s.wide {
		k := K()
		KMOVW(mask, k)
		VMOVUPS_Z(x, k, d)
		return
	}
	VPBROADCASTB(mask, d)
	VPAND(laneBits(), d, d)
	VPCMPEQD(laneBits(), d, d)
	VANDPS(x, d, d)
}

// sign writes the bits of x > lo.
func (s ISA) sign(x reg.VecVirtual, lo Op, mask Mem) {
	if s.wide {
		k := K()
		VCMPPS(Imm(0x1e), lo, x, k)
		KMOVW(k, mask)
		return
	}
	t := YMM()
	VCMPPS(Imm(0x1e), lo, x, t)
	storeBits(t, mask)
}

// storeBits writes the sign bits of t as a byte.
func storeBits(t reg.VecVirtual, mask Mem) {
	r := GP32()
	VMOVMSKPS(t, r)
	MOVB(r.As8(), mask)
}

// window is the four values of a 2x2 window in reading order.
type window [4]reg.VecVirtual

// windowMax stores the maximum, but at least lo, times a parameter. It also stores the bit of
// the first place that has it, if it is above lo.
func (s ISA) windowMax(w window, mask [4]Mem, lo reg.VecVirtual, y Mem, scale string) {
	best, t := s.v(), s.v()
	VMAXPS(w[1], w[0], best)
	VMAXPS(w[3], w[2], t)
	VMAXPS(t, best, best)
	if s.wide {
		rest, k := K(), K()
		VCMPPS(Imm(0x1e), lo, best, rest)
		for i := range 3 {
			VCMPPS(Imm(0), best, w[i], rest, k)
			KMOVW(k, mask[i])
			KANDNW(rest, k, rest)
		}
		KMOVW(rest, mask[3])
	} else {
		rest := s.v()
		VCMPPS(Imm(0x1e), lo, best, rest)
		for i := range 3 {
			VCMPPS(Imm(0), best, w[i], t)
			VANDPS(rest, t, t)
			storeBits(t, mask[i])
			VANDNPS(rest, t, rest)
		}
		storeBits(rest, mask[3])
	}
	VMAXPS(best, lo, best)
	VMULPS(s.broadcast(scale), best, best)
	VMOVUPS(best, y)
}

// windowAvg stores the mean times a parameter.
func (s ISA) windowAvg(w window, y Mem, scale string) {
	f := s.broadcast(scale)
	if s.wide {
		VMULPS(s.constant(0.25), f, f)
	} else {
		VMULPS(s.constantMem(0.25), f, f)
	}
	VADDPS(w[1], w[0], w[0])
	VADDPS(w[3], w[2], w[2])
	VADDPS(w[2], w[0], w[0])
	VMULPS(f, w[0], w[0])
	VMOVUPS(w[0], y)
}

// pools generates separate pooling and its gradient.
func (s ISA) pools() {
	for _, kind := range []string{"poolMax", "poolAvg"} {
		s.text(kind, "n int, x, y []float32, mask []uint16, pitch int, lo, scale float32")
		n, x, y, mask := load("n"), base("x"), base("y"), base("mask")
		row, mrow := stride("pitch", 6), stride("pitch", 1)
		s.positions(n, []pointer{{x, 32, 2 * 64}, {y, 32, 64}, {mask, 1, 4}}, func() {
			w := window(s.vs(4))
			var m [4]Mem
			for i := range w {
				at := Mem{Base: x, Disp: i % 2 * 64}
				m[i] = Mem{Base: mask, Disp: i % 2 * 2}
				if i >= 2 {
					at.Index, at.Scale = row, 1
					m[i].Index, m[i].Scale = mrow, 1
				}
				VMOVUPS(at, w[i])
			}
			lo := s.broadcast("lo")
			if kind == "poolMax" {
				s.windowMax(w, m, lo, Mem{Base: y}, "scale")
				return
			}
			for i, v := range w {
				s.sign(v, lo, m[i])
			}
			s.windowAvg(w, Mem{Base: y}, "scale")
		})
		s.ret()
	}

	s.text("unpool", "n int, x []float32, mask []uint16, y []float32, pitch int, scale float32, add bool")
	n, x, y, mask := load("n"), base("x"), base("y"), base("mask")
	row, mrow := stride("pitch", 6), stride("pitch", 1)
	add := Load(Param("add"), GP8())
	tmp := s.frame(1)
	s.positions(n, []pointer{{x, 32, 64}, {y, 32, 2 * 64}, {mask, 1, 4}}, func() {
		v := s.broadcast("scale")
		VMULPS(Mem{Base: x}, v, v)
		VMOVUPS(v, tmp(0))
		w := s.vs(4)
		var at [4]Mem
		for i := range w {
			at[i] = Mem{Base: y, Disp: i % 2 * 64}
			m := Mem{Base: mask, Disp: i % 2 * 2}
			if i >= 2 {
				at[i].Index, at[i].Scale = row, 1
				m.Index, m.Scale = mrow, 1
			}
			s.masked(tmp(0), m, w[i])
		}
		TESTB(add, add)
		JZ(LabelRef("store"))
		for i := range w {
			VADDPS(at[i], w[i], w[i])
		}
		Label("store")
		for i := range w {
			VMOVUPS(w[i], at[i])
		}
	})
	s.ret()
}

// masks generates mask and sign, which process one position after the other.
func (s ISA) masks() {
	s.text("mask", "x []float32, mask []uint16")
	n := Load(Param("mask").Len(), GP64()).(reg.GPVirtual)
	x, mask := base("x"), base("mask")
	s.positions(n, []pointer{{x, 32, 64}, {mask, 1, 2}}, func() {
		v := s.v()
		s.masked(Mem{Base: x}, Mem{Base: mask}, v)
		VMOVUPS(v, Mem{Base: x})
	})
	s.ret()

	s.text("sign", "x []float32, mask []uint16")
	n = Load(Param("mask").Len(), GP64()).(reg.GPVirtual)
	x, mask = base("x"), base("mask")
	zero := s.v()
	s.zero(zero)
	s.positions(n, []pointer{{x, 32, 64}, {mask, 1, 2}}, func() {
		v := s.v()
		VMOVUPS(Mem{Base: x}, v)
		s.sign(v, zero, Mem{Base: mask})
	})
	s.ret()
}
