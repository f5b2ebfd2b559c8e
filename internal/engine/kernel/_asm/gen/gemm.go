package gen

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemms generates gemm1, gemm2 and gemm4. With AVX2 it generates only gemm1, because no more
// than 12 of the 16 registers can be accumulators.
func (s ISA) gemms() {
	if !s.wide {
		s.gemm(1)
		return
	}
	for _, nb := range []int{1, 2, 4} {
		s.gemm(nb)
	}
}

// gemm keeps up to 6 rows of nb blocks in registers. For each k it loads a row of
// the panel and broadcasts one value of each row of a, which are 64 bytes apart.
func (s ISA) gemm(nb int) {
	s.text(fmt.Sprintf("gemm%d", nb), "n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool")
	n := load("n")
	k := load("k")
	a := base("a")
	aStride := stride("aStride", 2)
	b := base("b")
	m := base("m")
	mRow := stride("mRow", 2)
	mStride := stride("mStride", 2)
	block := blocksOf(nb, mStride)
	SHRQ(Imm(4), k)
	per := 64 / s.bytes() // registers of a block
	width := nb * per
	ap, bp, count := GP64(), GP64(), GP64()
	ahead := GP64()
	MOVQ(k, ahead)
	SHLQ(Imm(10), ahead)
	for w := nb; w > 1; w /= 2 {
		ADDQ(ahead, ahead)
	}
	ADDQ(b, ahead)
	for _, rows := range []int{6, 4, 2, 1} {
		name := fmt.Sprintf("rows%d", rows)
		Label(name)
		CMPQ(n, Imm(uint64(rows)))
		JL(LabelRef(name + "_end"))
		acc := s.vs(rows * width)
		for _, v := range acc {
			s.zero(v)
		}
		MOVQ(a, ap)
		MOVQ(b, bp)
		MOVQ(k, count)
		bs, as := s.vs(width), s.vs(2)
		if rows*width+width+2 > 16 && !s.wide {
			panic("gemm: too many registers")
		}
		Label(name + "_k")
		for q := range 16 {
			for j := range width {
				VMOVUPS(Mem{Base: bp, Disp: (q*width + j) * s.bytes()}, bs[j])
			}
			if rows == 6 && q%4 == 0 {
				PREFETCHT1(Mem{Base: ahead, Disp: q * 16})
			}
			if rows == 6 && q%2 == 1 && q < 12 {
				PREFETCHT1(Mem{Base: ap, Disp: (rows + q/2) * 64})
			}
			for r := range rows {
				x := as[r%2]
				VBROADCASTSS(Mem{Base: ap, Disp: r*64 + q*4}, x)
				for j := range width {
					VFMADD231PS(bs[j], x, acc[r*width+j])
				}
			}
		}
		ADDQ(aStride, ap)
		if rows == 6 {
			ADDQ(I32(256), ahead)
		}
		ADDQ(I32(int32(16*width*s.bytes())), bp)
		DECQ(count)
		JNZ(LabelRef(name + "_k"))

		s.storeRows(name, rows, acc, mRow, block, m, ap)
		ADDQ(I32(int32(rows*64)), a)
		SUBQ(I32(int32(rows)), n)
		JMP(LabelRef(name))
		Label(name + "_end")
	}
	s.ret()
}

// blocksOf returns where block j of nb blocks of outputs is, from m and disp on.
func blocksOf(nb int, mStride reg.GPVirtual) func(m reg.GPVirtual, j, disp int) Mem {
	var m3 reg.GPVirtual
	if nb > 2 {
		m3 = times(3, mStride)
	}
	return func(m reg.GPVirtual, j, disp int) Mem {
		switch j {
		case 0:
			return Mem{Base: m, Disp: disp}
		case 3:
			return Mem{Base: m, Index: m3, Scale: 1, Disp: disp}
		}
		return Mem{Base: m, Index: mStride, Scale: uint8(j), Disp: disp}
	}
}

// storeRows stores the accumulators of a group of rows at m, or adds them to what is there, as
// the parameter add says. m points to the next group afterwards; spare is written over.
func (s ISA) storeRows(name string, rows int, acc []reg.VecVirtual, mRow reg.GPVirtual, block func(m reg.GPVirtual, j, disp int) Mem, m, spare reg.GPVirtual) {
	width := len(acc) / rows
	add := Load(Param("add"), GP8())
	TESTB(add, add)
	JZ(LabelRef(name + "_store"))
	MOVQ(m, spare)
	s.rows(rows, width, mRow, block, spare, func(v int, at Mem) { VADDPS(at, acc[v], acc[v]) })
	Label(name + "_store")
	s.rows(rows, width, mRow, block, m, func(v int, at Mem) { VMOVUPS(acc[v], at) })
	ADDQ(mRow, m)
}

// rows visits the accumulators of a group of rows. m points to the last row afterwards.
func (s ISA) rows(rows, width int, mRow reg.GPVirtual, block func(m reg.GPVirtual, j, disp int) Mem, m reg.GPVirtual, f func(v int, at Mem)) {
	per := 64 / s.bytes()
	for r := range rows {
		for j := range width {
			f(r*width+j, block(m, j/per, j%per*s.bytes()))
		}
		if r+1 < rows {
			ADDQ(mRow, m)
		}
	}
}

// gram keeps all 16 rows in registers with AVX-512, and 4 at a time with AVX2.
func (s ISA) gram() {
	s.text("gram", "n int, a, b, g []float32")
	n := load("n")
	a, b, g := base("a"), base("b"), base("g")
	if s.wide {
		acc := s.vs(16)
		for _, v := range acc {
			s.zero(v)
		}
		x := s.v()
		loop("loop", n, func() {
			VMOVUPS(Mem{Base: b}, x)
			for i, v := range acc {
				VFMADD231PS_BCST(Mem{Base: a, Disp: i * 4}, x, v)
			}
			ADDQ(I32(64), a)
			ADDQ(I32(64), b)
		})
		for i, v := range acc {
			VADDPS(Mem{Base: g, Disp: i * 64}, v, v)
			VMOVUPS(v, Mem{Base: g, Disp: i * 64})
		}
		s.ret()
		return
	}
	part, count, ap, bp := GP64(), GP64(), GP64(), GP64()
	MOVQ(U32(4), part)
	loop("part", part, func() {
		MOVQ(n, count)
		MOVQ(a, ap)
		MOVQ(b, bp)
		acc, x, f := s.vs(8), s.vs(2), s.vs(2)
		for _, v := range acc {
			s.zero(v)
		}
		loop("loop", count, func() {
			VMOVUPS(Mem{Base: bp}, x[0])
			VMOVUPS(Mem{Base: bp, Disp: 32}, x[1])
			for i := range 4 {
				VBROADCASTSS(Mem{Base: ap, Disp: i * 4}, f[i%2])
				VFMADD231PS(x[0], f[i%2], acc[2*i])
				VFMADD231PS(x[1], f[i%2], acc[2*i+1])
			}
			ADDQ(I32(64), ap)
			ADDQ(I32(64), bp)
		})
		for i, v := range acc {
			VADDPS(Mem{Base: g, Disp: i * 32}, v, v)
			VMOVUPS(v, Mem{Base: g, Disp: i * 32})
		}
		ADDQ(I32(16), a)
		ADDQ(I32(256), g)
	})
	s.ret()
}
