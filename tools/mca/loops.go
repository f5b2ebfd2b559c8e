package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// loop is one that contains no other.
type loop struct {
	routine string
	code    []string // instructions without addresses
}

// instruction is a line of the disassembly.
type instruction struct {
	address uint64
	text    string
	target  uint64 // of a branch
}

var (
	symbolLine = regexp.MustCompile(`^[0-9a-f]+ <.*kernel\.(\w+)NEON\.abi0>:$`)
	codeLine   = regexp.MustCompile(`^\s*([0-9a-f]+):\s+(\S.*)$`)
	branch     = regexp.MustCompile(`^(?:b(?:\.\w+)?|cbn?z\s+\w+,)\s+0x([0-9a-f]+)`)
)

// disassemble returns the inner loops of all routines in a binary.
func disassemble(objdump, binary string) ([]loop, error) {
	out, err := exec.Command(objdump, "-d", "--no-show-raw-insn", binary).Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", objdump, err)
	}
	var loops []loop
	var routine string
	var code []instruction
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasSuffix(line, ">:") {
			loops = append(loops, innerLoops(routine, code)...)
			routine, code = "", nil
			if m := symbolLine.FindStringSubmatch(line); m != nil {
				routine = m[1]
			}
		} else if m := codeLine.FindStringSubmatch(line); m != nil && routine != "" {
			code = append(code, parse(m[1], m[2]))
		}
	}
	loops = append(loops, innerLoops(routine, code)...)
	if len(loops) == 0 {
		return nil, fmt.Errorf("%s has no loop of a routine for NEON", binary)
	}
	return loops, lines.Err()
}

func parse(address, text string) instruction {
	text, _, _ = strings.Cut(text, "//")
	i := instruction{text: strings.TrimSpace(strings.ReplaceAll(text, "\t", " "))}
	i.address, _ = strconv.ParseUint(address, 16, 64) // the pattern has digits only
	if m := branch.FindStringSubmatch(i.text); m != nil {
		i.target, _ = strconv.ParseUint(m[1], 16, 64)
	}
	return i
}

// innerLoops returns the loops that contain no other. A loop ends with a branch back.
func innerLoops(routine string, code []instruction) []loop {
	var loops []loop
	for end, last := range code {
		if last.target == 0 || last.target > last.address {
			continue
		}
		start := end
		for start > 0 && code[start].address > last.target {
			start--
		}
		inner := true
		for _, i := range code[start:end] {
			inner = inner && (i.target == 0 || i.target > i.address)
		}
		if !inner {
			continue
		}
		l := loop{routine: routine}
		for _, i := range code[start:end] {
			if i.target == 0 { // a branch ahead skips an addition, which is counted
				l.code = append(l.code, i.text)
			}
		}
		loops = append(loops, l)
	}
	return loops
}

var arithmetic = regexp.MustCompile(`^f(mla|mls|mul|add|sub|max|min|div|sqrt)\s+v`)

// arithmetic counts the vector instructions that compute with floats.
func (l *loop) arithmetic() int {
	n := 0
	for _, text := range l.code {
		if arithmetic.MatchString(text) {
			n++
		}
	}
	return n
}
