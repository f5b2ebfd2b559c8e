// Command tally runs go test and writes down what was covered: how many tests ran, on
// which instruction sets the kernels were tested, and what was skipped and why.
//
//	tally [-sets avx512,avx2,generic] -to FILE go test -json ...
//
// It prints what go test prints without -json, and ends with its exit code.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	sets := flag.String("sets", "", "instruction sets that should be tested, `NAME,...`")
	to := flag.String("to", "", "`FILE` for the summary, of the same name as the tests")
	flag.Parse()
	err := run(flag.Args(), *to, *sets)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
}

// run runs a command and tallies its output.
func run(args []string, to, sets string) error {
	if len(args) == 0 || to == "" {
		return errors.New("want -to FILE go test -json")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t := newTally(os.Stdout)
	readErr := t.read(out)
	_, _ = io.Copy(io.Discard, out) // lets the command end
	if err := cmd.Wait(); err != nil {
		return err
	}
	if readErr != nil {
		return readErr
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	var want []string
	if sets != "" {
		want = strings.Split(sets, ",")
	}
	return os.WriteFile(to, []byte(t.summary(filepath.Base(to), want)), 0o666)
}
