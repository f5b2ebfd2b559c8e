// Package gen generates the micro-kernels of internal/engine/kernel with avo, once for
// 512-bit and once for 256-bit registers.
//
// Call [ISA.All] on [AVX512] or [AVX2]; the programs beside this package do. A position of
// 16 channels is one ZMM register or two YMM registers. Routines for YMM process each
// position in two halves.
package gen

import (
	"fmt"
	"math"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// ISA is the instruction set that routines are generated for.
type ISA struct {
	suffix string
	wide   bool // AVX-512; else AVX2 with FMA
	half   bool // transforms write bfloat16
}

// AVX512 needs F, BW, DQ and VL.
var AVX512 = ISA{"AVX512", true, false}

// AVX2 needs AVX2 and FMA.
var AVX2 = ISA{"AVX2", false, false}

// All generates every kernel and ends the program.
func (s ISA) All() {
	ConstraintExpr("!noasm,gc")
	s.gemms()
	s.gram()
	s.winoFilter()
	s.winoIns()
	s.winoOuts()
	s.mirrors()
	s.firsts()
	s.pack()
	s.taps()
	s.pools()
	s.masks()
	s.feedForward()
	s.neighbours()
	s.vectors()
	s.weights()
	Generate()
}

// text begins the routine name. The size of its frame is not yet known.
func (s ISA) text(name, params string, result ...string) {
	TEXT(name+s.suffix, 0, "func("+params+") "+strings.Join(result, ""))
	Pragma("noescape")
}

// ret ends the routine.
func (s ISA) ret() {
	VZEROUPPER()
	RET()
}

// bytes is the width of a register.
func (s ISA) bytes() int {
	if s.wide {
		return 64
	}
	return 32
}

// v is a new register.
func (s ISA) v() reg.VecVirtual {
	if s.wide {
		return ZMM()
	}
	return YMM()
}

// vs is n new registers.
func (s ISA) vs(n int) []reg.VecVirtual {
	out := make([]reg.VecVirtual, n)
	for i := range out {
		out[i] = s.v()
	}
	return out
}

// zero clears v. It loads a zero, because avo counts VPXORD of a register with itself as a
// use of its value, which would keep the register alive from the start of the routine.
func (s ISA) zero(v reg.VecVirtual) {
	if s.wide {
		VBROADCASTSS(s.constantMem(0), v)
	} else {
		VXORPS(v, v, v)
	}
}

// broadcast is a register full of a float parameter.
func (s ISA) broadcast(param string) reg.VecVirtual {
	v := s.v()
	a, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(a.Addr, v)
	return v
}

// constants made so far, by name. A Go program generates only one instruction set.
var constants = map[string]Mem{}

// constant is the float32 f. With AVX-512 it is a register of its own. With AVX2 it is
// memory, which can be the first operand. Floats are written as bits, because avo prints the
// float constant 4 as the integer 4.
func (s ISA) constant(f float64) Op {
	m := s.constantMem(f)
	if !s.wide {
		return m
	}
	v := s.v()
	VBROADCASTSS(m, v)
	return v
}

func (s ISA) constantMem(f float64) Mem {
	bits := math.Float32bits(float32(f))
	name := fmt.Sprintf("f%08x%s", bits, s.suffix)
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for i := range s.bytes() / 4 {
		DATA(4*i, U32(bits))
	}
	constants[name] = m
	return m
}

// load is a parameter in a register.
func load(param string) reg.GPVirtual { return Load(Param(param), GP64()).(reg.GPVirtual) }

// base is the start of a slice in a register.
func base(param string) reg.GPVirtual { return Load(Param(param).Base(), GP64()).(reg.GPVirtual) }

// stride is a parameter counted in elements of 1<<log bytes, in bytes.
func stride(param string, log int) reg.GPVirtual {
	r := load(param)
	SHLQ(Imm(uint64(log)), r)
	return r
}

// times is n*r for n of 3, 5 or 6.
func times(n int, r reg.GPVirtual) reg.GPVirtual {
	o := GP64()
	switch n {
	case 3:
		LEAQ(Mem{Base: r, Index: r, Scale: 2}, o)
	case 5:
		LEAQ(Mem{Base: r, Index: r, Scale: 4}, o)
	case 6:
		LEAQ(Mem{Base: r, Index: r, Scale: 2}, o)
		ADDQ(o, o)
	default:
		panic(n)
	}
	return o
}

// strided is six addresses at multiples of a stride.
type strided struct{ base, s1, s3, s5 reg.GPVirtual }

func newStrided(base, s1 reg.GPVirtual) strided { return strided{base, s1, times(3, s1), times(5, s1)} }

func (s strided) at(i, disp int) Mem {
	switch i {
	case 0:
		return Mem{Base: s.base, Disp: disp}
	case 1, 2, 4:
		return Mem{Base: s.base, Index: s.s1, Scale: uint8(i), Disp: disp}
	case 3:
		return Mem{Base: s.base, Index: s.s3, Scale: 1, Disp: disp}
	case 5:
		return Mem{Base: s.base, Index: s.s5, Scale: 1, Disp: disp}
	}
	panic(i)
}

// frame is stack for n registers, aligned so that none crosses a cache line.
func (s ISA) frame(n int) func(i int) Mem {
	mem := AllocLocal(s.bytes()*n + 64)
	p := GP64()
	LEAQ(mem, p)
	ADDQ(I32(63), p)
	ANDQ(I32(-64), p)
	return func(i int) Mem { return Mem{Base: p, Disp: i * s.bytes()} }
}

// loop runs body n times, which may be 0. Its labels begin with the name.
func loop(name string, n reg.Register, body func()) {
	TESTQ(n, n)
	JZ(LabelRef(name + "_end"))
	Label(name)
	body()
	DECQ(n)
	JNZ(LabelRef(name))
	Label(name + "_end")
}

// pointer is a register that moves by step bytes from one position to the next.
type pointer struct {
	r    reg.GPVirtual
	half int // bytes of half a position: 32, or 1 in a mask
	step int // bytes
}

// positions runs body for n positions or tiles in order: once for each with AVX-512, twice
// with AVX2. Then it moves the pointers on, and does what else is to be done after each.
func (s ISA) positions(n reg.GPVirtual, ptrs []pointer, body func(), after ...func()) {
	loop("loop", n, func() {
		if s.wide {
			body()
			for _, p := range ptrs {
				ADDQ(I32(int32(p.step)), p.r)
			}
			for _, f := range after {
				f()
			}
			return
		}
		half := GP64()
		MOVQ(U32(2), half)
		Label("half")
		body()
		for _, p := range ptrs {
			ADDQ(I32(int32(p.half)), p.r)
		}
		DECQ(half)
		JNZ(LabelRef("half"))
		for _, p := range ptrs {
			ADDQ(I32(int32(p.step-2*p.half)), p.r)
		}
		for _, f := range after {
			f()
		}
	})
}
