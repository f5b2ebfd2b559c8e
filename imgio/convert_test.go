package imgio_test

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"nst/imgio"
)

// near fails the test if pixel (x, y) of p differs from want by more than tol.
func near(t *testing.T, p *imgio.Planar, x, y int, want [3]float64, tol float64) {
	t.Helper()
	for ch := range 3 {
		got := float64(p.Pix[(ch*p.H+y)*p.W+x])
		if !(math.Abs(got-want[ch]) <= tol) {
			t.Errorf("pixel (%d, %d) channel %d = %.6f, want %.6f", x, y, ch, got, want[ch])
		}
	}
}

// custom hides the type of a picture.
type custom struct{ image.Image }

func TestFromImageTypes(t *testing.T) {
	bounds := image.Rect(-3, 5, 2, 9) // off the origin on purpose
	opaque := color.NRGBA64{0x1234, 0x8000, 0xfedc, 0xffff}
	clear := color.NRGBA64{0xffff, 0x8080, 0, 0x4040}
	over := func(c color.NRGBA64) [3]float64 { // white, in float64
		a := float64(c.A) / 0xffff
		flat := func(v uint16) float64 { return float64(v)/0xffff*a + 1 - a }
		return [3]float64{flat(c.R), flat(c.G), flat(c.B)}
	}
	// Rounding of a colour to the picture's type; CMYK takes three steps of 8 bits.
	const bits16, bits8 = 1.0 / 0xffff, 0.5/0xff + 1e-6
	tests := []struct {
		name  string
		m     draw.Image
		alpha bool
		tol   float64
	}{
		{"NRGBA", image.NewNRGBA(bounds), true, bits8},
		{"NRGBA64", image.NewNRGBA64(bounds), true, 1e-7},
		{"RGBA", image.NewRGBA(bounds), true, 1.5 / 0xff},
		{"RGBA64", image.NewRGBA64(bounds), true, bits16},
		{"CMYK", image.NewCMYK(bounds), false, 3.0 / 0xff},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			draw.Draw(tt.m, bounds, image.NewUniform(opaque), image.Point{}, draw.Src)
			want := [][3]float64{over(opaque), over(opaque)}
			if tt.alpha {
				tt.m.Set(1, 7, clear)
				want[1] = over(clear)
			}
			for _, m := range []image.Image{tt.m, custom{tt.m}} {
				p := imgio.FromImage(m)
				if p.W != 5 || p.H != 4 {
					t.Fatalf("size %dx%d, want 5x4", p.W, p.H)
				}
				near(t, p, 0, 0, want[0], tt.tol)
				near(t, p, 4, 2, want[1], tt.tol)
				near(t, p, 4, 3, want[0], tt.tol)
			}
		})
	}
}

// A fast path must read what At returns, in a part of a picture too.
func TestFromImageFastPathsMatchAt(t *testing.T) {
	whole := image.Rect(0, 0, 9, 7)
	fill := func(b []byte) {
		for i := range b {
			b[i] = byte(37*i + i*i/5)
		}
	}
	gray, nrgba := image.NewGray(whole), image.NewNRGBA(whole)
	gray16, nrgba64 := image.NewGray16(whole), image.NewNRGBA64(whole)
	rgba := image.NewRGBA(whole)
	paletted := image.NewPaletted(whole, color.Palette{
		color.NRGBA{1, 2, 3, 4}, color.Black, color.Gray{77}, color.RGBA{10, 20, 30, 40},
	})
	ycbcr := image.NewYCbCr(whole, image.YCbCrSubsampleRatio444)
	alpha := image.NewNYCbCrA(whole, image.YCbCrSubsampleRatio444)
	for _, b := range [][]byte{gray.Pix, nrgba.Pix, gray16.Pix, nrgba64.Pix, ycbcr.Y, ycbcr.Cb, ycbcr.Cr, alpha.Y, alpha.Cb, alpha.Cr, alpha.A} {
		fill(b)
	}
	draw.Draw(rgba, whole, nrgba, image.Point{}, draw.Src)
	for i := range paletted.Pix {
		paletted.Pix[i] = byte(i % 4)
	}
	part := image.Rect(3, 2, 8, 6)
	for name, m := range map[string]interface {
		image.Image
		SubImage(image.Rectangle) image.Image
	}{
		"Gray": gray, "Gray16": gray16, "NRGBA": nrgba, "NRGBA64": nrgba64, "RGBA": rgba,
		"Paletted": paletted, "YCbCr": ycbcr, "NYCbCrA": alpha,
	} {
		for _, m := range []image.Image{m, m.SubImage(part)} {
			got, want := imgio.FromImage(m), imgio.FromImage(custom{m})
			for i := range want.Pix {
				if math.Abs(float64(got.Pix[i]-want.Pix[i])) > 1.0/0xff { // At converts YCbCr without rounding to 8 bits
					t.Errorf("%s %v: value %d = %v, by At %v", name, m.Bounds(), i, got.Pix[i], want.Pix[i])
					break
				}
			}
		}
	}
}

