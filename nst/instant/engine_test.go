package instant

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"nst/imgio"
	"nst/nst"
)

// waves returns a picture that differs from one n to another.
func waves(w, h, n int) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	for i := range p.Pix {
		p.Pix[i] = float32(0.5 + 0.5*math.Sin(float64(i*(n+1))/37))
	}
	return p
}

// fresh paints with a model that has not painted yet.
func fresh(t *testing.T, content, style *imgio.Planar, threads int) *imgio.Planar {
	t.Helper()
	m, err := Universal()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	return painted(t, m, content, style, threads)
}

func painted(t *testing.T, m *UniversalModel, content, style *imgio.Planar, threads int) *imgio.Planar {
	t.Helper()
	o := DefaultApply()
	o.Threads = threads
	p, err := m.Apply(context.Background(), content, []nst.StylePicture{{Picture: style, Weight: 1}}, o)
	if err != nil {
		t.Error(err)
		return &imgio.Planar{}
	}
	return p
}

// TestKept: what a model keeps from one picture to the next changes no byte, whatever the
// sizes, the paintings and the threads were before, and after Close.
func TestKept(t *testing.T) {
	m, err := Universal()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct{ w, h, content, style, threads int }{
		{64, 48, 1, 1, 2}, {64, 48, 2, 1, 2}, {50, 70, 1, 2, 2}, {64, 48, 1, 1, 1}, {131, 90, 3, 2, 1}, {64, 48, 2, 1, 2},
	} {
		content, style := waves(c.w, c.h, c.content), waves(100, 80, c.style)
		before := slices.Clone(content.Pix)
		got, want := painted(t, m, content, style, c.threads), fresh(t, content, style, c.threads)
		if !slices.Equal(got.Pix, want.Pix) {
			t.Errorf("picture %d is another than that of a fresh model", i)
		}
		if !slices.Equal(content.Pix, before) {
			t.Errorf("picture %d: the photograph has changed", i)
		}
		if i == 3 {
			m.Close()
		}
	}
	style := waves(100, 80, 7)
	painted(t, m, waves(64, 48, 1), style, 2)
	style.Pix[500] = 0.123 // in place
	if a, b := painted(t, m, waves(64, 48, 1), style, 2), fresh(t, waves(64, 48, 1), style, 2); !slices.Equal(a.Pix, b.Pix) {
		t.Error("a painting that changed in place is taken for the one before")
	}
}

// TestKeptBySeveral: goroutines that paint at the same time do not share what is kept, and
// Close at any time does no harm.
func TestKeptBySeveral(t *testing.T) {
	m, err := Universal()
	if err != nil {
		t.Fatal(err)
	}
	style := waves(100, 80, 1)
	var want []*imgio.Planar
	for i := range 3 {
		want = append(want, fresh(t, waves(40+8*i, 48, i), style, 1))
	}
	var wg sync.WaitGroup
	for i := range 9 {
		wg.Go(func() {
			if i == 4 {
				m.Close()
			}
			if got := painted(t, m, waves(40+8*(i%3), 48, i%3), style, 1); !slices.Equal(got.Pix, want[i%3].Pix) {
				t.Errorf("picture %d is another beside others", i)
			}
		})
	}
	wg.Wait()
}

// TestKeptEnds: the goroutines of what is kept end with Close, and with a model that is
// garbage.
func TestKeptEnds(t *testing.T) {
	count := func() int {
		for range 100 { // what has ended may still be counted
			runtime.GC()
			runtime.Gosched()
		}
		return runtime.NumGoroutine()
	}
	before := count()
	for _, end := range []func(*UniversalModel){(*UniversalModel).Close, func(*UniversalModel) {}} {
		m, err := Universal()
		if err != nil {
			t.Fatal(err)
		}
		painted(t, m, waves(64, 48, 1), waves(64, 48, 2), 3)
		if n := runtime.NumGoroutine(); n < 3 {
			t.Errorf("%d goroutines while an engine of 3 threads is kept", n)
		}
		end(m)
		m = nil
		if n := count(); n > before {
			t.Errorf("%d goroutines at the end, %d before", n, before)
		}
	}
}

func TestPaintings(t *testing.T) {
	s := newPaintings()
	p := waves(3000, 1, 1)
	key := s.key(p, "")
	if s.find(key) != nil {
		t.Error("found before it was added")
	}
	s.add(key, []float32{1})
	for name, other := range map[string]painting{
		"kernels": s.key(p, "avx2"), "picture": s.key(waves(3000, 1, 2), ""), "size": s.key(&imgio.Planar{W: 1, H: 3000, Pix: p.Pix}, ""),
	} {
		if s.find(other) != nil {
			t.Errorf("another %s is taken for the same painting", name)
		}
	}
	p.Pix[len(p.Pix)-1]++
	if s.find(s.key(p, "")) != nil {
		t.Error("the last pixel does not count")
	}
	for i := range rememberedPaintings + 1 {
		s.add(s.key(waves(10, 10, i), ""), []float32{1})
	}
	if len(s.norms) > rememberedPaintings {
		t.Errorf("%d paintings are remembered", len(s.norms))
	}
}
