package kernel_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRegistersOfAVX2 reads the assembly for AVX2 for registers that only AVX-512 has. Go's
// assembler takes them without a word, and a machine that has both sets runs them: only
// one without AVX-512 would stop, at an illegal instruction.
func TestRegistersOfAVX2(t *testing.T) {
	source, err := os.ReadFile("avx2_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	known := regexp.MustCompile(`\bY[0-9]+\b`)
	if !known.Match(source) {
		t.Fatal("avx2_amd64.s names no register of 256 bits")
	}
	beyond := regexp.MustCompile(`\b([XY](1[6-9]|2[0-9]|3[01])|Z[0-9]+|K[0-7])\b`)
	routine := ""
	for _, line := range strings.Split(string(source), "\n") {
		if name, is := strings.CutPrefix(line, "TEXT "); is {
			routine = name
		}
		if r := beyond.FindString(line); r != "" {
			t.Errorf("%s takes register %s, which AVX2 has not: %s", routine, r, strings.TrimSpace(line))
			break
		}
	}
	// What avo found that the instructions ask for.
	for _, line := range regexp.MustCompile(`(?m)^// Requires: .*$`).FindAllString(string(source), -1) {
		if strings.Contains(line, "AVX512") {
			t.Errorf("a routine for AVX2 has %s", line)
		}
	}
}
