package main

import (
	"bytes"
	"flag"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"
)

var full = flag.Bool("full", false, "draw every picture at its size and compare it with the committed file (minutes)")

// TestPictures draws every picture at 64 pixels: twice the same, and with
// something on it.
func TestPictures(t *testing.T) {
	for _, p := range pictures() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p := p.resized(64)
			m, again := p.draw(p.w, p.h).image(), p.draw(p.w, p.h).image()
			if m.Rect.Dx() != p.w || m.Rect.Dy() != p.h {
				t.Fatalf("size %v, want %dx%d", m.Rect, p.w, p.h)
			}
			if !bytes.Equal(m.Pix, again.Pix) {
				t.Error("drawn twice, and not the same")
			}
			colours := map[[3]uint8]bool{}
			var sum, squares float64
			for i := 0; i < len(m.Pix); i += 4 {
				// Coarse colours: noise alone does not make many.
				colours[[3]uint8{m.Pix[i] >> 4, m.Pix[i+1] >> 4, m.Pix[i+2] >> 4}] = true
				v := 0.2126*float64(m.Pix[i]) + 0.7152*float64(m.Pix[i+1]) + 0.0722*float64(m.Pix[i+2])
				sum += v
				squares += v * v
			}
			n := float64(len(m.Pix) / 4)
			mean := sum / n
			if dev := math.Sqrt(squares/n - mean*mean); dev < 20 || mean < 40 || mean > 215 {
				t.Errorf("brightness %.0f with standard deviation %.0f: flat, or too dark or light", mean, dev)
			}
			want := 100
			switch {
			case p.name == "style/woodcut":
				want = 15 // ink and paper
			case p.quality == 0:
				want = 6 // edges between black and white
			}
			if len(colours) < want {
				t.Errorf("%d colours, want %d", len(colours), want)
			}
		})
	}
}

// TestCommitted looks at the committed files; with -full, it also draws them
// again.
func TestCommitted(t *testing.T) {
	const limit = 900 << 10
	total := 0
	for _, p := range pictures() {
		data, err := os.ReadFile(filepath.Join("..", "images", p.file()))
		if err != nil {
			t.Fatal(err)
		}
		total += len(data)
		c, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		if c.Width != p.w || c.Height != p.h {
			t.Errorf("%s: %dx%d, want %dx%d", p.name, c.Width, c.Height, p.w, p.h)
		}
		if !*full {
			continue
		}
		var buf bytes.Buffer
		if err := p.encode(&buf); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(buf.Bytes(), data) {
			t.Errorf("%s: drawn again, and not the committed bytes", p.name)
		}
	}
	if total > limit {
		t.Errorf("the pictures take %d bytes, want at most %d", total, limit)
	}
}

// TestMasks looks that sky and ground make up the picture, and that the sky is
// above.
func TestMasks(t *testing.T) {
	for name, draw := range map[string]func(w, h int) *canvas{"lakeside": lakesideSky, "town": townSky} {
		sky, ground := draw(64, 48), opposite(draw)(64, 48)
		for i, p := range sky.px {
			if q := ground.px[i]; p.x+q.x != 1 || p.x < 0 || p.x > 1 || p.x != p.y || p.x != p.z {
				t.Fatalf("%s: pixel %d is %v and %v", name, i, p, q)
			}
		}
		top, bottom := 0.0, 0.0
		for x := range sky.w {
			top += sky.at(x, 0).x / float64(sky.w)
			bottom += sky.at(x, sky.h-1).x / float64(sky.w)
		}
		if top < 0.8 || bottom > 0 {
			t.Errorf("%s: %v of the upper border is sky, %v of the lower", name, top, bottom)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, name := range []string{"content/town", "town"} {
		got, err := choose([]string{name, "flow"})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0].name != "content/town" || got[1].name != "style/flow" {
			t.Errorf("choose(%q, flow) = %d pictures", name, len(got))
		}
	}
	if _, err := choose([]string{"castle"}); err == nil {
		t.Error("an unknown name is no error")
	}
}

// TestNearestHit compares the tree with a search through all triangles.
func TestNearestHit(t *testing.T) {
	m := &mesh{}
	for i := range 300 {
		v := func(k int) vec { return vec{chance(i, k, 0, 1), chance(i, k, 1, 1), chance(i, k, 2, 1)} }
		m.tri(v(0), v(0).add(v(1).scale(0.3)), v(0).add(v(2).scale(0.3)), nil)
	}
	tree := newBVH(m.tris)
	hits := 0
	for i := range 500 {
		o := vec{-1, chance(i, 0, 0, 2), chance(i, 1, 0, 2)}
		d := vec{1, chance(i, 2, 0, 2) - 0.5, chance(i, 3, 0, 2) - 0.5}.unit()
		want := math.Inf(1)
		for k := range m.tris {
			if s, _, _, ok := m.tris[k].meet(o, d, want); ok {
				want = s
			}
		}
		tri, got, _, _ := tree.hit(o, d, math.Inf(1), false)
		if got != want || (tri >= 0) != !math.IsInf(want, 1) {
			t.Fatalf("ray %d: hit at %v, want %v", i, got, want)
		}
		if tri >= 0 {
			hits++
		}
	}
	if hits < 100 {
		t.Errorf("only %d of 500 rays hit anything", hits)
	}
}
