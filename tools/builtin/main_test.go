package main

import (
	"path/filepath"
	"testing"

	"nst/internal/feedforward"
)

// TestRun completes a network with two of the paintings, and refuses another.
func TestRun(t *testing.T) {
	a := feedforward.Architecture{Widths: [3]int{4, 4, 4}}
	in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
	save := func(names ...string) {
		var styles []feedforward.Style
		for _, n := range names {
			styles = append(styles, feedforward.Style{Name: n})
		}
		m, err := feedforward.New(a, styles, 1)
		if err == nil {
			err = m.Save(in, false)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	save("scream", "woodcut")
	if err := run([]string{in, out}); err != nil {
		t.Fatal(err)
	}
	m, err := feedforward.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	if m.Styles[0].Painter != "Edvard Munch" || m.Styles[1].Title != "Camille Mauclair" || m.Licence == "" {
		t.Errorf("completed to %+v, licence %q", m.Styles, m.Licence)
	}
	save("sunflowers")
	if run([]string{in, out}) == nil {
		t.Error("an unknown painting is accepted")
	}
}
