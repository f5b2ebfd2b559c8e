package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLedger(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"in.png", "there.png", "out-0050.png", "weights"} {
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		fill func(*ledger)
		want string // in the error; empty for none
	}{
		{"new", func(l *ledger) { l.write("output", "new.png", refuses) }, ""},
		{"there", func(l *ledger) { l.write("output", "there.png", refuses) }, "exists already"},
		{"overwrite", func(l *ledger) { l.write("output", "there.png", replaces) }, ""},
		{"skip", func(l *ledger) { l.write("output", "there.png", skips) }, ""},
		{"extend", func(l *ledger) { l.write("log", "there.png", extends) }, ""},
		{"folder", func(l *ledger) { l.write("log", ".", extends) }, "is a folder"},
		{"input", func(l *ledger) { l.write("output", "./in.png", replaces) }, "is one of the inputs"},
		{"weights", func(l *ledger) { l.read("weights"); l.write("log", "weights", replaces) }, "is one of the inputs"},
		{"input that is missing", func(l *ledger) { l.read("no.png"); l.write("log", "NO.png", replaces) }, "is one of the inputs"},
		{"twice", func(l *ledger) { l.write("plot", "a.png", replaces); l.write("strip", "./A.png", replaces) }, `strip "./A.png": is also the plot`},
		{"no path", func(l *ledger) { l.write("plot", "", refuses); l.write("log", "", refuses) }, ""},
		{"numbered", func(l *ledger) { l.numbered("out.png", 50, refuses) }, `"out-0050.png": exists already`},
		{"numbered, replaced", func(l *ledger) { l.numbered("out.png", 50, replaces) }, ""},
		{"numbered, others", func(l *ledger) { l.numbered("out.png", 40, refuses) }, ""},
		{"numbered log", func(l *ledger) { l.write("log", "out-0100.png", replaces); l.numbered("out.png", 50, replaces) }, `is also the log`},
		{"numbered log elsewhere", func(l *ledger) {
			l.write("log", filepath.Join("..", "out-0100.png"), extends)
			l.numbered("out.png", 50, replaces)
		}, ""},
		{"numbered input", func(l *ledger) { l.read("out-0050.png"); l.numbered("./out.png", 50, replaces) }, `out-0050.png": is one of the inputs`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l ledger
			l.read("in.png", "")
			c.fill(&l)
			err := l.check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if file := new(fileError); err != nil && !errors.As(err, &file) {
				t.Errorf("%v is not a fileError", err)
			}
		})
	}
}

func TestNumberOf(t *testing.T) {
	for _, c := range []struct {
		name string
		n    int
		ok   bool
	}{
		{"out-0050.png", 50, true},
		{"OUT-12345.PNG", 12345, true},
		{"out-050.png", 0, false},
		{"out-0000.png", 0, false},
		{"out-005x.png", 0, false},
		{"out_0050.png", 0, false},
		{"out-0050.jpg", 0, false},
		{"out-99999999999999999999.png", 0, false},
		{"out.png", 0, false},
		{"", 0, false},
	} {
		if n, ok := numberOf(c.name, "out", ".png"); ok != c.ok || ok && n != c.n {
			t.Errorf("%s: %d, %v", c.name, n, ok)
		}
	}
	if _, ok := numberOf("b\xff-0050.png", "b\xff", ".png"); !ok {
		t.Error("a name that is no UTF-8 is not recognised")
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain name.png":     "plain name.png",
		`"quoted" \back`:     `"quoted" \back`,
		"grün 漢字　🎨":          "grün 漢字　🎨",
		"\x1b[31mred\n\t":    `\x1b[31mred\n\t`,
		"bad\xff\xfe":        `bad\xff\xfe`,
		"c1\u0085 \u202eltr": `c1\u0085 \u202eltr`,
		"\x7f\x00":           `\x7f\x00`,
		"\ufffd":             "\ufffd", // stands for itself
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	if got := printableLines("a\tb\n\x1bc\n"); got != "a\tb\n\\x1bc\n" {
		t.Errorf("lines: got %q", got)
	}
}
