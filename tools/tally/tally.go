package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// kernelTest has a subtest for each instruction set that the processor offers.
const kernelTest = "TestMicroKernels/"

// event is a line of go test -json.
type event struct{ Action, Package, Test, Output string }

// tally counts tests.
type tally struct {
	to       io.Writer
	output   map[string]map[string]string // by package and test, while it runs
	packages map[string]bool
	passed   int
	skipped  map[string]int // by reason
	sets     []string
}

func newTally(to io.Writer) *tally {
	return &tally{to: to, output: map[string]map[string]string{}, packages: map[string]bool{}, skipped: map[string]int{}}
}

// read takes all events. Output without any is an error: nothing was tested.
func (t *tally) read(r io.Reader) error {
	d := json.NewDecoder(r)
	for {
		var e event
		switch err := d.Decode(&e); {
		case err == io.EOF && len(t.packages) == 0:
			return errors.New("no package was tested")
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("output of go test -json: %w", err)
		}
		t.add(e)
	}
}

func (t *tally) add(e event) {
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Test == "":
		if e.Output != "PASS\n" && !strings.HasSuffix(e.Output, "[no test files]\n") {
			fmt.Fprint(t.to, e.Output)
		}
	case e.Action == "output":
		if t.output[e.Package] == nil {
			t.output[e.Package] = map[string]string{}
		}
		if !strings.HasPrefix(e.Output, "=== ") {
			t.output[e.Package][e.Test] += e.Output
		}
	case e.Test == "":
		t.endPackage(e)
	default:
		t.endTest(e)
	}
}

// endPackage shows what the tests that did not come to an end said.
func (t *tally) endPackage(e event) {
	if e.Action == "pass" {
		t.packages[e.Package] = true
	}
	if e.Action == "fail" {
		for _, name := range slices.Sorted(maps.Keys(t.output[e.Package])) {
			fmt.Fprint(t.to, t.output[e.Package][name])
		}
	}
	delete(t.output, e.Package)
}

func (t *tally) endTest(e event) {
	switch said := t.output[e.Package][e.Test]; e.Action {
	case "pass":
		t.passed++
		if set, ok := strings.CutPrefix(e.Test, kernelTest); ok {
			t.sets = append(t.sets, set)
		}
	case "skip":
		t.skipped[reason(said)]++
	case "fail":
		fmt.Fprint(t.to, said)
	default:
		return // it begins, or goes on
	}
	delete(t.output[e.Package], e.Test)
}

var logLine = regexp.MustCompile(`(?m)^\s+\S+\.go:\d+: (.*)$`)

// reason returns the last line that a skipped test said.
func reason(said string) string {
	lines := logLine.FindAllStringSubmatch(said, -1)
	if len(lines) == 0 {
		return "no reason given"
	}
	return lines[len(lines)-1][1]
}

// summary says what was covered, and which of the instruction sets wanted were not.
func (t *tally) summary(name string, want []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d tests in %d packages passed", name, t.passed, len(t.packages))
	if len(t.sets) > 0 {
		fmt.Fprintf(&b, "; kernels tested: %s", strings.Join(t.sets, ", "))
	}
	b.WriteString("\n")
	for _, set := range want {
		if !slices.Contains(t.sets, set) {
			fmt.Fprintf(&b, "  NOT TESTED: kernels for %s, which this processor lacks\n", set)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(t.skipped)) {
		fmt.Fprintf(&b, "  skipped %d: %s\n", t.skipped[why], why)
	}
	return b.String()
}
