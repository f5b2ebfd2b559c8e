package imgio_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/image/bmp"

	"nst/imgio"
)

// ramp returns a picture in which red grows to the right and green downwards, with an edge and
// some transparency if clear.
func ramp(w, h int, clear bool) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		x, y := float64(i%w)/float64(w), float64(i/w)/float64(h)
		c := color.NRGBA{uint8(20 + 200*x), uint8(30 + 180*y), uint8(128 + 90*math.Sin(9*x-7*y)), 255}
		if clear {
			c.A = uint8(255 * (0.3 + 0.7*y))
		}
		m.SetNRGBA(i%w, i/w, c)
	}
	return m
}

// difference returns the mean and the largest difference of two pictures in levels.
func difference(t *testing.T, a, b *imgio.Planar) (mean, most float64) {
	t.Helper()
	if a.W != b.W || a.H != b.H {
		t.Fatalf("%dx%d pixels, want %dx%d", a.W, a.H, b.W, b.H)
	}
	for i, v := range a.Pix {
		d := 255 * math.Abs(float64(v-b.Pix[i]))
		mean, most = mean+d/float64(len(a.Pix)), max(most, d)
	}
	return mean, most
}

// TestShrink compares pictures that were reduced, then scaled down, with those that were scaled
// down at once: for every format, size of the edges and orientation.
func TestShrink(t *testing.T) {
	const size = 16
	for name, encode := range formats() {
		t.Run(name, func(t *testing.T) {
			for i, w := range []int{260, 261, 262, 263, 264, 265, 266, 267} {
				h := 190 + 3*i
				var m image.Image = ramp(w, h, false)
				if name == "gif" {
					m = greyOf(m)
				}
				file := encoded(t, m, encode)
				want, info, err := imgio.Decode(bytes.NewReader(file))
				if err != nil {
					t.Fatal(err)
				}
				got, reduced, err := imgio.Decode(bytes.NewReader(file), imgio.Shrink(size), imgio.ShrinkFrom(100))
				if err != nil || reduced != info {
					t.Fatalf("%+v, error %v, want %+v", reduced, err, info)
				}
				whole, p := imgio.FromImage(want), imgio.FromImage(got)
				if p.W != (w+7)/8 || p.H != (h+7)/8 {
					t.Fatalf("%dx%d pixels of %dx%d", p.W, p.H, w, h)
				}
				if pw, ph := p.Whole(); pw != w || ph != h {
					t.Fatalf("reduced from %dx%d, want %dx%d", pw, ph, w, h)
				}
				toW, toH := imgio.FitLongest(w, h, size)
				if mean, most := difference(t, p.Resize(toW, toH), whole.Resize(toW, toH)); mean > 0.6 || most > 2.5 {
					t.Errorf("%dx%d: differs by %.2f levels, %.2f at most", w, h, mean, most)
				}
			}
		})
	}
}

// greyOf returns m in 256 levels of grey.
func greyOf(m image.Image) image.Image {
	grey := image.NewGray(m.Bounds())
	draw.Draw(grey, grey.Rect, m, image.Point{}, draw.Src)
	return grey
}

// TestShrinkTurned turns pictures whose last squares reach beyond them.
func TestShrinkTurned(t *testing.T) {
	const size = 16
	for o := 1; o <= 8; o++ {
		for _, s := range [][2]int{{257, 135}, {135, 257}, {263, 142}} {
			file := withChunk(encoded(t, ramp(s[0], s[1], true), png.Encode), "eXIf", exifBlock(binary.BigEndian, o))
			want, _, err := imgio.Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			got, info, err := imgio.Decode(bytes.NewReader(file), imgio.Shrink(size), imgio.ShrinkFrom(100))
			if err != nil || info.Orientation != o || !info.Alpha {
				t.Fatalf("%+v, error %v", info, err)
			}
			whole, alpha := imgio.Separate(want)
			p, reducedAlpha := imgio.Separate(got)
			if w, h := p.Whole(); w != whole.W || h != whole.H || info.Width != w || info.Height != h || p.W > 40 {
				t.Fatalf("orientation %d: %dx%d, whole %dx%d, want %dx%d", o, p.W, p.H, w, h, whole.W, whole.H)
			}
			w, h := imgio.FitLongest(whole.W, whole.H, size)
			if mean, most := difference(t, p.Resize(w, h), whole.Resize(w, h)); mean > 0.3 || most > 1.5 {
				t.Errorf("orientation %d: differs by %.2f levels, %.2f at most", o, mean, most)
			}
			plane := p.Frame().ResizeBeside(reducedAlpha, w, h)
			for i, v := range imgio.ResizePlane(alpha, whole.W, whole.H, w, h) {
				if d := math.Abs(float64(v - plane[i])); d > 0.004 {
					t.Fatalf("orientation %d: opacity %v, want %v", o, plane[i], v)
				}
			}
		}
	}
}

