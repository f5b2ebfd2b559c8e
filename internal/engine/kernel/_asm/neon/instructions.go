package main

import "fmt"

// word writes an instruction that Go's assembler lacks.
func (a *asm) word(code uint32, format string, args ...any) {
	a.inst("WORD $0x%08x // %s", code, fmt.Sprintf(format, args...))
}

// three writes an instruction with two sources, as in fadd d, n, m.
func (a *asm) three(code uint32, name, kind string, d, n, m vreg) {
	a.word(code|uint32(m)<<16|uint32(n)<<5|uint32(d), "%s v%d.%s, v%d.%[3]s, v%[5]d.%[3]s", name, d, kind, n, m)
}

// two writes an instruction with one source.
func (a *asm) two(code uint32, name, to, from string, d, n vreg) {
	a.word(code|uint32(n)<<5|uint32(d), "%s v%d.%s, v%d.%s", name, d, to, n, from)
}

// Four lanes of float32.

// add is d = n + m.
func (a *asm) add(d, n, m vreg) { a.three(0x4e20d400, "fadd", "4s", d, n, m) }

// sub is d = n - m.
func (a *asm) sub(d, n, m vreg) { a.three(0x4ea0d400, "fsub", "4s", d, n, m) }

// mul is d = n m.
func (a *asm) mul(d, n, m vreg) { a.three(0x6e20dc00, "fmul", "4s", d, n, m) }

// div is d = n / m.
func (a *asm) div(d, n, m vreg) { a.three(0x6e20fc00, "fdiv", "4s", d, n, m) }

// max is the larger one, or NaN if there is one.
func (a *asm) max(d, n, m vreg) { a.three(0x4e20f400, "fmax", "4s", d, n, m) }

// min is the smaller one, or NaN if there is one.
func (a *asm) min(d, n, m vreg) { a.three(0x4ea0f400, "fmin", "4s", d, n, m) }

// fma is d += n m.
func (a *asm) fma(d, n, m vreg) { a.inst("VFMLA V%d.S4, V%d.S4, V%d.S4", m, n, d) }

// fms is d -= n m.
func (a *asm) fms(d, n, m vreg) { a.inst("VFMLS V%d.S4, V%d.S4, V%d.S4", m, n, d) }

// lane is a lane of a vector register, as a factor for all lanes of another.
type lane struct {
	v vreg
	i int
}

func (a *asm) byLane(code uint32, name string, d, n vreg, m lane) {
	a.word(code|uint32(m.i>>1)<<11|uint32(m.i&1)<<21|uint32(m.v)<<16|uint32(n)<<5|uint32(d),
		"%s v%d.4s, v%d.4s, v%d.s[%d]", name, d, n, m.v, m.i)
}

// fmaLane is d += n m.
func (a *asm) fmaLane(d, n vreg, m lane) { a.byLane(0x4f801000, "fmla", d, n, m) }

// fmsLane is d -= n m.
func (a *asm) fmsLane(d, n vreg, m lane) { a.byLane(0x4f805000, "fmls", d, n, m) }

// mulLane is d = n m.
func (a *asm) mulLane(d, n vreg, m lane) { a.byLane(0x4f809000, "fmul", d, n, m) }

// sqrt is d = √n.
func (a *asm) sqrt(d, n vreg) { a.two(0x6ea1f800, "fsqrt", "4s", "4s", d, n) }

// round is n rounded to the nearest integer, as an integer.
func (a *asm) round(d, n vreg) { a.two(0x4e21a800, "fcvtns", "4s", "4s", d, n) }

// float is an integer as a float.
func (a *asm) float(d, n vreg) { a.two(0x4e21d800, "scvtf", "4s", "4s", d, n) }

// greater sets the lanes where n > m to ones.
func (a *asm) greater(d, n, m vreg) { a.three(0x6ea0e400, "fcmgt", "4s", d, n, m) }

// equal sets the lanes where n = m to ones.
func (a *asm) equal(d, n, m vreg) { a.three(0x4e20e400, "fcmeq", "4s", d, n, m) }

// Two lanes of float64.

// widen is the lower two lanes of n as float64, or the upper two.
func (a *asm) widen(d, n vreg, upper bool) {
	if upper {
		a.two(0x4e617800, "fcvtl2", "2d", "4s", d, n)
		return
	}
	a.two(0x0e617800, "fcvtl", "2d", "2s", d, n)
}

// addD is d = n + m in float64.
func (a *asm) addD(d, n, m vreg) { a.three(0x4e60d400, "fadd", "2d", d, n, m) }

// subD is d = n - m in float64.
func (a *asm) subD(d, n, m vreg) { a.three(0x4ee0d400, "fsub", "2d", d, n, m) }

// fmaD is d += n m in float64.
func (a *asm) fmaD(d, n, m vreg) { a.inst("VFMLA V%d.D2, V%d.D2, V%d.D2", m, n, d) }

// pairD is the sum of both lanes of n.
func (a *asm) pairD(d, n vreg) { a.two(0x7e70d800, "faddp", "d", "2d", d, n) }

// Bits.

// zero is d = 0.
func (a *asm) zero(d vreg) { a.inst("VEOR V%d.B16, V%[1]d.B16, V%[1]d.B16", d) }

