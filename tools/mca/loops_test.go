package main

import (
	"slices"
	"testing"
)

// TestInnerLoops finds the one loop that contains no other, without the branch ahead in it.
func TestInnerLoops(t *testing.T) {
	var code []instruction
	for _, line := range [][2]string{
		{"100", "mov\tx0, x1"},
		{"104", "fmla\tv0.4s, v1.4s, v2.s[0]"}, // outer loop
		{"108", "ldr\tq0, [x0]"},               // inner loop
		{"10c", "cbz\tx7, 0x114 <kernel.gramNEON.abi0+0x14>"},
		{"110", "fadd\tv0.4s, v0.4s, v1.4s"},
		{"114", "subs\tx2, x2, #1"},
		{"118", "b.ne\t0x108 <kernel.gramNEON.abi0+0x8>  // b.any"},
		{"11c", "subs\tx3, x3, #1"},
		{"120", "b.ne\t0x104 <kernel.gramNEON.abi0+0x4>"},
	} {
		code = append(code, parse(line[0], line[1]))
	}
	loops := innerLoops("gram", code)
	if len(loops) != 1 {
		t.Fatalf("%d loops: %v", len(loops), loops)
	}
	want := []string{"ldr q0, [x0]", "fadd v0.4s, v0.4s, v1.4s", "subs x2, x2, #1"}
	if l := loops[0]; !slices.Equal(l.code, want) || l.arithmetic() != 1 {
		t.Errorf("code %q with %d arithmetic instructions, want %q with 1", l.code, l.arithmetic(), want)
	}
}
