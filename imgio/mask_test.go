package imgio_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nst/imgio"
)

// TestOpenMask reads a selection painted on a transparent layer: only what is painted white
// selects.
func TestOpenMask(t *testing.T) {
	for _, c := range []struct {
		name  string
		paint color.NRGBA
		want  float32
		notes []string
	}{
		{"white", color.NRGBA{255, 255, 255, 255}, 1, []string{"transparency selects nothing, as black"}},
		{"soft", color.NRGBA{255, 255, 255, 51}, 0.2, []string{"transparency selects nothing, as black"}},
		{"red", color.NRGBA{255, 0, 0, 255}, 1, []string{"has colours: their brightness selects", "transparency selects nothing, as black"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := image.NewNRGBA(image.Rect(0, 0, 8, 4))
			for y := range 4 {
				for x := range 4 {
					m.SetNRGBA(x, y, c.paint)
				}
			}
			path := filepath.Join(t.TempDir(), "mask.png")
			if err := os.WriteFile(path, encoded(t, m, png.Encode), 0o644); err != nil {
				t.Fatal(err)
			}
			p, info, err := imgio.OpenMask(path)
			if err != nil {
				t.Fatal(err)
			}
			if p.Pix[0] != c.want || p.Pix[7] != 0 {
				t.Errorf("painted %v, not painted %v, want %v and 0", p.Pix[0], p.Pix[7], c.want)
			}
			if notes := info.Notes(); !slices.Equal(notes, c.notes) {
				t.Errorf("notes %q, want %q", notes, c.notes)
			}
		})
	}
}
