package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nst/imgio"
	"nst/internal/headroom"
	"nst/internal/recipe"
	"nst/nst"
)

// savePNG writes a picture with waves, of which a part is transparent if clear.
func savePNG(t *testing.T, path string, w, h int, clear bool) {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		x, y := float64(i%w), float64(i/w)
		c := color.NRGBA{uint8(128 + 90*math.Sin(x/70+y/50)), uint8(128 + 90*math.Cos(x/90)), uint8(i % 251), 255}
		if clear && x < y {
			c.A = 100
		}
		m.SetNRGBA(i%w, i/w, c)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(f, m); err != nil {
		t.Fatal(err)
	}
}

// paintFile runs a command in this process, which must succeed, and returns the bytes of a file.
func paintFile(t *testing.T, whole bool, file string, args ...string) []byte {
	t.Helper()
	var messages bytes.Buffer
	e := &env{
		Stdin: strings.NewReader(""), Stdout: &messages, Stderr: &messages, wholePictures: whole,
		Getenv: func(name string) string { return map[string]string{"NST_HOME": t.TempDir()}[name] },
	}
	if code := run(context.Background(), e, args); code != exitDone {
		t.Fatalf("%v: exit code %d:\n%s", args, code, messages.String())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReading paints a large photograph, which is reduced while it is read, and again by its
// recipe. A recipe of a program that did not reduce pictures is read as then.
func TestReading(t *testing.T) {
	if testing.Short() {
		t.Skip("draws large pictures")
	}
	dir := newScene(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	savePNG(t, at("large.png"), 2401, 1803, false)
	flags := strings.Fields(strings.NewReplacer("net.", at("net."), " --log run.jsonl", "").Replace(tiny) + " --iterations 2 --scales 1")
	pixels := map[bool]*imgio.Planar{}
	for _, whole := range []bool{false, true} {
		out := at(fmt.Sprintf("whole-%v.png", whole))
		args := append([]string{"stylize", at("large.png"), at("s.png"), "-o", out}, flags...)
		first := paintFile(t, whole, out, args...)
		text, err := imgio.ReadRecipe(bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		r, err := recipe.Parse([]byte(text))
		if err != nil || (r.Reading == recipe.ReadingReduced) == whole {
			t.Errorf("whole %v: reading %d, error %v", whole, r.Reading, err)
		}
		again := at(fmt.Sprintf("again-%v.png", whole))
		if !bytes.Equal(paintFile(t, false, again, "rerun", out, "-o", again), first) {
			t.Errorf("whole %v: the recipe gives another picture", whole)
		}
		if pixels[whole], _, err = imgio.Open(out); err != nil {
			t.Fatal(err)
		}
	}
	sum := 0.0
	for i, v := range pixels[true].Pix {
		sum += 255 * math.Abs(float64(v-pixels[false].Pix[i])) / float64(len(pixels[true].Pix))
	}
	if pixels[true].W != pixels[false].W || pixels[true].H != pixels[false].H || sum == 0 || sum > 3 {
		t.Errorf("%dx%d and %dx%d pixels, %.2f levels apart", pixels[true].W, pixels[true].H, pixels[false].W, pixels[false].H, sum)
	}
}

func TestReadingOf(t *testing.T) {
	run := func(size int, scale float64) nst.Options {
		o := nst.DefaultOptions()
		o.Size, o.Objective.StyleScale = size, scale
		return o
	}
	for _, tt := range []struct {
		runs []nst.Options
		want reading
	}{
		{[]nst.Options{run(300, 1)}, reading{300, 300}},
		{[]nst.Options{run(300, 1.5), run(512, 0.5)}, reading{512, 450}},
		{[]nst.Options{run(300, 1), run(nst.OriginalSize, 1)}, reading{}},
		{[]nst.Options{run(nst.OriginalSize, 1), run(300, 1)}, reading{}},
	} {
		if got := readingOf(tt.runs); got != tt.want {
			t.Errorf("%+v, want %+v", got, tt.want)
		}
	}
	if got := (reading{5, 5}).and(reading{0, 7}, false); got != (reading{0, 7}) {
		t.Errorf("with one that is wanted as it is: %+v", got)
	}
}

// TestHeadersOfReading plans the pictures that are reduced, and transparency.
func TestHeadersOfReading(t *testing.T) {
	dir := t.TempDir()
	opaque, clear := filepath.Join(dir, "opaque.png"), filepath.Join(dir, "clear.png")
	savePNG(t, opaque, 2401, 1803, false)
	savePNG(t, clear, 2401, 1803, true)
	c := newConsole(&env{Stderr: new(bytes.Buffer), Getenv: func(string) string { return "" }}, new(settings))
	c.limits = nil
	stat := func(p pictureFiles) headers {
		t.Helper()
		h, err := p.stat(64, c)
		if err != nil {
			t.Fatal(err)
		}
		if h.inputs.Content != (nst.Size{W: 2401, H: 1803}) {
			t.Errorf("content of %v", h.inputs.Content)
		}
		return h
	}
	const full, reduced = 2401 * 1803, 301 * 226
	whole := stat(pictureFiles{contents: []string{opaque}, keeps: true})
	small := stat(pictureFiles{contents: []string{opaque}, keeps: true, wanted: reading{content: 64}})
	if whole.kept != 12*full || small.kept != 12*reduced || small.read > whole.read/10 {
		t.Errorf("kept %d and %d, read %d and %d", whole.kept, small.kept, whole.read, small.read)
	}
	for path, more := range map[string]int64{opaque: 0, clear: 4 * reduced} {
		with := stat(pictureFiles{contents: []string{path}, wanted: reading{content: 64}, alpha: true})
		without := stat(pictureFiles{contents: []string{path}, wanted: reading{content: 64}})
		if with.kept-without.kept != more || with.read-without.read != more || with.whole-without.whole != more {
			t.Errorf("%s: opacity takes %d during the run, want %d", path, with.kept-without.kept, more)
		}
	}
}

// TestRefusalOfStandardInput compares what comes from a pipe with the memory, as it does files.
func TestRefusalOfStandardInput(t *testing.T) {
	dir := t.TempDir()
	picture := filepath.Join(dir, "p.png")
	headerOnly(t, picture, 3000, 3000)
	data, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.png")
	for _, args := range [][]string{
		{"stylize", "-", picture, "--draft", "--size", "6000", "-o", out},
		{"apply", picture, "-", "-o", out},
	} {
		var messages bytes.Buffer
		e := &env{
			Stdin: bytes.NewReader(data), Stdout: &messages, Stderr: &messages, System: systems(512 << 20)[headroom.Machine],
			Getenv: func(string) string { return "" },
		}
		code := run(context.Background(), e, args)
		if !strings.Contains(messages.String(), "MB more of memory, but the machine leaves") || code != exitFailed {
			t.Errorf("%v: exit code %d:\n%s", args, code, messages.String())
		}
	}
}

// TestTrainReading reads a large painting for a training at no less than twice --style-size.
func TestTrainReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.png")
	savePNG(t, path, 2401, 1803, false)
	c := newConsole(&env{Stderr: new(bytes.Buffer), Getenv: func(string) string { return "" }}, new(settings))
	c.limits = nil
	for size, least := range map[int]int{64: 1200, 512: 1200, 700: 2401, 4096: 2401} {
		o := &trainOptions{settings: defaults(), styles: []string{path}}
		o.lesson.StyleSize, o.lesson.names = size, []string{"s"}
		styles, err := o.openStyles(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if w := styles[0].Picture.W; w < least || w > least+1 {
			t.Errorf("--style-size %d: the painting is read with %d pixels, want %d", size, w, least)
		}
	}
}
