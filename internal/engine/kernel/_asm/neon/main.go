// Command neon writes the micro-kernels for NEON, the vector unit of every arm64 processor.
//
// There is no avo for arm64, so this program has an assembler of its own: asm.go has
// registers, parameters and files, and instructions.go has what a kernel says. Instructions
// that Go's assembler lacks become WORD with the instruction in a comment. The other files are
// those of package gen, for registers of four lanes: a position of 16 channels is four of them.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("out", "", "file of the assembly")
	stubs := flag.String("stubs", "", "file of the Go declarations")
	pkg := flag.String("pkg", "kernel", "package of both")
	flag.Parse()
	a := newAsm()
	a.all()
	for _, f := range []struct{ path, text string }{{*out, a.assembly()}, {*stubs, a.declarations(*pkg, *out, *stubs)}} {
		if err := os.WriteFile(f.path, []byte(f.text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "neon:", err)
			os.Exit(1)
		}
	}
}

// all generates every kernel.
func (a *asm) all() {
	a.gemm()
	a.gram()
	a.winoFilter()
	a.winoIns()
	a.winoOuts()
	a.first()
	a.pack()
	a.taps()
	a.pools()
	a.masks()
	a.feedForward()
	a.neighbours()
	a.mirrors()
	a.vectors()
	a.weights()
}
