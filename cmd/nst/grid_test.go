package main

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// parseSweep returns what nst sweep makes of a command line.
func parseSweep(t *testing.T, args string) *sweepOptions {
	t.Helper()
	var got *sweepOptions
	cmd := newSweepCmd(quietEnv(), func(_ context.Context, o *sweepOptions) error { got = o; return nil })
	cmd.SetArgs(strings.Fields("in/c.jpg s.png " + args))
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSweepFlags(t *testing.T) {
	o := parseSweep(t, "--style-weight 1e2,1000 --iterations 7 --content-weight 1,5,20 --size 64,128")
	if o.output != "c-s-sweep.png" || o.dir != "c-s-sweep" || o.Schedule.Iterations != 7 {
		t.Errorf("output %q, folder %q, %d iterations", o.output, o.dir, o.Schedule.Iterations)
	}
	if _, there := o.fixed["size"]; there || o.fixed["iterations"] != "7" || o.fixed["init"] != "content" {
		t.Errorf("fixed settings %v", o.fixed)
	}
	var names []string
	for i := range o.varied.count() {
		p := o.varied.point(i)
		names = append(names, o.varied.name(p))
		if o.varied.set(p); i == 3 && (o.Objective.StyleWeight != 1000 || o.Objective.ContentWeight != 1 || o.Size != 128) {
			t.Errorf("picture %d has %+v", i, o.Options)
		}
	}
	want := []string{
		"style-weight-100_content-weight-1_size-64", "style-weight-1000_content-weight-1_size-64",
		"style-weight-100_content-weight-1_size-128", "style-weight-1000_content-weight-1_size-128",
		"style-weight-100_content-weight-5_size-64",
	}
	if len(names) != 12 || !slices.Equal(names[:5], want) {
		t.Errorf("pictures %q, want 12 that begin with %q", names, want)
	}
	// The picture of a point is where the sheet says it is.
	s := o.varied.sheet("")
	if s.Columns.Name != "style-weight" || len(s.Rows) != 2 || s.Rows[1].Name != "size" {
		t.Errorf("sheet %+v", s)
	}
}

// The last list of a flag counts, and one value is no list.
func TestSweepFlagTwice(t *testing.T) {
	o := parseSweep(t, "--size 64,128 --seed 1,2,3 --init noise --seed 4 --size 32,48")
	if len(o.varied) != 1 || o.varied[0].name != "size" || o.Schedule.Seed != 4 || o.varied.count() != 2 {
		t.Errorf("varied %v, seed %d", o.varied, o.Schedule.Seed)
	}
}

func TestRecipeDiffers(t *testing.T) {
	base := "--size 64,128 --iterations 5"
	r := parseSweep(t, base).recipe()
	for args, want := range map[string]string{
		base: "", "--iterations 5 --size 32,64,128 --threads 1 -o other.png --progress none": "",
		"--size 64,128 --iterations 6":                 "with --iterations 5, not 6",
		"--size 64,128 --iterations 5,6":               "over other flags",
		"more.png --size 64,128 --iterations 5":        "in other styles",
		"--size 64,128 --style-blend 2 --iterations 5": "in other styles",
	} {
		if got := r.differs(parseSweep(t, args).recipe()); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: differs %q, want %q", args, got, want)
		}
	}
}

// TestRecipeNames looks that a recipe comes back from its file with names that are no UTF-8,
// and that reading it changes no option.
func TestRecipeNames(t *testing.T) {
	o := parseSweep(t, "gr\xfcn.png --size 64,128")
	dir := t.TempDir()
	if err := o.recipe().write(dir, false); err != nil {
		t.Fatal(err)
	}
	back, err := readRecipe(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := back.differs(o.recipe()); d != "" || o.styles[len(o.styles)-1] != "gr\xfcn.png" {
		t.Errorf("differs %q, styles %q", d, o.styles)
	}
}

func TestAspect(t *testing.T) {
	for text, want := range map[string][2]int{
		"1:1": {100, 100}, "16:9": {100, 56}, "9:16": {56, 100}, "1.5:1": {100, 67}, "1:1000": {1, 100},
	} {
		var v aspectValue
		if err := v.Set(text); err != nil {
			t.Fatal(err)
		}
		if w, h := v.fit(100); w != want[0] || h != want[1] || v.String() != text {
			t.Errorf("%s is %s, %dx%d; want %v", text, v.String(), w, h, want)
		}
	}
	for _, text := range []string{"", "1", "1:", ":1", "0:1", "1:-1", "a:b", "1:2:3", "inf:1", "NaN:1"} {
		if err := new(aspectValue).Set(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestTextureFlags(t *testing.T) {
	var got *stylizeOptions
	cmd := newTextureCmd(quietEnv(), func(_ context.Context, o *stylizeOptions) error { got = o; return nil })
	cmd.SetArgs(strings.Fields("a.png b.png --style-blend 2,1 --size 64 --aspect 2:1 --seed 3 --gif g.gif"))
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	if got.output != "a-texture.png" || got.Objective.ContentWeight != 0 || got.Schedule.Init != "noise" || got.Schedule.Seed != 3 || got.gif != "g.gif" ||
		got.canvas.W != 64 || got.canvas.H != 32 || len(got.blend) != 2 || !slices.Equal(got.inputs(), []string{"a.png", "b.png"}) {
		t.Errorf("got %+v", got)
	}
}
