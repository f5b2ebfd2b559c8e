package sheet

import (
	"image/color"
	"testing"
)

// An album has its pictures in rows, in the middle of their places, with their names below.
func TestAlbum(t *testing.T) {
	a := &Album{Title: "an album", Pictures: []Labelled{
		{plain(80, 60, red), "red", "a note"}, {plain(40, 60, green), "green", ""}, {plain(80, 20, blue), "", "a very long note that must be cut"},
	}}
	m, err := a.Draw()
	if err != nil {
		t.Fatal(err)
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if w != 8+2*(80+8) {
		t.Errorf("width %d: not two columns", w)
	}
	find := func(c color.RGBA) (x, y, n int) {
		x, y = w, h
		for i := range w * h {
			if m.RGBAAt(i%w, i/w) == c {
				x, y, n = min(x, i%w), min(y, i/w), n+1
			}
		}
		return x, y, n
	}
	redX, redY, n := find(red)
	if redX != 8 || n != 80*60 {
		t.Errorf("red is at %d, %d pixels", redX, n)
	}
	greenX, greenY, n := find(green)
	if greenX != 8+80+8+20 || greenY != redY || n != 40*60 {
		t.Errorf("green is at (%d, %d), %d pixels", greenX, greenY, n)
	}
	blueX, blueY, n := find(blue)
	if blueX != 8 || blueY < redY+60+20 || n != 80*20 {
		t.Errorf("blue is at (%d, %d), %d pixels", blueX, blueY, n)
	}
	if _, err := (&Album{}).Draw(); err == nil {
		t.Error("an album without pictures: no error")
	}
}
