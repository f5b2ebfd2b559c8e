package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// asm collects the routines of a file. A routine begins with text and ends with ret.
type asm struct {
	text, data strings.Builder
	stubs      strings.Builder
	constants  map[string]bool

	name   string
	params map[string]param
	size   int // bytes of the parameters and the result
	frame  int // bytes of the local variables
	body   strings.Builder
	free   []vreg // vector registers
	freeGP []reg
}

// vreg is a vector register: V0 to V31.
type vreg int

// reg is a general register.
type reg int

// mem is a place in memory: disp bytes after what a register points to.
type mem struct {
	base reg
	disp int
}

// at is the place n bytes after where r points to.
func (r reg) at(n int) mem { return mem{r, n} }

// String is the place in the syntax of Go's assembler.
func (m mem) String() string {
	if m.disp == 0 {
		return fmt.Sprintf("(R%d)", m.base)
	}
	return fmt.Sprintf("%d(R%d)", m.disp, m.base)
}

// param is a parameter of a routine.
type param struct {
	offset int
	slice  bool
}

func newAsm() *asm { return &asm{constants: map[string]bool{}} }

// begin begins a routine. The parameters are written as in Go, without types that the
// kernels do not have. A result is a float64 named sum.
func (a *asm) begin(name, params string, result ...string) {
	a.name, a.params, a.size, a.frame = name+"NEON", map[string]param{}, 0, 0
	a.body.Reset()
	a.free, a.freeGP = nil, nil
	for v := range vreg(32) {
		a.free = append(a.free, v)
	}
	// R18 belongs to the system, R26 to R30 to Go.
	for r := range reg(26) {
		if r != 18 {
			a.freeGP = append(a.freeGP, r)
		}
	}
	var names []string
	for _, p := range strings.Split(params, ", ") {
		name, kind, typed := strings.Cut(p, " ")
		if names = append(names, name); typed {
			for _, name := range names {
				a.param(name, kind)
			}
			names = nil
		}
	}
	for range result {
		a.size = (a.size + 7) &^ 7
		a.params["sum"] = param{offset: a.size}
		a.size += 8
	}
	fmt.Fprintf(&a.stubs, "\n//go:noescape\nfunc %s(%s) %s\n", a.name, params, strings.Join(result, ""))
}

func (a *asm) param(name, kind string) {
	size, align := 8, 8
	switch kind {
	case "float32":
		size, align = 4, 4
	case "bool":
		size, align = 1, 1
	}
	slice := strings.HasPrefix(kind, "[]")
	if slice {
		size = 24
	}
	a.size = (a.size + align - 1) &^ (align - 1)
	a.params[name] = param{a.size, slice}
	a.size += size
}

// ret ends the routine.
func (a *asm) ret() {
	a.inst("RET")
	frame := (a.frame + 15) &^ 15
	fmt.Fprintf(&a.text, "\n// func %s\nTEXT ·%[1]s(SB), 0, $%d-%d\n%s", a.name, frame, a.size, a.body.String())
}

// inst writes an instruction in the syntax of Go's assembler.
func (a *asm) inst(format string, args ...any) {
	fmt.Fprintf(&a.body, "\t"+format+"\n", args...)
}

// label writes a label.
func (a *asm) label(name string) { fmt.Fprintf(&a.body, "%s:\n", name) }

// v is a new vector register.
func (a *asm) v() vreg {
	if len(a.free) == 0 {
		panic(a.name + ": no vector register is free")
	}
	v := a.free[0]
	a.free = a.free[1:]
	return v
}

// vs is n new vector registers.
func (a *asm) vs(n int) []vreg {
	out := make([]vreg, n)
	for i := range out {
		out[i] = a.v()
	}
	return out
}

// drop gives vector registers back.
func (a *asm) drop(v ...vreg) {
	a.free = append(a.free, v...)
	slices.Sort(a.free)
}

