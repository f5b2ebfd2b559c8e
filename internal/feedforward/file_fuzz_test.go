package feedforward_test

import (
	"reflect"
	"strings"
	"testing"

	"nst/internal/feedforward"
)

// FuzzRead checks that a model that can be read survives being written and read again.
func FuzzRead(f *testing.F) {
	for _, half := range []bool{false, true} {
		b := write(f, model(f, feedforward.Architecture{Widths: [3]int{1, 1, 1}}, "a", "b"), half)
		f.Add(b)
		f.Add(b[:len(b)-3])
		f.Add(edit(f, b, func(h map[string]any) { h["x"] = h["out.bias"] }))
	}
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := read(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "feedforward: ") {
				t.Errorf("error without the package's name: %v", err)
			}
			return
		}
		if 4*len(m.Params) > 2*len(b) {
			t.Fatalf("%d parameters from %d bytes", len(m.Params), len(b))
		}
		again, err := read(write(t, m, false))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, m) {
			t.Error("a model changed when it was written")
		}
	})
}

// FuzzMetadata is FuzzRead of a file whose metadata alone are unusual.
func FuzzMetadata(f *testing.F) {
	a := feedforward.Architecture{Widths: [3]int{1, 1, 1}}
	b := write(f, model(f, a, "a"), false)
	f.Add(`{"widths":[1,1,1],"blocks":0}`, `[{"name":"a","title":"A"}]`, `{"steps":3,"seed":18446744073709551615}`, `{"training":{"tv":1e-300}}`, "x")
	f.Add(`{"widths":[1,2,256],"blocks":16}`, `[{"name":"a"},{"name":"b"}]`, `null`, `{}`, "")
	f.Fuzz(func(t *testing.T, architecture, styles, training, losses, licence string) {
		m, err := read(edit(t, b, func(h map[string]any) {
			meta := h["__metadata__"].(map[string]any)
			meta["architecture"], meta["styles"], meta["training"], meta["losses"], meta["licence"] = architecture, styles, training, losses, licence
		}))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "feedforward: ") || len(err.Error()) > 10000 {
				t.Errorf("error without the package's name, or too long: %v", err)
			}
			return
		}
		if m.Architecture != a || len(m.Styles) != 1 {
			t.Errorf("the tensors do not fit %v with %d styles", m.Architecture, len(m.Styles))
		}
		if again, err := read(write(t, m, false)); err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("a model changed when it was written, %v", err)
		}
	})
}
