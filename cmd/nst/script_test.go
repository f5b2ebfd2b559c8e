package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nst/imgio"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nst": main})
}

func TestScript(t *testing.T) {
	fixtures, err := filepath.Abs(filepath.Join("..", "..", "testdata", "weights"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NST_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("FIXTURES", fixtures)
			e.Setenv("AWKWARD", filepath.Join(fixtures, "..", "awkward"))
			nst, err := exec.LookPath("nst")
			e.Setenv("NST_BIN", filepath.Dir(nst))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode":  cmdExitcode,
			"interrupt": cmdInterrupt,
			"picture":   cmdPicture,
			"evenly":    cmdEvenly,
			"network":   cmdNetwork,
			"misshapen": cmdMisshapen,
			"evil":      cmdEvil,
			"truncate":  cmdTruncate,
			"jsonlines": cmdJSONLines,
			"falls":     cmdFalls,
			"samescore": cmdSameScore,
			"model":     cmdModel,
			"newer":     cmdNewer,
			"same":      cmdSame,
			"alpha":     cmdAlpha,
			"near":      cmdNear,
			"photos":    cmdPhotos,
		},
	})
}

// cmdExitcode is exitcode N PROGRAM ARG...: it runs the program and wants it to
// exit with code N.
func cmdExitcode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	wantCode(ts, err, args[0])
}

func wantCode(ts *testscript.TestScript, err error, want string) {
	got := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}

// cmdInterrupt is interrupt N LOG PROGRAM ARG...: it runs the program, interrupts
// it as soon as the file LOG has a line, and wants it to exit with code N.
func cmdInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	log := ts.MkAbs(args[1])
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	c := exec.Command(path, args[3:]...)
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "NST_HOME="+ts.Getenv("NST_HOME"))
	c.Stdout, c.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for logged := false; !logged; {
		select {
		case err := <-ended:
			ts.Fatalf("ended before it was interrupted: %v", err)
		case <-deadline:
			c.Process.Kill()
			ts.Fatalf("no line in %s in a minute", args[1])
		case <-tick.C:
			data, _ := os.ReadFile(log)
			logged = bytes.ContainsRune(data, '\n')
		}
	}
	ts.Check(c.Process.Signal(os.Interrupt))
	wantCode(ts, <-ended, args[0])
}

// cmdJSONLines is jsonlines FILE N: it wants N lines (any number above 0, if N is
// not given), each a JSON object.
func cmdJSONLines(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	for _, line := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			ts.Fatalf("%q: %v", line, err)
		}
	}
	if len(args) > 1 && strconv.Itoa(len(lines)) != args[1] {
		ts.Fatalf("%d lines, want %s", len(lines), args[1])
	}
}

// cmdSame is same A B: it wants two pictures to have the same pixels. Their files may differ,
// because their recipes may.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	a, _, err := imgio.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	b, _, err := imgio.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	if same := a.W == b.W && slices.Equal(a.Pix, b.Pix); same == neg {
		ts.Fatalf("%s and %s: the same pixels: %v", args[0], args[1], same)
	}
}

// cmdAlpha is alpha FILE: it wants a picture with the transparency that cmdPicture draws: the
// left half.
func cmdAlpha(ts *testscript.TestScript, neg bool, args []string) {
	m, _, err := imgio.OpenImage(ts.MkAbs(args[0]))
	ts.Check(err)
	_, alpha := imgio.Separate(m)
	if (alpha == nil) != neg {
		ts.Fatalf("%s has transparency: %v", args[0], alpha != nil)
	}
	if neg {
		return
	}
	last := m.Bounds().Dx() - 1
	if left, right := alpha[0], alpha[last]; math.Abs(float64(left)-100.0/255) > 0.01 || right != 1 {
		ts.Fatalf("%s: alpha from %v to %v", args[0], left, right)
	}
}

// cmdFalls is falls FILE: it wants the total loss to be lower on the last line of a
// log than on the first.
func cmdFalls(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	total := func(line string) float64 {
		var v struct{ Loss struct{ Total float64 } }
		ts.Check(json.Unmarshal([]byte(line), &v))
		return v.Loss.Total
	}
	if first, last := total(lines[0]), total(lines[len(lines)-1]); !(last < first) {
		ts.Fatalf("the loss goes from %v to %v", first, last)
	}
}

// cmdSameScore is samescore SAID MEASURED: it wants the score in the JSON that stylize said to
// be the total that nst score measured.
func cmdSameScore(ts *testscript.TestScript, _ bool, args []string) {
	var measured struct{ Total float64 }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &measured))
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var said struct{ Score *float64 }
		ts.Check(json.Unmarshal([]byte(line), &said))
		if said.Score == nil {
			continue
		}
		if off := math.Abs(*said.Score/measured.Total - 1); off > 1e-5 {
			ts.Fatalf("stylize says %v, score measures %v", *said.Score, measured.Total)
		}
		return
	}
	ts.Fatalf("stylize said no score")
}
