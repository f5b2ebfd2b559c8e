package imgio_test

import (
	"errors"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nst/imgio"
)

// awkward holds pictures of every kind and a table of what they should look like. Its
// make.py made them.
const awkward = "../testdata/awkward"

// TestAwkward reads every file of the table and compares its pixels, or its error.
func TestAwkward(t *testing.T) {
	table, err := os.ReadFile(filepath.Join(awkward, "table.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]error{
		"format": imgio.ErrFormat, "corrupt": imgio.ErrCorrupt, "small": imgio.ErrTooSmall, "large": imgio.ErrTooLarge,
	}
	n := 0
	for line := range strings.Lines(string(table)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cell := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		n++
		t.Run(cell[0], func(t *testing.T) {
			p, info, err := imgio.Open(filepath.Join(awkward, cell[0]))
			if cell[1] == "error" {
				if !errors.Is(err, kinds[cell[2]]) || !strings.Contains(err.Error(), cell[5]) {
					t.Errorf("error %v, want one of kind %q with %q", err, cell[2], cell[5])
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantPixels(t, p, filepath.Join(awkward, "want", cell[2]), number(t, cell[3]), number(t, cell[4]))
			if notes := strings.Join(info.Notes(), "; "); !strings.Contains(notes, cell[5]) {
				t.Errorf("notes %q, want %q", notes, cell[5])
			}
		})
	}
	if n < 120 {
		t.Errorf("%d files, want 120 at least", n)
	}
}

// wantPixels compares p with the picture at path, in levels of 8 bits.
func wantPixels(t *testing.T, p *imgio.Planar, path string, mean, worst float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	want := imgio.FromImage(m)
	if p.W != want.W || p.H != want.H {
		t.Fatalf("%dx%d pixels, want %dx%d", p.W, p.H, want.W, want.H)
	}
	sum, most, at := 0.0, 0.0, 0
	for i, v := range p.Pix {
		d := 255 * math.Abs(float64(v-want.Pix[i]))
		if sum += d; d > most {
			most, at = d, i
		}
	}
	// The expected levels are whole numbers.
	if got := sum / float64(len(p.Pix)); got > mean+0.25 || most > worst+0.5 {
		at %= p.W * p.H
		t.Errorf("differs by %.2f levels in the mean, want %.2f; by %.1f at (%d, %d), want %.1f", got, mean, most, at%p.W, at/p.W, worst)
	}
}

func number(t *testing.T, s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
