package film

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nst/imgio"
)

// echo is a brush that returns the frame with noise that is another for each, and counts.
type echo struct {
	frames, cuts int
	noise        float32
	moves        [][2]int
}

func (e *echo) Paint(_ context.Context, f *imgio.Planar, _ *Prior) (*imgio.Planar, error) {
	out := f.Clone()
	r := rand.New(rand.NewPCG(1, uint64(e.frames)))
	for i := range out.Pix {
		out.Pix[i] += e.noise * (r.Float32() - 0.5)
	}
	e.frames++
	return out, nil
}
func (e *echo) Cut()              { e.cuts++ }
func (e *echo) Move(x, y int)     { e.moves = append(e.moves, [2]int{x, y}) }
func (e *echo) Memory() []float32 { return []float32{float32(e.frames)} }
func (e *echo) Remember(m []float32) error {
	e.frames = int(m[0])
	return nil
}

// photograph returns a part of a picture that the project has drawn.
func photograph(t testing.TB, name string, x0, y0, w, h int) *imgio.Planar {
	t.Helper()
	m, _, err := imgio.Open("../../testdata/images/content/" + name + ".jpg")
	if err != nil {
		t.Fatal(err)
	}
	out := imgio.NewPlanar(w, h)
	for c := range 3 {
		for y := range h {
			copy(out.Pix[(c*h+y)*w:][:w], m.Pix[(c*m.H+y+y0)*m.W+x0:])
		}
	}
	return out
}

// play paints frames.
func play(t *testing.T, s *Steady, frames []*imgio.Planar) []*imgio.Planar {
	t.Helper()
	var out []*imgio.Planar
	for _, f := range frames {
		p, err := s.Paint(context.Background(), f)
		if err != nil {
			t.Fatal(err)
		}
		s.Keep(p)
		out = append(out, p)
	}
	return out
}

// TestCuts finds the cut between scenes, and none in a pan, a fade and a flash of a lamp.
func TestCuts(t *testing.T) {
	var frames []*imgio.Planar
	for i := range 6 { // a pan
		frames = append(frames, photograph(t, "town", 5*i, 2*i, 200, 120))
	}
	for i := range 6 { // a fade to black
		f := frames[5].Clone()
		for j := range f.Pix {
			f.Pix[j] *= 1 - 0.12*float32(i)
		}
		frames = append(frames, f)
	}
	frames = append(frames, photograph(t, "lakeside", 20, 20, 200, 120), photograph(t, "lakeside", 24, 20, 200, 120), photograph(t, "stilllife", 20, 20, 200, 120))
	b := &echo{}
	s := NewSteady(b, 0.7, 2)
	var at []int
	for i, f := range frames {
		before := s.Scenes()
		play(t, s, []*imgio.Planar{f})
		if s.Scenes() > before {
			at = append(at, i)
		}
	}
	if want := []int{0, 12, 14}; !slices.Equal(at, want) || b.cuts != 3 {
		t.Errorf("scenes begin at %v, want %v", at, want)
	}
	if got := b.moves[5]; got != [2]int{-25, -10} {
		t.Errorf("the pan moved by %v, want -25, -10", got)
	}
}

// TestSteady paints a pan with a brush that flickers. The last result, moved along, takes most of
// that away.
func TestSteady(t *testing.T) {
	var frames []*imgio.Planar
	for i := range 10 {
		frames = append(frames, photograph(t, "town", 3*i, i, 200, 120))
	}
	flicker := func(smooth float64) float64 {
		painted := play(t, NewSteady(&echo{noise: 0.5}, smooth, 2), frames)
		sum, n := 0.0, 0
		a, b := painted[8], painted[9]
		for y := 10; y < 100; y++ {
			for x := 10; x < 180; x++ {
				sum += math.Abs(float64(b.Pix[y*200+x] - a.Pix[(y+1)*200+x+3]))
				n++
			}
		}
		return sum / float64(n)
	}
	without, with := flicker(0), flicker(0.7)
	t.Logf("%.4f without, %.4f with", without, with)
	if !(with < 0.5*without) {
		t.Errorf("flicker %.4f, without smoothing %.4f", with, without)
	}
}

