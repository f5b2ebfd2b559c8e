// Command mca writes the table of docs/arm64.md: what LLVM's model of a processor says of the
// inner loops of the NEON kernels.
//
//	mca [-cpus NAME:PIPES,...] [-objdump PROGRAM] [-mca PROGRAM] BINARY
//
// BINARY is a test binary of internal/engine/kernel for arm64. The program disassembles it,
// takes the loops that contain no other loop from each routine, and runs llvm-mca on them.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

func main() {
	cpus := flag.String("cpus", "apple-m1:3,neoverse-n1:2,neoverse-v1:4", "processors, and how many vector multiplications its model begins in a cycle, `NAME:PIPES,...`")
	objdump := flag.String("objdump", "llvm-objdump", "disassembler, `PROGRAM`")
	mca := flag.String("mca", "llvm-mca", "the model, `PROGRAM`")
	flag.Parse()
	if err := run(os.Stdout, flag.Args(), *cpus, *objdump, *mca); err != nil {
		fmt.Fprintln(os.Stderr, "mca:", err)
		os.Exit(1)
	}
}

// processor is one that LLVM has a model of.
type processor struct {
	name  string
	pipes int // vector multiplications that begin in a cycle
}

func run(w io.Writer, args []string, cpus, objdump, mca string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one BINARY")
	}
	var all []processor
	for item := range strings.SplitSeq(cpus, ",") {
		name, pipes, _ := strings.Cut(item, ":")
		n, err := strconv.Atoi(pipes)
		if err != nil {
			return fmt.Errorf("-cpus %s: %w", item, err)
		}
		all = append(all, processor{name, n})
	}
	loops, err := disassemble(objdump, args[0])
	if err != nil {
		return err
	}
	fmt.Fprint(w, "| routine | instructions | of these arithmetic |")
	for _, c := range all {
		fmt.Fprintf(w, " %s: cycles | share |", c.name)
	}
	fmt.Fprint(w, "\n| --- | --- | --- |", strings.Repeat(" --- | --- |", len(all)), "\n")
	for _, l := range loops {
		if err := l.row(w, mca, all); err != nil {
			return fmt.Errorf("loop of %s: %w", l.routine, err)
		}
	}
	return nil
}

// row writes the row of a loop: for each processor the cycles of an iteration, and the share of
// the cycles that its arithmetic needs at least.
func (l *loop) row(w io.Writer, mca string, cpus []processor) error {
	arithmetic := l.arithmetic()
	fmt.Fprintf(w, "| %s | %d | %d |", l.routine, len(l.code), arithmetic)
	for _, c := range cpus {
		cycles, err := l.cycles(mca, c.name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, " %.1f | %.0f %% |", cycles, 100*float64(arithmetic)/float64(c.pipes)/cycles)
	}
	fmt.Fprintln(w)
	return nil
}

// cycles returns the cycles of an iteration by the model.
func (l *loop) cycles(mca, cpu string) (float64, error) {
	const iterations = 100
	cmd := exec.Command(mca, "-mtriple=aarch64", "-mcpu="+cpu, fmt.Sprintf("-iterations=%d", iterations))
	cmd.Stdin = strings.NewReader(strings.Join(l.code, "\n") + "\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", mca, err, stderr.String())
	}
	found := regexp.MustCompile(`Total Cycles: +(\d+)`).FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("%s says no cycles: %s", mca, out)
	}
	n, err := strconv.Atoi(string(found[1]))
	return float64(n) / iterations, err
}
