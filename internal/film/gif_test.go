package film

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nst/imgio"
)

// writeGIF writes a GIF and returns its path.
func writeGIF(t *testing.T, g *gif.GIF) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.gif")
	f, err := os.Create(path)
	if err == nil {
		err = gif.EncodeAll(f, g)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// frames reads all frames of a source.
func frames(t *testing.T, s Source) []*Frame {
	t.Helper()
	var out []*Frame
	for {
		f, err := s.Next(context.Background())
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
}

// at returns the colour of a pixel in levels.
func at(p *imgio.Planar, x, y int) [3]int {
	var c [3]int
	for i := range c {
		c[i] = int(p.Pix[(i*p.H+y)*p.W+x]*255 + 0.5)
	}
	return c
}

// partGIF has frames that replace a part of the picture, in all ways of disposal.
func partGIF() *gif.GIF {
	colours := color.Palette{color.Transparent, color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}}
	filled := func(r image.Rectangle, c uint8) *image.Paletted {
		m := image.NewPaletted(r, colours)
		for i := range m.Pix {
			m.Pix[i] = c
		}
		return m
	}
	whole, part := image.Rect(0, 0, 8, 6), image.Rect(2, 2, 4, 4)
	return &gif.GIF{
		Image:    []*image.Paletted{filled(whole, 1), filled(part, 2), filled(part, 3), filled(image.Rect(0, 0, 1, 1), 3)},
		Delay:    []int{7, 0, 30, 11},
		Disposal: []byte{gif.DisposalNone, gif.DisposalPrevious, gif.DisposalBackground, gif.DisposalNone},
		Config:   image.Config{Width: 8, Height: 6},
	}
}

// TestGIF looks at the frames of a GIF as a viewer shows them.
func TestGIF(t *testing.T) {
	g, err := OpenGIF(writeGIF(t, partGIF()), 0)
	if err != nil {
		t.Fatal(err)
	}
	red, green, blue, white := [3]int{255, 0, 0}, [3]int{0, 255, 0}, [3]int{0, 0, 255}, [3]int{255, 255, 255}
	got := frames(t, g)
	if len(got) != 4 || g.LastDelay() != 11 {
		t.Fatalf("%d frames, the last for %d", len(got), g.LastDelay())
	}
	for i, want := range []struct {
		corner, part [3]int
		time         int64
	}{{red, red, 0}, {red, green, 7}, {red, blue, 17}, {blue, white, 47}} {
		if c, p := at(got[i].Picture, 0, 0), at(got[i].Picture, 3, 3); c != want.corner || p != want.part || got[i].Time != want.time {
			t.Errorf("frame %d has %v and %v at %d, want %v", i, c, p, got[i].Time, want)
		}
	}
}

// TestGIFOutput writes frames and reads them again: same number, same times, about the colours.
func TestGIFOutput(t *testing.T) {
	source, err := OpenGIF(writeGIF(t, partGIF()), 0)
	if err != nil {
		t.Fatal(err)
	}
	out := &GIFOutput{Base: Ratio{1, 100}, Loops: 3, LastDelay: source.LastDelay()}
	all := frames(t, source)
	for _, f := range all {
		if _, err := out.Write(context.Background(), f, nil); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "out.gif")
	if n, err := out.Finish(context.Background(), true); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	if err := out.Place(path, false); err != nil {
		t.Fatal(err)
	}
	if err := out.Place(path, false); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	again, err := OpenGIF(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := frames(t, again)
	if len(got) != len(all) || again.Loops() != 3 || again.LastDelay() != 11 {
		t.Fatalf("%d frames, %d loops, the last for %d", len(got), again.Loops(), again.LastDelay())
	}
	for i := range got {
		if got[i].Time != all[i].Time {
			t.Errorf("frame %d is at %d, want %d", i, got[i].Time, all[i].Time)
		}
		for j, v := range got[i].Picture.Pix {
			if d := v - all[i].Picture.Pix[j]; d > 0.05 || d < -0.05 {
				t.Fatalf("frame %d, value %d is %v, want %v", i, j, v, all[i].Picture.Pix[j])
			}
		}
	}
}

// TestGIFCut reads the frames before the end of a file that is cut short.
func TestGIFCut(t *testing.T) {
	path := writeGIF(t, partGIF())
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b[:len(b)-6], 0o666); err != nil {
		t.Fatal(err)
	}
	g, err := OpenGIF(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(frames(t, g)); n != 3 || g.Damage() == "" {
		t.Errorf("%d frames, %q", n, g.Damage())
	}
	if err := os.WriteFile(path, b[:20], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenGIF(path, 0); !errors.Is(err, ErrUnknown) {
		t.Errorf("a file without frames: %v", err)
	}
}

func TestNatural(t *testing.T) {
	want := []string{"a1.png", "a2.png", "a02b.png", "a10.png", "b.png", "b9z.png", "b10.png"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestFit scales frames to even sides.
func TestFit(t *testing.T) {
	for _, tt := range [][5]int{{481, 271, 0, 481, 271}, {1920, 1080, 480, 480, 270}, {1080, 1921, 300, 168, 300}, {200, 100, 300, 200, 100}, {3000, 2, 100, 100, 2}} {
		if w, h := Fit(tt[0], tt[1], tt[2]); w != tt[3] || h != tt[4] {
			t.Errorf("%v: %dx%d", tt, w, h)
		}
	}
}
