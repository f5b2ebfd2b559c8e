package instant_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// builtinFilm returns a painter of films in a style that comes with the program.
func builtinFilm(t *testing.T, w, h int, o instant.FilmOptions) (*instant.Film, *instant.Model, []float64) {
	t.Helper()
	m, err := instant.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	weights := make([]float64, len(m.Styles()))
	weights[0] = 1
	f, err := m.Film(w, h, weights, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, m, weights
}

// paintNext paints a frame.
func paintNext(t *testing.T, f *instant.Film, p *imgio.Planar) *imgio.Planar {
	t.Helper()
	out, err := f.Paint(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// apart returns the mean difference of two pictures at their pixels from x0, y0 on.
func apart(a, b *imgio.Planar, ax, ay, bx, by, w, h int) float64 {
	sum := 0.0
	for c := range 3 {
		for y := range h {
			for x := range w {
				sum += math.Abs(float64(a.Pix[(c*a.H+y+ay)*a.W+x+ax] - b.Pix[(c*b.H+y+by)*b.W+x+bx]))
			}
		}
	}
	return sum / float64(3*w*h)
}

// TestFilmFirst compares the first frame of a scene with a picture that is painted alone.
func TestFilmFirst(t *testing.T) {
	const w, h = 84, 60
	f, m, weights := builtinFilm(t, w, h, instant.DefaultFilm())
	photo := picture(w, h, 3)
	want, err := m.Apply(context.Background(), photo, weights, instant.DefaultApply())
	if err != nil {
		t.Fatal(err)
	}
	got := paintNext(t, f, photo)
	// The frame has room for moves around it, so that only its middle is the same.
	if d := apart(got, want, 0, 0, 0, 0, w, h); d > 0.06 {
		t.Errorf("the first frame is %.4f off", d)
	}
	paintNext(t, f, picture(w, h, 9))
	f.Cut()
	if again := paintNext(t, f, photo); !slices.Equal(again.Pix, got.Pix) {
		t.Error("after a cut a frame differs from the first")
	}
}

// TestFilmMove shows the network what moves by one pixel. Told of it, it makes the same strokes.
func TestFilmMove(t *testing.T) {
	const w, h = 120, 96
	large := picture(w+8, h+8, 5)
	part := func(x0, y0 int) *imgio.Planar {
		p := imgio.NewPlanar(w, h)
		for c := range 3 {
			for y := range h {
				copy(p.Pix[(c*h+y)*w:][:w], large.Pix[(c*large.H+y+y0)*large.W+x0:])
			}
		}
		return p
	}
	f, _, _ := builtinFilm(t, w, h, instant.DefaultFilm())
	change := func(told bool) float64 {
		f.Cut()
		f.Move(0, 0)
		a := paintNext(t, f, part(4, 4))
		if told {
			f.Move(-1, 2)
		}
		b := paintNext(t, f, part(5, 2))
		return apart(a, b, 25, 22, 24, 24, w-48, h-48)
	}
	still, moved := change(true), change(false)
	t.Logf("%.4f told, %.4f not", still, moved)
	if !(still < moved/2) {
		t.Errorf("told of the motion, frames differ by %.4f; not told by %.4f", still, moved)
	}
}

// TestFilmMemory goes on in another painter, to the same bytes.
func TestFilmMemory(t *testing.T) {
	const w, h = 40, 36
	f, m, weights := builtinFilm(t, w, h, instant.DefaultFilm())
	paintNext(t, f, picture(w, h, 1))
	memory := f.Memory()
	want := paintNext(t, f, picture(w, h, 2))
	o := instant.DefaultFilm()
	o.Threads = 1
	other, err := m.Film(w, h, weights, o)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Remember(memory); err != nil {
		t.Fatal(err)
	}
	if got := paintNext(t, other, picture(w, h, 2)); !slices.Equal(got.Pix, want.Pix) {
		t.Error("a film that goes on has other bytes")
	}
	if _, err := f.Paint(context.Background(), picture(w+4, h, 1)); err == nil {
		t.Error("a frame of another size is painted")
	}
	if err := other.Remember(memory[1:]); err == nil {
		t.Error("a memory of another network is accepted")
	}
}

// TestFilmUniversal paints in the style of a picture, and refuses bad options.
func TestFilmUniversal(t *testing.T) {
	const w, h = 48, 40
	u := universal(t)
	styles := []nst.StylePicture{{Picture: picture(64, 64, 2), Weight: 1}}
	f, err := u.Film(context.Background(), w, h, styles, instant.DefaultFilm())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	paintNext(t, f, picture(w, h, 1))
	o := instant.DefaultFilm()
	o.Steady = 1
	if _, err := u.Film(context.Background(), w, h, styles, o); err == nil {
		t.Error("Steady 1 is accepted")
	}
	if _, err := u.Film(context.Background(), 20, h, styles, instant.DefaultFilm()); err == nil {
		t.Error("a small film is accepted")
	}
}
