package sheet

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"nst/internal/palette"
)

// plain returns a picture of one colour.
func plain(w, h int, c color.RGBA) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

var (
	red   = color.RGBA{200, 0, 0, 255}
	green = color.RGBA{0, 200, 0, 255}
	blue  = color.RGBA{0, 0, 200, 255}
)

func TestStrip(t *testing.T) {
	m, err := Strip(80, plain(40, 40, red), plain(80, 160, green), plain(4000, 20, blue))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Bounds().Size(), image.Pt(2+80+2+40+2+320+2, 84); got != want {
		t.Fatalf("size %v, want %v", got, want)
	}
	for _, at := range []struct {
		x, y int
		want color.RGBA
	}{{1, 42, paper}, {2, 2, red}, {81, 81, red}, {83, 42, paper}, {84, 40, green}, {123, 81, green}, {300, 41, blue}, {300, 43, paper}} {
		if got := m.RGBAAt(at.x, at.y); got != at.want {
			t.Errorf("(%d, %d) is %v, want %v", at.x, at.y, got, at.want)
		}
	}
	if _, err := Strip(80, image.NewRGBA(image.Rectangle{})); err == nil {
		t.Error("an empty picture: no error")
	}
	if _, err := Strip(80); err == nil {
		t.Error("no picture: no error")
	}
}

// TestFilm looks that a film of any length has few frames, evenly spaced, and the
// last one.
func TestFilm(t *testing.T) {
	for _, n := range []int{0, 1, 59, 60, 61, 300, 1000} {
		var f Film
		asked := 0
		for i := range n {
			f.Offer(func() image.Image {
				asked++
				return plain(8, 6, color.RGBA{uint8(i / 4), uint8(i % 4 * 60), 0, 255})
			})
		}
		if n > 200 && asked > n/2 {
			t.Errorf("%d frames: %d pictures were asked for", n, asked)
		}
		var index []int
		for _, m := range f.frames {
			c := m.RGBAAt(0, 0)
			index = append(index, int(c.R)*4+int(c.G)/60)
		}
		if n > 0 && index[0] != 0 || len(index) >= FilmFrames || len(index) < min(n, FilmFrames/2-1) {
			t.Errorf("%d frames: kept %v", n, index)
		}
		for i := 2; i < len(index); i++ {
			if index[i]-index[i-1] != index[1]-index[0] {
				t.Fatalf("%d frames: %v are not evenly spaced", n, index)
			}
		}
		var b bytes.Buffer
		if err := f.Encode(&b, plain(640, 320, blue)); err != nil {
			t.Fatal(err)
		}
		g, err := gif.DecodeAll(&b)
		if err != nil {
			t.Fatal(err)
		}
		last := g.Image[len(g.Image)-1]
		if len(g.Image) != len(index)+1 || g.Config.Width != 320 || g.Config.Height != 160 || n > 0 && g.LoopCount != 0 {
			t.Errorf("%d frames of %dx%d", len(g.Image), g.Config.Width, g.Config.Height)
		}
		if got := color.RGBAModel.Convert(last.At(100, 100)); got != blue {
			t.Errorf("%d frames: the last one is %v", n, got)
		}
	}
	if err := new(Film).Encode(io.Discard, image.NewRGBA(image.Rectangle{})); err == nil {
		t.Error("an empty frame: no error")
	}
}

// TestPalette looks that few colours come through unchanged, and that many keep
// their mean.
func TestPalette(t *testing.T) {
	m := plain(30, 10, red)
	for i := range 100 {
		m.SetRGBA(i%10, i/10, green)
		m.SetRGBA(10+i%10, i/10, blue)
	}
	p := palette.MedianCut([]*image.RGBA{m}, 256)
	if len(p) != 3 {
		t.Fatalf("palette %v, want three colours", p)
	}
	d := palette.NewNearest(p).Dither(m)
	for y := range 10 {
		for x := range 30 {
			if got := color.RGBAModel.Convert(d.At(x, y)); got != m.RGBAAt(x, y) {
				t.Fatalf("(%d, %d) is %v, want %v", x, y, got, m.RGBAAt(x, y))
			}
		}
	}

	wide := image.NewRGBA(image.Rect(0, 0, 128, 128))
	for y := range 128 {
		for x := range 128 {
			wide.SetRGBA(x, y, color.RGBA{uint8(2 * x), uint8(2 * y), uint8(x + y), 255})
		}
	}
	p = palette.MedianCut([]*image.RGBA{wide}, 16)
	if len(p) != 16 {
		t.Fatalf("%d colours, want 16", len(p))
	}
	d = palette.NewNearest(p).Dither(wide)
	var sum, off float64
	for y := range 128 {
		for x := range 128 {
			r, _, _, _ := d.At(x, y).RGBA()
			e := float64(r>>8) - float64(2*x)
			sum += e
			off += math.Abs(e)
		}
	}
	const n = 128 * 128
	if math.Abs(sum/n) > 2 || off/n > 40 {
		t.Errorf("red is %.1f off on average, %.1f a pixel", sum/n, off/n)
	}
}