// scope runs body and gives back the vector registers that it took and did not drop.
func (a *asm) scope(body func()) {
	before := slices.Clone(a.free)
	body()
	a.free = before
}

// gp is a new general register.
func (a *asm) gp() reg {
	if len(a.freeGP) == 0 {
		panic(a.name + ": no general register is free")
	}
	r := a.freeGP[0]
	a.freeGP = a.freeGP[1:]
	return r
}

// load is an integer parameter, or the start of a slice, in a register.
func (a *asm) load(name string) reg {
	r, p := a.gp(), a.params[name]
	if p.slice {
		name += "_base"
	}
	a.inst("MOVD %s+%d(FP), R%d", name, p.offset, r)
	return r
}

// length is the length of a slice in a register.
func (a *asm) length(name string) reg {
	r := a.gp()
	a.inst("MOVD %s_len+%d(FP), R%d", name, a.params[name].offset+8, r)
	return r
}

// flag is a parameter of type bool in a register.
func (a *asm) flag(name string) reg {
	r := a.gp()
	a.inst("MOVBU %s+%d(FP), R%d", name, a.params[name].offset, r)
	return r
}

// stride is a parameter counted in elements of 1<<log bytes, in bytes.
func (a *asm) stride(name string, log int) reg {
	r := a.load(name)
	a.inst("LSL $%d, R%d", log, r)
	return r
}

// times is n*r.
func (a *asm) times(n int, r reg) reg {
	o := a.gp()
	a.inst("MOVD $%d, R%d", n, o)
	a.inst("MUL R%d, R%d", r, o)
	return o
}

// broadcast is a register full of a float parameter.
func (a *asm) broadcast(name string) vreg {
	v := a.v()
	a.inst("FMOVS %s+%d(FP), F%d", name, a.params[name].offset, v)
	a.inst("VDUP V%d.S[0], V%[1]d.S4", v)
	return v
}

// local is memory for n vector registers on the stack.
func (a *asm) local(n int) func(i int) mem {
	a.frame += 16 * n
	r := a.gp()
	a.inst("MOVD $tmp-%d(SP), R%d", a.frame, r)
	return func(i int) mem { return r.at(16 * i) }
}

// constant is a register with four floats. Fewer are repeated.
func (a *asm) constant(f ...float64) vreg {
	var words []uint32
	for i := range 4 {
		words = append(words, math.Float32bits(float32(f[i%len(f)])))
	}
	v := a.v()
	a.loadQ(a.table(words).at(0), v)
	return v
}

// table is a general register that points to constant words.
func (a *asm) table(words []uint32) reg {
	var name strings.Builder
	name.WriteString("c")
	for _, w := range words {
		fmt.Fprintf(&name, "%08x", w)
	}
	if !a.constants[name.String()] {
		a.constants[name.String()] = true
		for i, w := range words {
			fmt.Fprintf(&a.data, "DATA %s<>+%d(SB)/4, $0x%08x\n", name.String(), 4*i, w)
		}
		fmt.Fprintf(&a.data, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", name.String(), 4*len(words))
	}
	r := a.gp()
	a.inst("MOVD $%s<>(SB), R%d", name.String(), r)
	return r
}

const header = "// Code generated by command: go run ./neon -out %s -stubs %s -pkg %s. DO NOT EDIT.\n\n//go:build !noasm && gc\n\n"

// assembly is the text of the file with the routines.
func (a *asm) assembly() string {
	return fmt.Sprintf(header, "../neon_arm64.s", "../neon_arm64.go", "kernel") + "#include \"textflag.h\"\n\n" + a.data.String() + a.text.String()
}

// declarations is the text of the file with their declarations in Go.
func (a *asm) declarations(pkg, out, stubs string) string {
	return fmt.Sprintf(header, out, stubs, pkg) + "package " + pkg + "\n" + strings.ReplaceAll(a.stubs.String(), " \n", "\n")
}
