package kernel

import (
	"fmt"
	"slices"
	"strings"
)

// CPU is a chosen instruction set: the table of micro-kernels that steps use.
type CPU struct {
	isa      *isa
	features []string
}

// Detect returns the best instruction set of this machine that the package has code for:
// avx512 (F, BW, DQ, VL), avx2 (with FMA), neon or generic, which is plain Go. With the build
// tag noasm, and on processors other than amd64 and arm64, there is only generic. The variable
// NST_CPU, read by getenv (os.Getenv), selects one by name; one that is not available is an
// error. By that choice avx512bf16 has products in bfloat16, and avx512 has none; without a
// choice there are such products where the processor has the instructions. See [CPU.BF16].
func Detect(getenv func(string) string) (*CPU, error) {
	all := supported()
	want := getenv("NST_CPU")
	if want == "" {
		return all[0], nil
	}
	var names []string
	for _, c := range all {
		for _, choice := range c.choices() {
			names = append(names, choice.Choice())
			if want == choice.Choice() {
				return choice, nil
			}
		}
	}
	if !slices.Contains([]string{bf16Choice, "avx512", "avx2", "neon", "generic"}, want) {
		return nil, fmt.Errorf("kernel: NST_CPU=%s: unknown instruction set (here: %s)", want, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("kernel: NST_CPU=%s: not available (here: %s)", want, strings.Join(names, ", "))
}

// Supported returns the instruction sets that can be used here, best first.
func Supported() []*CPU { return supported() }

// Name is avx512, avx2, neon or generic.
func (c *CPU) Name() string { return c.isa.name }

// Features lists the features of the processor that matter here, such as "avx512bw",
// whether they are used or not.
func (c *CPU) Features() []string { return slices.Clone(c.features) }

// bf16Choice is the value of NST_CPU for avx512 with products in bfloat16.
const bf16Choice = "avx512bf16"

// choices returns c, and if it is avx512 with bfloat16 then the same without.
func (c *CPU) choices() []*CPU {
	if c.Choice() != bf16Choice {
		return []*CPU{c}
	}
	plain := *c.isa
	plain.bf16 = nil
	return []*CPU{c, {&plain, c.features}}
}

// Choice is the value of NST_CPU that selects c.
func (c *CPU) Choice() string {
	if c.isa.name == "avx512" && c.isa.bf16 != nil {
		return bf16Choice
	}
	return c.isa.name
}
