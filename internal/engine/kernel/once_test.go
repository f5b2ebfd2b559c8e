package kernel

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestOnce runs each micro-kernel and its twin once at the largest size of its cases, for
// programs that count instructions: testdata/arm64/count.sh is one. NST_TEST_ONCE names the
// instruction set.
func TestOnce(t *testing.T) {
	name := os.Getenv("NST_TEST_ONCE")
	if name == "" {
		t.Skip("NST_TEST_ONCE is not set: only for counting instructions")
	}
	for _, cpu := range Supported() {
		if s := cpu.isa; s.name == name {
			last := map[string]kernelCase{}
			for _, c := range append(append(gemmCases(s), winoCases()...), append(feedForwardCases(), otherCases(s)...)...) {
				kernel, _, _ := strings.Cut(c.name, " ")
				last[kernel] = c
			}
			for _, c := range last {
				c.compare(t, s, rand.New(rand.NewPCG(1, 2)), 0)
			}
		}
	}
}
