package film

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestWebP looks at the frames of an animated WebP, which testdata/make.py has drawn.
func TestWebP(t *testing.T) {
	w, err := OpenWebP("testdata/anim.webp", 0)
	if err != nil {
		t.Fatal(err)
	}
	got := frames(t, w)
	if len(got) != 5 || w.Loops() != 2 || w.LastDelay() != 11 || w.Damage() != "" {
		t.Fatalf("%d frames, %d loops, the last for %d, damage %q", len(got), w.Loops(), w.LastDelay(), w.Damage())
	}
	ground, square, white := [3]int{200, 100, 50}, [3]int{10, 20, 230}, [3]int{255, 255, 255}
	for i, time := range []int64{0, 70, 110, 410, 460} {
		if got[i].Time != time {
			t.Errorf("frame %d is at %d, want %d", i, got[i].Time, time)
		}
		for y := range 36 {
			for x := range 40 {
				want := ground
				switch {
				case i == 3 && y >= 30:
					want = white
				case x >= 4+5*i && x < 12+5*i && y >= 6+2*i && y < 14+2*i:
					want = square
				}
				if c := at(got[i].Picture, x, y); c != want {
					t.Fatalf("frame %d has %v at %d, %d, want %v", i, c, x, y, want)
				}
			}
		}
	}
}

// TestWebPCut reads the frames before the end of a file that is cut short.
func TestWebPCut(t *testing.T) {
	b, err := os.ReadFile("testdata/anim.webp")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.webp")
	whole := 0
	for n := range b {
		if err := os.WriteFile(path, b[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		w, err := OpenWebP(path, 0)
		if err != nil {
			if !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrStill) {
				t.Fatalf("%d bytes: %v", n, err)
			}
			continue
		}
		if w.Damage() == "" {
			whole++
		}
		frames(t, w)
	}
	if whole > 5 {
		t.Errorf("%d of the files that are cut short are not noticed", whole)
	}
}
