package palette

import (
	"image/color"
	"slices"
	"testing"
)

// TestOrdered draws a grey between two colours: both occur, in about the right shares, at the
// same places each time; a colour of the palette stays as it is.
func TestOrdered(t *testing.T) {
	near := NewNearest(color.Palette{color.Gray{96}, color.Gray{112}})
	const w, h = 32, 24
	filled := func(v byte) []byte { return slices.Repeat([]byte{v}, 3*w*h) }
	for _, tt := range []struct {
		level     byte
		low, high float64 // share of the lighter colour
	}{{88, 0, 0}, {104, 0.3, 0.7}, {120, 1, 1}} {
		m := near.Ordered(filled(tt.level), w, h)
		light := 0.0
		for _, i := range m.Pix {
			light += float64(i) / (w * h)
		}
		if light < tt.low-1e-6 || light > tt.high+1e-6 {
			t.Errorf("%.2f of level %d are light, want %v to %v", light, tt.level, tt.low, tt.high)
		}
		if again := near.Ordered(filled(tt.level), w, h); !slices.Equal(again.Pix, m.Pix) {
			t.Errorf("level %d is drawn in two ways", tt.level)
		}
	}
	seen := map[int]bool{}
	for y := range 8 {
		for x := range 8 {
			seen[threshold(x, y)] = true
		}
	}
	if len(seen) != 64 || !seen[0] || !seen[63] {
		t.Errorf("%d thresholds in a square of 64", len(seen))
	}
}