func testGrid() *Grid {
	return &Grid{
		Title:   "a <b> in the style of c",
		Columns: Axis{"content-weight", []string{"1", "5"}},
		Rows:    []Axis{{"style-weight", []string{"10", "100"}}, {"size", []string{"64"}}},
		Cells: []Cell{
			{Picture: plain(64, 48, red), Link: "r.png", Facts: []Fact{{"total", "7"}}},
			{Picture: plain(64, 48, green), Link: "g.png"},
			{Note: "not done"},
			{Picture: plain(128, 96, blue), Link: `"><script>.png`},
		},
	}
}

func TestGrid(t *testing.T) {
	g := testGrid()
	m, err := g.Draw()
	if err != nil {
		t.Fatal(err)
	}
	l, err := g.layout()
	if err != nil {
		t.Fatal(err)
	}
	if l.cell != image.Pt(128, 96) || l.rows != 2 {
		t.Fatalf("cells of %v in %d rows", l.cell, l.rows)
	}
	for i, want := range []color.RGBA{red, green, void, blue} {
		x := l.left + i%2*(l.cell.X+l.gap) + l.cell.X/2
		y := l.top + i/2*(l.cell.Y+l.gap) + l.cell.Y/2 - 20 // above the note
		if got := m.RGBAAt(x, y); got != want {
			t.Errorf("cell %d is %v, want %v", i, got, want)
		}
	}
	// Something is written above the columns and left of the rows.
	for _, r := range []image.Rectangle{image.Rect(l.left, 0, l.width, l.top), image.Rect(0, l.top, l.left, l.top+l.cell.Y)} {
		dark := 0
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if m.RGBAAt(x, y).R < 128 {
					dark++
				}
			}
		}
		if dark < 20 {
			t.Errorf("only %d dark pixels in %v", dark, r)
		}
	}
	g.Cells = g.Cells[1:]
	if _, err := g.Draw(); err == nil {
		t.Error("a cell too few: no error")
	}
}

func TestRowValues(t *testing.T) {
	g := &Grid{Rows: []Axis{{"a", []string{"1", "2"}}, {"b", []string{"x", "y", "z"}}}}
	var got []string
	for i := range 6 {
		got = append(got, strings.Join(g.rowValues(i), ""))
	}
	if want := []string{"1x", "1y", "1z", "2x", "2y", "2z"}; !slices.Equal(got, want) {
		t.Errorf("rows are %v, want %v", got, want)
	}
}

// TestPage looks that the page holds its pictures, leads to the large ones, takes
// nothing else from anywhere, and that no name gets out of its place.
func TestPage(t *testing.T) {
	p := &Page{Grid: testGrid(), Sources: []Cell{{Picture: plain(9, 9, red), Note: "a<b.png"}}, Facts: []Fact{{"--size", "64"}}}
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	s := b.String()
	for text, want := range map[string]int{
		"data:image/jpeg;base64,": 4, `href="r.png"`: 1, "not done": 1, "a&lt;b.png": 2,
		"<dt>total</dt><dd>7</dd>": 1, "<dt>--size</dt><dd>64</dd>": 1, "a &lt;b&gt; in": 2,
		"http": 0, "<script>": 1, "#ZgotmplZ": 0,
	} {
		if got := strings.Count(s, text); got != want {
			t.Errorf("%q is there %d times, want %d", text, got, want)
		}
	}
	p.Cells = nil
	if err := p.Write(io.Discard); err == nil {
		t.Error("no cells: no error")
	}
}
