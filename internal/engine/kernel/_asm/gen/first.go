package gen

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func (s ISA) firsts() {
	if !s.wide {
		s.first(1)
		return
	}
	for _, nb := range []int{1, 2, 4} {
		s.first(nb)
	}
}

// first keeps six pixels of nb blocks in registers, like gemm, and unrolls all 27
// taps.
func (s ISA) first(nb int) {
	s.text(fmt.Sprintf("first%d", nb), "n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int")
	n := load("n")
	x, row, plane := base("x"), stride("row", 2), stride("plane", 2)
	w, bias := base("w"), base("bias")
	y, yStride := base("y"), stride("yStride", 2)
	mask, maskStride := base("mask"), stride("maskStride", 1)
	p := GP64()
	per := 64 / s.bytes()
	width := nb * per
	lo := s.broadcast("lo")
	zero := s.constant(0) // in memory with AVX2, where all 16 registers are in use
	for _, pixels := range []int{6, 1} {
		name := fmt.Sprintf("pixels%d", pixels)
		Label(name)
		CMPQ(n, Imm(uint64(pixels)))
		JL(LabelRef(name + "_end"))
		acc := s.vs(pixels * width)
		for i, v := range acc {
			VMOVUPS(Mem{Base: bias, Disp: i % width * s.bytes()}, v)
		}
		f := s.v()
		ws := s.vs(width)
		MOVQ(x, p)
		for t := range 27 {
			if t == 9 || t == 18 {
				ADDQ(plane, p)
			}
			for j := range ws {
				VMOVUPS(Mem{Base: w, Disp: (t*width + j) * s.bytes()}, ws[j])
			}
			for i := range pixels {
				at := Mem{Base: p, Disp: 4 * (i + t%3)}
				if dy := t / 3 % 3; dy > 0 {
					at.Index, at.Scale = row, uint8(dy)
				}
				VBROADCASTSS(at, f)
				for j := range ws {
					VFMADD231PS(ws[j], f, acc[i*width+j])
				}
			}
		}
		q, r := GP64(), GP64()
		MOVQ(y, q)
		MOVQ(mask, r)
		for j := range nb {
			for i := range pixels {
				for h := range per {
					v := acc[i*width+j*per+h]
					s.sign(v, zero, Mem{Base: r, Disp: 2*i + h})
					VMAXPS(v, lo, v)
					VMOVUPS(v, Mem{Base: q, Disp: 64*i + 32*h})
				}
			}
			if j+1 < nb {
				ADDQ(yStride, q)
				ADDQ(maskStride, r)
			}
		}
		ADDQ(I32(int32(4*pixels)), x)
		ADDQ(I32(int32(64*pixels)), y)
		ADDQ(I32(int32(2*pixels)), mask)
		SUBQ(I32(int32(pixels)), n)
		JMP(LabelRef(name))
		Label(name + "_end")
	}
	s.ret()
}

// pack transposes squares of positions and lanes: 16x16, or 8x8 with AVX2.
func (s ISA) pack() {
	s.text("pack", "n int, x []float32, mask []uint16, b []float32, bStride int")
	n := load("n")
	x, mask, b := base("x"), base("mask"), base("b")
	row := stride("bStride", 2)
	q := GP64()
	SHRQ(Imm(4), n)
	if s.wide {
		loop("loop", n, func() {
			v := s.vs(16)
			for i := range v {
				s.masked(Mem{Base: x, Disp: 64 * i}, Mem{Base: mask, Disp: 2 * i}, v[i])
			}
			MOVQ(b, q)
			for _, o := range transpose16(v) {
				VMOVUPS(o, Mem{Base: q})
				ADDQ(row, q)
			}
			ADDQ(I32(16*64), x)
			ADDQ(I32(32), mask)
			ADDQ(I32(64), b)
		})
		s.ret()
		return
	}
	SHLQ(Imm(1), n)
	loop("loop", n, func() {
		MOVQ(b, q)
		for h := range 2 {
			v := s.vs(8)
			for i := range v {
				s.masked(Mem{Base: x, Disp: 64*i + 32*h}, Mem{Base: mask, Disp: 2*i + h}, v[i])
			}
			for _, o := range transpose8(v) {
				VMOVUPS(o, Mem{Base: q})
				ADDQ(row, q)
			}
		}
		ADDQ(I32(8*64), x)
		ADDQ(I32(16), mask)
		ADDQ(I32(32), b)
	})
	s.ret()
}