// Chroma of half the size is interpolated 3 to 1, wherever the picture starts.
func TestFromImageChroma(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 8, 2), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i], m.Cr[i/4], m.Cb[i/4] = 100, 128, 128
	}
	copy(m.Cr, []byte{128, 128, 160, 160}) // one row of samples, two pixels each
	chroma := []uint8{128, 128, 128, 136, 152, 160, 160, 160}
	for first := range 4 { // odd starts split a pair
		p := imgio.FromImage(m.SubImage(image.Rect(first, 0, 8, 2)))
		for x := range p.W {
			v := float64(chroma[first+x]) - 128 // JFIF 1.02
			near(t, p, x, 1, [3]float64{math.Round(100+1.402*v) / 255, math.Round(100-0.71414*v) / 255, 100.0 / 255}, 1e-6)
		}
	}
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		m := image.NewYCbCr(image.Rect(-4, -3, 3, 4), ratio)
		for i := range m.Y {
			m.Y[i] = 50
		}
		for i := range m.Cb {
			m.Cb[i], m.Cr[i] = 90, 200
		}
		for _, m := range []image.Image{m, m.SubImage(image.Rect(1, 1, 3, 4))} {
			p := imgio.FromImage(m)
			near(t, p, p.W-1, p.H-1, [3]float64{151.0 / 255, 12.0 / 255, 0}, 1.1/255) // At rounds in another way
		}
	}
}

func TestImageClampsAndRounds(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tests := []struct {
		v    float32
		want uint8
	}{
		{0, 0},
		{1, 255},
		{-0.5, 0},
		{1.5, 255},
		{nan, 0},
		{inf, 255},
		{-inf, 0},
		{0.49 / 255, 0},
		{0.51 / 255, 1},
		{0.5, 128},
		{254.49 / 255, 254},
		{254.51 / 255, 255},
	}
	p := imgio.NewPlanar(len(tests), 1)
	for i, tt := range tests {
		p.Pix[i] = tt.v
	}
	m, m16 := p.Image(), p.Image16()
	for x, tt := range tests {
		if got := m.NRGBAAt(x, 0); got != (color.NRGBA{tt.want, 0, 0, 255}) {
			t.Errorf("%v becomes %v, want red %d", tt.v, got, tt.want)
		}
		want16 := math.Round(min(max(float64(tt.v), 0), 1) * 0xffff)
		if tt.v != tt.v {
			want16 = 0
		}
		if got := m16.NRGBA64At(x, 0); got != (color.NRGBA64{uint16(want16), 0, 0, 0xffff}) {
			t.Errorf("%v becomes %v, want red %v", tt.v, got, want16)
		}
	}
}

func TestImage16KeepsEveryLevel(t *testing.T) {
	m := image.NewNRGBA64(image.Rect(0, 0, 256, 256))
	for i := range 1 << 16 {
		m.SetNRGBA64(i%256, i/256, color.NRGBA64{uint16(i), uint16(0xffff - i), uint16(i * 7), 0xffff})
	}
	back := imgio.FromImage(m).Image16()
	if string(back.Pix) != string(m.Pix) {
		t.Error("16-bit picture changed on the way through Planar")
	}
	m8 := image.NewNRGBA(image.Rect(0, 0, 256, 1))
	for i := range 256 {
		m8.SetNRGBA(i, 0, color.NRGBA{uint8(i), uint8(255 - i), 7, 255})
	}
	if got := imgio.FromImage(m8).Image(); string(got.Pix) != string(m8.Pix) {
		t.Error("8-bit picture changed on the way through Planar")
	}
}

func TestClone(t *testing.T) {
	p := imgio.NewPlanar(2, 3)
	q := p.Clone()
	q.Pix[0] = 1
	if p.Pix[0] != 0 || q.W != 2 || q.H != 3 || len(q.Pix) != 18 {
		t.Errorf("clone %dx%d with %d values shares %v", q.W, q.H, len(q.Pix), p.Pix[0])
	}
}

func TestFitLongest(t *testing.T) {
	for _, tt := range []struct{ w, h, size, wantW, wantH int }{
		{5176, 3464, 512, 512, 343}, // 342.65
		{3464, 5176, 512, 343, 512},
		{100, 100, 7, 7, 7},
		{1000, 2, 10, 10, 1}, // 0.02, but at least 1
		{200, 25, 4, 4, 1},   // 0.5, up
		{3, 2, 3000, 3000, 2000},
	} {
		if w, h := imgio.FitLongest(tt.w, tt.h, tt.size); w != tt.wantW || h != tt.wantH {
			t.Errorf("FitLongest(%d, %d, %d) = %d, %d, want %d, %d", tt.w, tt.h, tt.size, w, h, tt.wantW, tt.wantH)
		}
	}
}