// TestShrinkAwkward reads all files of the table with and without a reduction.
func TestShrinkAwkward(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(awkward, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, path := range files {
		want, info, err := imgio.Open(path)
		if err != nil || max(want.W, want.H) < 24 {
			continue
		}
		size := max(want.W, want.H) / 4
		got, reduced, err := imgio.Open(path, imgio.Shrink(size), imgio.ShrinkFrom(100))
		if err != nil || reduced != info {
			t.Errorf("%s: %+v, error %v, want %+v", path, reduced, err, info)
			continue
		}
		h, err := imgio.Stat(path, imgio.Shrink(size), imgio.ShrinkFrom(100))
		if err != nil || h.Width != want.W || h.Height != want.H || h.Pixels != int64(got.W*got.H) {
			t.Errorf("%s: %+v of %dx%d, error %v", path, h, got.W, got.H, err)
		}
		if got.W >= want.W {
			t.Errorf("%s: %dx%d is not reduced", path, want.W, want.H)
		}
		done++
		w, high := imgio.FitLongest(want.W, want.H, size)
		if mean, _ := difference(t, got.Resize(w, high), want.Resize(w, high)); mean > 3 {
			t.Errorf("%s: differs by %.2f levels", path, mean)
		}
	}
	if done < 90 {
		t.Errorf("%d pictures were reduced", done)
	}
}

// TestShrinkNothing keeps pictures that are small, or wanted large.
func TestShrinkNothing(t *testing.T) {
	file := encoded(t, ramp(300, 200, false), png.Encode)
	for name, limits := range map[string][]imgio.Limit{
		"small":         {imgio.Shrink(16)},
		"wanted large":  {imgio.Shrink(151), imgio.ShrinkFrom(100)},
		"wanted as is":  {imgio.Shrink(0), imgio.ShrinkFrom(100)},
		"nothing wants": {imgio.ShrinkFrom(100)},
	} {
		m, _, err := imgio.Decode(bytes.NewReader(file), limits...)
		if err != nil || m.Bounds().Dx() != 300 {
			t.Errorf("%s: %v, error %v", name, m.Bounds(), err)
		}
	}
}

// TestShrinkMemory reads large files in far less memory than their pixels take.
func TestShrinkMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("draws a large picture")
	}
	const w, h, size = 2601, 1999, 256
	m := ramp(w, h, false)
	for name, encode := range formats() {
		if name == "gif" || name == "tiff" { // one has to be decoded first; the encoder writes one strip
			continue
		}
		if name == "bmp" {
			encode = bmp.Encode
		}
		path := filepath.Join(t.TempDir(), "large."+name)
		file := encoded(t, m, encode)
		if err := os.WriteFile(path, file, 0o666); err != nil {
			t.Fatal(err)
		}
		head, err := imgio.Stat(path, imgio.Shrink(size))
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, _, err := imgio.Open(path, imgio.Shrink(size))
		runtime.ReadMemStats(&after)
		if err != nil || p.W != (w+3)/4 {
			t.Fatalf("%v, error %v", p, err)
		}
		taken := int64(after.TotalAlloc - before.TotalAlloc)
		if most := int64(len(file)) + 25<<20; taken > most || head.Memory > most {
			t.Errorf("%s: takes %d MB, planned %d MB, want %d MB at most", name, taken>>20, head.Memory>>20, most>>20)
		}
	}
}
