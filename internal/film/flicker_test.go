package film_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"nst/imgio"
	"nst/internal/film"
	"nst/nst/instant"
)

type brush struct{ *instant.Film }

func (b brush) Paint(ctx context.Context, f *imgio.Planar, p *film.Prior) (*imgio.Planar, error) {
	return b.Film.Paint(ctx, f)
}

func pan(m *imgio.Planar, w, h, n int, dx, dy float64) []*imgio.Planar {
	var out []*imgio.Planar
	for i := range n {
		x0, y0 := dx*float64(i), dy*float64(i)
		ix, iy := int(x0), int(y0)
		fx, fy := float32(x0-float64(ix)), float32(y0-float64(iy))
		f := imgio.NewPlanar(w, h)
		for c := range 3 {
			for y := range h {
				for x := range w {
					at := func(i, j int) float32 { return m.Pix[(c*m.H+y+iy+j)*m.W+x+ix+i] }
					v := at(0, 0)*(1-fx)*(1-fy) + at(1, 0)*fx*(1-fy) + at(0, 1)*(1-fx)*fy + at(1, 1)*fx*fy
					f.Pix[(c*h+y)*w+x] = float32(math.Round(float64(v)*255)) / 255
				}
			}
		}
		out = append(out, f)
	}
	return out
}

func zoomed(m *imgio.Planar, w, h int, z float64) *imgio.Planar {
	f := imgio.NewPlanar(w, h)
	for c := range 3 {
		for y := range h {
			for x := range w {
				sx, sy := float64(m.W)/2+(float64(x)-float64(w)/2)/z, float64(m.H)/2+(float64(y)-float64(h)/2)/z
				ix, iy := int(sx), int(sy)
				fx, fy := float32(sx-float64(ix)), float32(sy-float64(iy))
				at := func(i, j int) float32 { return m.Pix[(c*m.H+min(iy+j, m.H-1))*m.W+min(ix+i, m.W-1)] }
				v := at(0, 0)*(1-fx)*(1-fy) + at(1, 0)*fx*(1-fy) + at(0, 1)*(1-fx)*fy + at(1, 1)*fx*fy
				f.Pix[(c*h+y)*w+x] = v
			}
		}
	}
	return f
}

func TestFlickerTry(t *testing.T) {
	m, _, err := imgio.Open("../../testdata/images/content/town.jpg")
	if err != nil {
		t.Fatal(err)
	}
	m = m.Resize(760, 570)
	const w, h = 320, 180
	style := os.Getenv("STYLE")
	if style == "" {
		style = "starry-night"
	}
	smooth, _ := strconv.ParseFloat(os.Getenv("SMOOTH"), 64)
	for _, d := range [][2]float64{{3, 1}, {2.5, 0.5}, {0, 0}} {
		b, _ := instant.Builtin()
		i, err := b.Index(style)
		if err != nil {
			t.Fatal(err)
		}
		weights := make([]float64, len(b.Styles()))
		weights[i] = 1
		o := instant.DefaultFilm()
		f, err := b.Film(w, h, weights, o)
		if err != nil {
			t.Fatal(err)
		}
		s := film.NewSteady(brush{f}, smooth, 2)
		var last *imgio.Planar
		sum, n, con, sharp := 0.0, 0, 0.0, 0.0
		dx, dy := int(math.Round(d[0])), int(math.Round(d[1]))
		frames := pan(m, w, h, 16, d[0], d[1])
		if d[0] == 0 {
			for k := range frames {
				frames[k] = zoomed(m, w, h, math.Pow(1.01, float64(k)))
			}
		}
		for k, frame := range frames {
			if d[0] != float64(dx) { // even frames move by whole pixels together
				dx, dy = int(math.Round(2*d[0])), int(math.Round(2*d[1]))
			}
			p, err := s.Paint(context.Background(), frame)
			if err != nil {
				t.Fatal(err)
			}
			s.Keep(p)
			if d[0] == 0 {
				if last != nil && k > 4 {
					want := zoomed(last, w, h, 1.01)
					e, cnt := 0.0, 0
					for c := range 3 {
						for y := 8; y < h-12; y++ {
							for x := 8; x < w-12; x++ {
								e += math.Abs(float64(p.Pix[(c*h+y)*w+x] - want.Pix[(c*h+y)*w+x]))
								sharp += math.Abs(float64(p.Pix[(c*h+y)*w+x] - p.Pix[(c*h+y)*w+x+1]))
								cnt++
							}
						}
					}
					sum += e / float64(cnt)
					con += sharp / float64(cnt)
					sharp = 0
					n++
				}
				last = p
			} else if d[0] == 3 || k%2 == 0 {
				if last != nil && k > 4 {
					e, cnt := 0.0, 0
					for c := range 3 {
						for y := 8; y < h-12; y++ {
							for x := 8; x < w-12; x++ {
								e += math.Abs(float64(p.Pix[(c*h+y)*w+x] - last.Pix[(c*h+y+dy)*w+x+dx]))
								sharp += math.Abs(float64(p.Pix[(c*h+y)*w+x] - p.Pix[(c*h+y)*w+x+1]))
								cnt++
							}
						}
					}
					sum += e / float64(cnt)
					con += sharp / float64(cnt)
					sharp = 0
					n++
				}
				last = p
			}
			if k == 15 {
				imgio.Save(fmt.Sprintf("/tmp/v/try_%v_%v.png", d[0], os.Getenv("TAG")), p)
			}
		}
		f.Close()
		t.Logf("%v flicker %.3f sharp %.3f", d, 255*sum/float64(n), 255*con/float64(n))
	}
}
