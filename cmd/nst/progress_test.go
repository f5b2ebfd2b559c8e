package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"nst/nst"
)

// steps reports n iterations of the given length.
func steps(r reporter, n int, each time.Duration) {
	for i := 1; i <= n; i++ {
		r.update(nst.Progress{
			Scale: 1, Scales: 1, Width: 8, Height: 6, Iteration: i, Iterations: n,
			Done: i, Planned: n, Left: time.Duration(n-i) * each,
			Loss: nst.Loss{Total: 100 / float64(i)}, Elapsed: time.Duration(i) * each,
		})
	}
	r.end()
}

func TestPlainProgress(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    int
		each time.Duration
		want int // lines
	}{
		{"fast: the start and every tenth", 1000, time.Millisecond, 11},
		{"short: every iteration", 5, time.Millisecond, 5},
		{"slow: also every ten seconds", 20, 5 * time.Second, 11},
		{"slower: every iteration", 20, 25 * time.Second, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			e := quietEnv()
			e.Stderr = &b
			steps(newReporter(e, "auto", false), tt.n, tt.each)
			if got := strings.Count(b.String(), "\n"); got != tt.want {
				t.Errorf("%d lines, want %d:\n%s", got, tt.want, &b)
			}
		})
	}
	var b bytes.Buffer
	steps(&plain{w: &b}, 2, 30*time.Second)
	if want := "iteration 1/2  8x6  loss 100  30s left\n"; !strings.HasPrefix(b.String(), want) {
		t.Errorf("got %q, want %q", &b, want)
	}
}

// The tenths are those of all scales, and every scale has a line of its own.
func TestPlainProgressOfScales(t *testing.T) {
	var b bytes.Buffer
	l := &plain{w: &b}
	for i := 1; i <= 100; i++ {
		p := nst.Progress{Scale: 1, Scales: 2, Width: 8, Height: 6, Done: i, Planned: 100}
		if i > 55 {
			p.Scale, p.Width = 2, 11
		}
		if i > 70 {
			p.Rollbacks = 1
		}
		l.update(p)
	}
	if got := strings.Count(b.String(), "\n"); got != 13 || strings.Count(b.String(), "returned to") != 1 ||
		!strings.Contains(b.String(), "iteration 56/100  11x6") {
		t.Errorf("%d lines, want 11 tenths, a scale and a rollback:\n%s", got, &b)
	}
}

func TestBarOnATerminal(t *testing.T) {
	var b bytes.Buffer
	e := quietEnv()
	e.Stderr, e.IsTerminal = &b, true
	steps(newReporter(e, "auto", false), 3, time.Second)
	if got := b.String(); !strings.Contains(got, "\r") || !strings.Contains(got, "3/3") || !strings.HasSuffix(got, "\n") {
		t.Errorf("got %q", got)
	}
	b.Reset()
	steps(newReporter(e, "auto", true), 3, time.Second)
	if b.Len() > 0 {
		t.Errorf("quiet says %q", &b)
	}
}

// A loss that is no number must not break the log.
func TestJSONProgressOfNaN(t *testing.T) {
	var b bytes.Buffer
	l := &jsonLines{w: &b}
	l.update(nst.Progress{Loss: nst.Loss{Total: math.NaN(), Style: math.Inf(1), Content: 2.5}})
	var v struct{ Loss map[string]*float64 }
	if err := json.Unmarshal(b.Bytes(), &v); err != nil || l.err != nil {
		t.Fatalf("%s: %v, %v", &b, err, l.err)
	}
	if v.Loss["total"] != nil || v.Loss["style"] != nil || *v.Loss["content"] != 2.5 {
		t.Errorf("got %s", &b)
	}
}

// A line never reaches the end of the terminal, where it would break.
func TestBarFits(t *testing.T) {
	for _, tt := range []struct {
		columns int
		want    string
	}{
		{80, "1024x768  loss 1.234e+06  3m20s left  120/241  49% [==========>.............]"},
		{64, "1024x768  loss 1.234e+06  3m20s left  120/241  49% [==>.....]"},
		{40, "3m20s left  120/241  49% [===>......]"},
		{20, "120/241  49% [..]"},
	} {
		var b bytes.Buffer
		e := quietEnv()
		e.Stderr, e.IsTerminal, e.Columns = &b, true, func() int { return tt.columns }
		newReporter(e, "auto", false).update(nst.Progress{
			Width: 1024, Height: 768, Done: 120, Planned: 241, Left: 200 * time.Second, Loss: nst.Loss{Total: 1.234e6},
		})
		got := strings.TrimRight(strings.TrimPrefix(b.String(), "\r"), " ")
		if len(got) >= tt.columns {
			t.Errorf("%d columns: a line of %d: %q", tt.columns, len(got), got)
		}
		if got != tt.want {
			t.Errorf("%d columns: got %q, want %q", tt.columns, got, tt.want)
		}
	}
}
