package vgg_test

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"nst/vgg"
)

// TestOutline compares the outline of weights with the weights.
func TestOutline(t *testing.T) {
	store := vgg.Store{Dir: t.TempDir()}
	for _, last := range []string{"conv3_2", "conv5_1"} {
		w, err := vgg.Seeded(vgg.Tiny(), vgg.Torchvision(), last, 5)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Save("mine", w, true); err != nil {
			t.Fatal(err)
		}
		got, whole, err := store.Outline("mine")
		if err != nil || whole {
			t.Fatalf("%v, read whole: %v", err, whole)
		}
		if got.Network.Name != w.Network.Name || got.Convention != w.Convention {
			t.Errorf("%s, %+v; want %s, %+v", got.Network.Name, got.Convention, w.Network.Name, w.Convention)
		}
		if a, b := slices.Sorted(maps.Keys(got.Filters)), slices.Sorted(maps.Keys(w.Filters)); !slices.Equal(a, b) {
			t.Errorf("filters %v, want %v", a, b)
		}
		for name, f := range w.Filters {
			if o := got.Filters[name]; o.K != f.K || o.C != f.C || len(o.W) != len(f.W) || len(o.B) != len(f.B) {
				t.Errorf("%s: %d to %d channels, %d values", name, o.C, o.K, len(o.W))
			}
		}
	}
	slim, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	got, whole, err := store.Outline(vgg.EmbeddedName)
	if err != nil || whole || len(got.Filters) != len(slim.Filters) || len(got.Projections) != len(slim.Projections) {
		t.Fatalf("slim: %v, read whole: %v", err, whole)
	}
	for name, m := range slim.Projections {
		if o := got.Projections[name]; o.K != m.K || o.C != m.C || len(o.W) != len(m.W) || len(o.R) != len(m.R) {
			t.Errorf("slim, %s: %d to %d channels, %d values, %d of the root", name, o.C, o.K, len(o.W), len(o.R))
		}
	}
	if _, _, err := store.Outline(filepath.Join(store.Dir, "none.safetensors")); !errors.Is(err, vgg.ErrNoWeights) {
		t.Errorf("no file: %v", err)
	}
}
