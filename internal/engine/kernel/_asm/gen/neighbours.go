package gen

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// neighbours generates what finds the nearest features, and the loss of the cosine to them.
func (s ISA) neighbours() {
	s.nearest()
	s.cosines()
	s.cosineGrad()
}

// nearest replaces the lanes of best, and those of arg, where x + bias is above best.
func (s ISA) nearest() {
	s.text("nearest", "n int, x, bias []float32, block float32, best, arg []float32")
	n, x, best, arg := load("n"), base("x"), base("best"), base("arg")
	bias, block := s.lanes(base("bias"), 0), s.broadcast("block")
	s.whole(n, []pointer{{x, 32, 64}, {best, 32, 64}, {arg, 32, 64}}, func(at int) {
		const greater = 0x1e // ordered: false for NaN
		v := s.v()
		VMOVUPS(Mem{Base: x, Disp: at}, v)
		VADDPS(bias(at), v, v)
		to, index := Mem{Base: best, Disp: at}, Mem{Base: arg, Disp: at}
		if s.wide {
			k := K()
			most := s.v()
			VMOVUPS(to, most)
			VCMPPS(Imm(greater), most, v, k)
			VMOVUPS(v, k, to)
			VMOVUPS(block, k, index)
			return
		}
		most, mask, old := s.v(), s.v(), s.v()
		VMOVUPS(to, most)
		VMOVUPS(index, old)
		VCMPPS(Imm(greater), most, v, mask)
		VBLENDVPS(mask, v, most, most)
		VBLENDVPS(mask, block, old, old)
		VMOVUPS(most, to)
		VMOVUPS(old, index)
	})
	s.ret()
}

// neighbour points to the row of a position's neighbour: at has its number, size is the
// length of a row in bytes.
func neighbour(rows Mem, at, size reg.GPVirtual) reg.GPVirtual {
	row := GP64()
	VCVTTSS2SIQ(Mem{Base: at}, row)
	IMULQ(size, row)
	ADDQ(rows, row)
	return row
}

// parameter is the place of a parameter: there are not enough registers for all.
func parameter(c gotypes.Component) Mem {
	a, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	return a.Addr
}

// cosines adds up the products of features with their neighbours, and their squares.
func (s ISA) cosines() {
	s.text("cosines", "n, blocks int, x []float32, xStride int, mean, rows, at, sums []float32")
	n, size := load("n"), stride("blocks", 6)
	x, step := base("x"), stride("xStride", 2)
	mean, at, sums := base("mean"), base("at"), base("sums")
	rows := parameter(Param("rows").Base())
	loop("loop", n, func() {
		row, p, o := neighbour(rows, at, size), GP64(), GP64()
		MOVQ(x, p)
		XORQ(o, o)
		regs := 64 / s.bytes()
		dot, square := s.vs(regs), s.vs(regs)
		for i := range regs {
			s.zero(dot[i])
			s.zero(square[i])
		}
		Label("blocks")
		for i := range regs {
			d, disp := s.v(), i*s.bytes()
			VMOVUPS(Mem{Base: p, Disp: disp}, d)
			VSUBPS(Mem{Base: mean, Index: o, Scale: 1, Disp: disp}, d, d)
			VFMADD231PS(Mem{Base: row, Index: o, Scale: 1, Disp: disp}, d, dot[i])
			VFMADD231PS(d, d, square[i])
		}
		ADDQ(step, p)
		ADDQ(I32(64), o)
		CMPQ(o, size)
		JNE(LabelRef("blocks"))
		for i := range regs {
			VMOVUPS(dot[i], Mem{Base: sums, Disp: i * s.bytes()})
			VMOVUPS(square[i], Mem{Base: sums, Disp: 64 + i*s.bytes()})
		}
		ADDQ(I32(64), x)
		ADDQ(I32(4), at)
		ADDQ(I32(128), sums)
	})
	s.ret()
}

// cosineGrad is a sum of each neighbour and the features, with two factors. It is generated
// twice in a routine: to store the result, and to add it.
func (s ISA) cosineGrad() {
	s.text("cosineGrad", "n, blocks int, x []float32, xStride int, mean, rows, at, k, y []float32, add bool")
	n, size := load("n"), stride("blocks", 6)
	x, step := base("x"), stride("xStride", 2)
	mean, at, k := base("mean"), base("at"), base("k")
	rows := parameter(Param("rows").Base())
	y := base("y")
	SUBQ(x, y) // from x to y
	add := Load(Param("add"), GP8())
	TESTQ(n, n)
	JZ(LabelRef("end"))
	TESTB(add, add)
	JNZ(LabelRef("add"))
	for _, sum := range []bool{false, true} {
		label := map[bool]string{false: "store", true: "add"}[sum]
		Label(label)
		row, p, o, f, g := neighbour(rows, at, size), GP64(), GP64(), s.v(), s.v()
		VBROADCASTSS(Mem{Base: k}, f)
		VBROADCASTSS(Mem{Base: k, Disp: 4}, g)
		MOVQ(x, p)
		XORQ(o, o)
		Label(label + "_blocks")
		for disp := 0; disp < 64; disp += s.bytes() {
			d, v := s.v(), s.v()
			to := Mem{Base: p, Index: y, Scale: 1, Disp: disp}
			VMOVUPS(Mem{Base: p, Disp: disp}, d)
			VSUBPS(Mem{Base: mean, Index: o, Scale: 1, Disp: disp}, d, d)
			VMULPS(Mem{Base: row, Index: o, Scale: 1, Disp: disp}, f, v)
			VFMADD231PS(d, g, v)
			if sum {
				VADDPS(to, v, v)
			}
			VMOVUPS(v, to)
		}
		ADDQ(step, p)
		ADDQ(I32(64), o)
		CMPQ(o, size)
		JNE(LabelRef(label + "_blocks"))
		ADDQ(I32(64), x)
		ADDQ(I32(4), at)
		ADDQ(I32(8), k)
		DECQ(n)
		JNZ(LabelRef(label))
		if !sum {
			JMP(LabelRef("end"))
		}
	}
	Label("end")
	s.ret()
}
