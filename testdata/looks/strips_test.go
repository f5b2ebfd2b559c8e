package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nst/imgio"
)

// TestStrips draws a strip whose last value paints the painting and finds each picture where
// the order of the values has it, and its measures.
func TestStrips(t *testing.T) {
	s := folder(t)
	pairs, err := s.choosePairs()
	if err != nil {
		t.Fatal(err)
	}
	k := over("--size", "39* 38", second)
	k.columns = append(k.columns, column{name: "painting", flags: []string{"--painting"}})
	file := filepath.Join(s.out, "strip.png")
	lines, err := s.strip(t.Context(), k, "slim", pairs[:2], file)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := imgio.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if w, h := 5*40+4*gap, 2*30+gap; m.W != w || m.H != h {
		t.Fatalf("the strip has %dx%d pixels, want %dx%d", m.W, m.H, w, h)
	}
	for row, level := range []float32{0, 1. / 16} {
		for i, want := range []float32{level, 1, level, level, 1} {
			at := (15+row*(30+gap))*m.W + 20 + i*(40+gap)
			if got := m.Pix[at]; got < want-0.01 || got > want+0.01 {
				t.Errorf("row %d, place %d: level %.3f, want %.3f", row, i, got, want)
			}
		}
	}
	want := "size\tslim\ta in s\t39*\t0.0\t0.0\t0.0\t1.000"
	if got := strings.Split(lines, "\n"); len(got) != 7 || got[0] != want || got[2] != "size\tslim\ta in s\tpainting\t255.0\t0.0\t0.0\t1.000" {
		t.Errorf("measures %q", lines)
	}
	if painted, err := filepath.Glob(filepath.Join(s.out, "painted", "*.png")); err != nil || len(painted) != 6 {
		t.Error(painted, err)
	}
}

// TestKnobs looks whether all knobs are settings of the program, with a default at most.
func TestKnobs(t *testing.T) {
	table, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := chooseKnobs("all")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if !strings.Contains(string(table), "`--"+k.name+"`") {
			t.Errorf("README.md has no --%s", k.name)
		}
		defaults := 0
		for _, c := range k.columns {
			if strings.HasSuffix(c.name, "*") {
				defaults++
			} else if !slices.ContainsFunc(c.flags, func(f string) bool { return f == "--"+k.name }) {
				t.Errorf("--%s: the column %s has the flags %q", k.name, c.name, c.flags)
			}
		}
		if defaults > 1 {
			t.Errorf("--%s has %d defaults", k.name, defaults)
		}
	}
	if some, err := chooseKnobs("calm,strength"); err != nil || len(some) != 2 || some[1].name != "strength" {
		t.Error(some, err)
	}
	if _, err := chooseKnobs("calm,strenght"); err == nil {
		t.Error("a knob that is not there was chosen")
	}
}