// transpose16 transposes 16 registers of 16 lanes: first pairs within the quarters of a
// register, then the quarters.
func transpose16(v []reg.VecVirtual) []reg.VecVirtual {
	quarters := make([]reg.VecVirtual, 16)
	for g := 0; g < 16; g += 4 {
		a, b, c, d := ZMM(), ZMM(), ZMM(), ZMM()
		VUNPCKLPS(v[g+1], v[g], a)
		VUNPCKHPS(v[g+1], v[g], b)
		VUNPCKLPS(v[g+3], v[g+2], c)
		VUNPCKHPS(v[g+3], v[g+2], d)
		for i, p := range [][2]reg.VecVirtual{{a, c}, {b, d}} {
			l, h := v[g+2*i], v[g+2*i+1]
			VUNPCKLPD(p[1], p[0], l)
			VUNPCKHPD(p[1], p[0], h)
			quarters[g+2*i], quarters[g+2*i+1] = l, h
		}
	}
	// quarters[g+i] holds, in quarter q, lane 4q+i of the rows g to g+3.
	out := make([]reg.VecVirtual, 16)
	for i := range 4 {
		a, b, c, d := quarters[i], quarters[4+i], quarters[8+i], quarters[12+i]
		ab0, ab1, cd0, cd1 := ZMM(), ZMM(), ZMM(), ZMM()
		VSHUFF32X4(Imm(0x88), b, a, ab0) // a0 a2 b0 b2
		VSHUFF32X4(Imm(0xdd), b, a, ab1) // a1 a3 b1 b3
		VSHUFF32X4(Imm(0x88), d, c, cd0)
		VSHUFF32X4(Imm(0xdd), d, c, cd1)
		VSHUFF32X4(Imm(0x88), cd0, ab0, a) // a0 b0 c0 d0
		VSHUFF32X4(Imm(0xdd), cd0, ab0, b) // a2 b2 c2 d2
		VSHUFF32X4(Imm(0x88), cd1, ab1, c) // a1 b1 c1 d1
		VSHUFF32X4(Imm(0xdd), cd1, ab1, d)
		out[i], out[8+i], out[4+i], out[12+i] = a, b, c, d
	}
	return out
}

// transpose8 transposes 8 registers of 8 lanes.
func transpose8(v []reg.VecVirtual) []reg.VecVirtual {
	halves := make([]reg.VecVirtual, 8)
	for g := 0; g < 8; g += 4 {
		a, b, c, d := YMM(), YMM(), YMM(), YMM()
		VUNPCKLPS(v[g+1], v[g], a)
		VUNPCKHPS(v[g+1], v[g], b)
		VUNPCKLPS(v[g+3], v[g+2], c)
		VUNPCKHPS(v[g+3], v[g+2], d)
		for i, p := range [][2]reg.VecVirtual{{a, c}, {b, d}} {
			l, h := v[g+2*i], v[g+2*i+1]
			VUNPCKLPD(p[1], p[0], l)
			VUNPCKHPD(p[1], p[0], h)
			halves[g+2*i], halves[g+2*i+1] = l, h
		}
	}
	out := make([]reg.VecVirtual, 8)
	for i := range 4 {
		t := YMM()
		VPERM2F128(Imm(0x20), halves[4+i], halves[i], t)
		VPERM2F128(Imm(0x31), halves[4+i], halves[i], halves[4+i])
		out[i], out[4+i] = t, halves[4+i]
	}
	return out
}

// taps processes n pixels, a multiple of 16.
func (s ISA) taps() {
	s.text("taps", "n int, p []float32, pStride, pitch int, y []float32")
	n := load("n")
	p, y := base("p"), base("y")
	ps, pitch := stride("pStride", 2), stride("pitch", 2)
	LEAQ(Mem{Base: p, Index: pitch, Scale: 2}, p)
	q := GP64()
	SHRQ(Imm(uint64(map[bool]int{true: 4, false: 3}[s.wide])), n)
	loop("loop", n, func() {
		MOVQ(p, q)
		sum := s.v()
		for t := range 9 {
			at := Mem{Base: q, Disp: 4 * (2 - t%3)}
			if t == 0 {
				VMOVUPS(at, sum)
			} else {
				VADDPS(at, sum, sum)
			}
			ADDQ(ps, q)
			if t%3 == 2 {
				SUBQ(pitch, q)
			}
		}
		VMOVUPS(sum, Mem{Base: y})
		ADDQ(I32(int32(s.bytes())), p)
		ADDQ(I32(int32(s.bytes())), y)
	})
	s.ret()
}
