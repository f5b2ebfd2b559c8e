package main

import (
	"strings"
	"testing"
)

const passing = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestMicroKernels/avx2"}
{"Action":"output","Package":"p","Test":"TestMicroKernels/avx2","Output":"    x_test.go:1: chatter\n"}
{"Action":"pass","Package":"p","Test":"TestMicroKernels/avx2"}
{"Action":"output","Package":"p","Test":"TestS","Output":"=== RUN   TestS\n"}
{"Action":"output","Package":"p","Test":"TestS","Output":"    s_test.go:16: there is no card\n"}
{"Action":"output","Package":"p","Test":"TestS","Output":"--- SKIP: TestS (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestS"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.3s\n"}
{"Action":"pass","Package":"p"}
{"Action":"output","Package":"q","Output":"?   \tq\t[no test files]\n"}
{"Action":"skip","Package":"q"}
`

const failing = `{"Action":"build-output","ImportPath":"a","Output":"a.go:2: wrong type\n"}
{"Action":"output","Package":"p","Test":"TestF","Output":"    f_test.go:3: got 1\n"}
{"Action":"fail","Package":"p","Test":"TestF"}
{"Action":"output","Package":"p","Test":"TestHangs","Output":"panic: test timed out\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
{"Action":"pass","Package":"r"}
`

func TestTally(t *testing.T) {
	var out strings.Builder
	c := newTally(&out)
	if err := c.read(strings.NewReader(passing)); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "ok  \tp\t0.3s\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	want := `short: 1 tests in 1 packages passed; kernels tested: avx2
  NOT TESTED: kernels for avx512, which this processor lacks
  skipped 1: there is no card
`
	if got := c.summary("short", []string{"avx512", "avx2"}); got != want {
		t.Errorf("summary\n%swant\n%s", got, want)
	}

	out.Reset()
	if err := newTally(&out).read(strings.NewReader(failing)); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"a.go:2: wrong type\n", "f_test.go:3: got 1\n", "panic: test timed out\n", "FAIL\tp\t0.1s\n"} {
		if strings.Count(out.String(), line) != 1 {
			t.Errorf("%q is not there once, in\n%s", line, out.String())
		}
	}
	for _, text := range []string{"", "go: no such package\n"} {
		if err := newTally(&out).read(strings.NewReader(text)); err == nil {
			t.Errorf("output %q: no error", text)
		}
	}
}

// TestExit looks that a command that fails is not taken for one that passes.
func TestExit(t *testing.T) {
	to := t.TempDir() + "/tally"
	for _, args := range [][]string{{"false"}, {"true"}, {"no-such-program"}, nil} {
		if err := run(args, to, ""); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