// TestSequence paints a folder of frames, is interrupted, goes on, and gets the same files.
func TestSequence(t *testing.T) {
	in := t.TempDir()
	for i, name := range []string{"f1.png", "f2.png", "f10.png", "f11.png"} {
		if err := imgio.Save(filepath.Join(in, name), photograph(t, "town", 3*i, i, 64, 48), imgio.Encoding{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(in, "f3.png"), []byte("broken"), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(out string, most int) (broken []string, err error) {
		s, err := OpenSequence(context.Background(), in, 0, func(path string, _ error) { broken = append(broken, filepath.Base(path)) })
		if err != nil {
			t.Fatal(err)
		}
		o, err := NewSequence(out, "settings", false)
		if err != nil {
			return nil, err
		}
		steady := NewSteady(&echo{noise: 0.1}, 0.7, 2)
		if o.Done() > 0 {
			s.SkipTo(o.Last())
			last, memory, err := o.Resume()
			if err != nil {
				t.Fatal(err)
			}
			f, err := s.Next(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if err := steady.Resume(f.Picture, last, memory); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		n := 0
		err = Run(ctx, s, o, steady, func() {
			if n++; n == most {
				stop()
			}
		})
		if err == nil {
			err = o.Remove()
		}
		return broken, err
	}
	whole, parted := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parted")
	if broken, err := run(whole, -1); err != nil || !slices.Equal(broken, []string{"f3.png"}) {
		t.Fatal(broken, err)
	}
	if _, err := run(parted, 2); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	if _, err := run(parted, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := run(parted, -1); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over files: %v", err)
	}
	entries, err := os.ReadDir(parted)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		a, err := os.ReadFile(filepath.Join(whole, e.Name()))
		b, err2 := os.ReadFile(filepath.Join(parted, e.Name()))
		if err != nil || err2 != nil || !slices.Equal(a, b) {
			t.Errorf("%s differs from that of a run without a break", e.Name())
		}
	}
}

// over is a brush that looks at what a frame begins with: 1 where the last result is to be seen,
// 0 where it is new.
type over struct {
	echo
	seen *imgio.Planar
}

func (o *over) Paint(_ context.Context, f *imgio.Planar, p *Prior) (*imgio.Planar, error) {
	white := imgio.NewPlanar(f.W, f.H)
	for i := range white.Pix {
		white.Pix[i] = 1
	}
	if p != nil {
		o.seen = p.Over(imgio.NewPlanar(f.W, f.H), f, 2)
	}
	return white, nil
}

// TestOver pans over a photograph with a flat sky, in which no motion is sure. The next frame
// begins with the last result everywhere but in the part that comes into the frame.
func TestOver(t *testing.T) {
	b := &over{}
	sky := func(x int) *imgio.Planar {
		f := photograph(t, "town", x, 0, 200, 120)
		for c := range 3 {
			for i := range 60 * f.W {
				f.Pix[c*f.W*f.H+i] = 0.7
			}
		}
		return f
	}
	play(t, NewSteady(b, 0, 2), []*imgio.Planar{sky(0), sky(8)})
	mean := func(x0, x1, y0, y1 int) (sum float64) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				sum += float64(b.seen.Pix[y*200+x])
			}
		}
		return sum / float64((x1-x0)*(y1-y0))
	}
	for _, part := range []struct {
		name           string
		x0, x1, y0, y1 int
		least, most    float64
	}{
		{"sky", 8, 184, 4, 52, 0.99, 1}, {"houses", 8, 184, 68, 116, 0.9, 1}, {"new", 195, 200, 68, 116, 0, 0.1},
	} {
		if got := mean(part.x0, part.x1, part.y0, part.y1); got < part.least || got > part.most {
			t.Errorf("%s: the last result has a share of %.3f, want %g to %g", part.name, got, part.least, part.most)
		}
	}
}
