package main

import (
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"nst/imgio"
)

// TestHEIFPrograms reads a HEIC and an AVIF picture with each program that is installed.
func TestHEIFPrograms(t *testing.T) {
	const awkward = "../../testdata/awkward"
	f, err := os.Open(filepath.Join(awkward, "want", "767c0329.png")) // the picture of most files
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	want := imgio.FromImage(m)
	for _, p := range heifPrograms() {
		t.Run(p.name, func(t *testing.T) {
			if _, err := exec.LookPath(p.name); err != nil || p.system != "" && p.system != runtime.GOOS {
				t.Skip("not installed")
			}
			for _, file := range []string{"heic.heic", "avif.avif"} {
				got, info, err := imgio.Open(filepath.Join(awkward, file), imgio.ConvertHEIF(p.convert))
				if err != nil {
					t.Error(err)
					continue
				}
				if got.W != want.W || got.H != want.H || info.Converter != p.name {
					t.Fatalf("%dx%d pixels by %q", got.W, got.H, info.Converter)
				}
				sum := 0.0
				for i, v := range got.Pix {
					sum += 255 * math.Abs(float64(v-want.Pix[i]))
				}
				if mean := sum / float64(len(got.Pix)); mean > 8 { // sharp edges of colours, at half the resolution
					t.Errorf("%s differs by %.1f levels in the mean", file, mean)
				} else {
					t.Logf("%s differs by %.1f levels in the mean", file, mean)
				}
			}
		})
	}
}
