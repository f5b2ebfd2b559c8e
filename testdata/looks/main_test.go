package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nst/imgio"
)

// fake is a program that copies the photograph; where a flag says so, it is the painting.
const fake = `#!/bin/sh
while [ "$1" != -o ]; do
	case "$1" in --painting) pick=painting;; stylize) content=$2; style=$3;; esac
	shift
done
if [ "$pick" = painting ]; then cp "$style" "$2"; else cp "$content" "$2"; fi
`

// folder writes a program as fake says and eight photographs, each darker than the next, with a
// painting that is white. It returns the settings that paint them.
func folder(t *testing.T) settings {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "nst")
	if err := os.WriteFile(program, []byte(fake), 0o777); err != nil {
		t.Fatal(err)
	}
	shade := func(v float32) *imgio.Planar {
		m := imgio.NewPlanar(40, 30)
		for i := range m.Pix {
			m.Pix[i] = v
		}
		return m
	}
	for _, folder := range []string{"content", "style"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range names {
		if err := imgio.Save(filepath.Join(dir, "content", n+".png"), shade(float32(i)/16), imgio.Encoding{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := imgio.Save(filepath.Join(dir, "style", "s.png"), shade(1), imgio.Encoding{}); err != nil {
		t.Fatal(err)
	}
	return settings{nst: program, images: dir, size: 40, seed: 1, out: filepath.Join(dir, "out")}
}

// names are those of the photographs.
var names = strings.Split("abcdefgh", "")

// TestPage draws a page with two columns and finds by the key that each picture is what the key
// says, without a recipe, and that rows have orders of their own.
func TestPage(t *testing.T) {
	s := folder(t)
	for _, c := range []string{"photograph=", "painting=--painting"} {
		if err := s.columns.Set(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	key, columns, err := readKey(filepath.Join(s.out, "key.tsv"))
	if err != nil || !slices.Equal(columns, []string{"painting", "photograph"}) || len(key) != 16 {
		t.Fatal(key, columns, err)
	}
	first := map[string]int{}
	for i := range names {
		for j := range 2 {
			name := key[string(rune('1'+i))+" "+letter(j)]
			m, _, err := imgio.Open(filepath.Join(s.out, "row-0"+string(rune('1'+i))+"-"+letter(j)+".png"))
			if err != nil {
				t.Fatal(err)
			}
			if white := m.Pix[0] > 0.9; white != (name == "painting") {
				t.Errorf("row %d, %s: the key says %s, the level is %.2f", i+1, letter(j), name, m.Pix[0])
			}
			if j == 0 {
				first[name]++
			}
		}
	}
	if first["painting"] == 0 || first["photograph"] == 0 {
		t.Errorf("the pictures are not shuffled: %v stand first", first)
	}
}

// TestCount counts choices, and refuses those of pictures that are not there.
func TestCount(t *testing.T) {
	dir := t.TempDir()
	key, choices := filepath.Join(dir, "key.tsv"), filepath.Join(dir, "choices")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(key, "row\tletter\tcolumn\n1\tA\tours\n1\tB\ttheirs\n2\tA\ttheirs\n2\tB\tours\n")
	write(choices, "1 ab\n2 AB\n")
	var b strings.Builder
	if err := countChoices(&b, key, choices); err != nil {
		t.Fatal(err)
	}
	if want := "of 2 rows, the first before the second:\nours           theirs         1\ntheirs         ours           1\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	for _, bad := range []string{"3 AB", "1 AC", "1 AA", "AB"} {
		write(choices, bad)
		if err := countChoices(&b, key, choices); err == nil {
			t.Errorf("%q was counted", bad)
		}
	}
}