// mov is d = n.
func (a *asm) mov(d, n vreg) { a.inst("VMOV V%d.B16, V%d.B16", n, d) }

// and is d = n & m.
func (a *asm) and(d, n, m vreg) { a.inst("VAND V%d.B16, V%d.B16, V%d.B16", m, n, d) }

// or is d = n | m.
func (a *asm) or(d, n, m vreg) { a.inst("VORR V%d.B16, V%d.B16, V%d.B16", m, n, d) }

// clearBits is d = n &^ m.
func (a *asm) clearBits(d, n, m vreg) { a.three(0x4e601c00, "bic", "16b", d, n, m) }

// insert is d = n where mask has ones.
func (a *asm) insert(d, n, mask vreg) { a.three(0x6ea01c00, "bit", "16b", d, n, mask) }

// test sets the lanes where n and m have a common bit to ones.
func (a *asm) test(d, n, m vreg) { a.three(0x4ea08c00, "cmtst", "4s", d, n, m) }

// addPairs is the sums of pairs of integers: those of n, then those of m.
func (a *asm) addPairs(d, n, m vreg) { a.three(0x4ea0bc00, "addp", "4s", d, n, m) }

// narrow is the lower halves of four integers.
func (a *asm) narrow(d, n vreg) { a.two(0x0e612800, "xtn", "4h", "4s", d, n) }

// zip interleaves pairs of the first or the second kind: trn1 and trn2.
func (a *asm) transpose(which int, kind string, d, n, m vreg) {
	a.inst("VTRN%d V%d.%s, V%d.%[3]s, V%[5]d.%[3]s", which, m, kind, n, d)
}

// Memory.

// loadQ loads a register.
func (a *asm) loadQ(m mem, v vreg) { a.inst("FMOVQ %v, F%d", m, v) }

// loadPair loads two registers.
func (a *asm) loadPair(m mem, v, w vreg) { a.inst("FLDPQ %v, (F%d, F%d)", m, v, w) }

// loadD loads two floats or four words, and clears the rest.
func (a *asm) loadD(m mem, v vreg) { a.inst("FMOVD %v, F%d", m, v) }

// loadS loads a float or two words, and clears the rest.
func (a *asm) loadS(m mem, v vreg) { a.inst("FMOVS %v, F%d", m, v) }

// loadH loads a word of 16 bits, and clears the rest.
func (a *asm) loadH(m mem, v vreg) {
	if m.disp < 0 || m.disp%2 != 0 {
		panic("loadH: offset")
	}
	a.word(0x7d400000|uint32(m.disp/2)<<10|uint32(m.base)<<5|uint32(v), "ldr h%d, [x%d, #%d]", v, m.base, m.disp)
}

// storeQ stores a register.
func (a *asm) storeQ(v vreg, m mem) { a.inst("FMOVQ F%d, %v", v, m) }

// storeD stores the lower half of a register.
func (a *asm) storeD(v vreg, m mem) { a.inst("FMOVD F%d, %v", v, m) }

// storeS stores the first quarter of a register.
func (a *asm) storeS(v vreg, m mem) { a.inst("FMOVS F%d, %v", v, m) }

// storeH stores the lowest 16 bits of a register.
func (a *asm) storeH(v vreg, m mem) {
	a.word(0x7d000000|uint32(m.disp/2)<<10|uint32(m.base)<<5|uint32(v), "str h%d, [x%d, #%d]", v, m.base, m.disp)
}

// General registers.

// copy is d = n.
func (a *asm) copy(d, n reg) { a.inst("MOVD R%d, R%d", n, d) }

// advance is d += n.
func (a *asm) advance(d, n reg) { a.inst("ADD R%d, R%d", n, d) }

// back is d -= n.
func (a *asm) back(d, n reg) { a.inst("SUB R%d, R%d", n, d) }

// move is d += n for a number n.
func (a *asm) move(d reg, n int) {
	switch {
	case n > 0:
		a.inst("ADD $%d, R%d", n, d)
	case n < 0:
		a.inst("SUB $%d, R%d", -n, d)
	}
}

// loop runs body n times, which may be 0. n counts down. Labels are those of a routine.
func (a *asm) loop(name string, n reg, body func()) {
	a.inst("CBZ R%d, %s_end", n, name)
	a.label(name)
	body()
	a.inst("SUBS $1, R%d", n)
	a.inst("BNE %s", name)
	a.label(name + "_end")
}

// pointer is a register that moves by step bytes from one position or tile to the next, and
// by quarter bytes from one quarter of its lanes to the next.
type pointer struct {
	r             reg
	quarter, step int
}

// quarters runs body for n tiles, four times each: once for each four lanes. It moves the
// pointers on. before and after run around the four, and may be nil.
func (a *asm) quarters(n reg, ptrs []pointer, before, body, after func()) {
	count := a.gp()
	a.loop("tile", n, func() {
		if before != nil {
			before()
		}
		a.inst("MOVD $4, R%d", count)
		a.label("quarter")
		a.scope(body)
		for _, p := range ptrs {
			a.move(p.r, p.quarter)
		}
		a.inst("SUBS $1, R%d", count)
		a.inst("BNE quarter")
		if after != nil {
			a.scope(after)
		}
		for _, p := range ptrs {
			a.move(p.r, p.step-4*p.quarter)
		}
	})
}
