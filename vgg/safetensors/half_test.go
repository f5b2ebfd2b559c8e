package safetensors_test

import (
	"math"
	"testing"

	"nst/vgg/safetensors"
)

// value is what the bits of a float16 mean, by IEEE 754's definition.
func value(h uint16) float64 {
	sign := 1 - 2*float64(h>>15)
	exp, frac := int(h>>10&31), float64(h&1023)
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

func TestHalfThereAndBack(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		f, want := safetensors.FromHalf(h), value(h)
		if math.IsNaN(want) {
			if f == f || safetensors.ToHalf(f)&0x7fff != 0x7e00 {
				t.Fatalf("%#04x: %v, back %#04x, want no number", h, f, safetensors.ToHalf(f))
			}
			continue
		}
		if float64(f) != want || math.Signbit(float64(f)) != (h>>15 == 1) {
			t.Fatalf("%#04x: got %v, want %v", h, f, want)
		}
		if back := safetensors.ToHalf(f); back != h {
			t.Fatalf("%#04x: %v goes back to %#04x", h, f, back)
		}
	}
}

// Between each two neighbours lie a tie, which goes to the even one, and what
// is a bit below and above it.
func TestHalfRoundsToNearestEven(t *testing.T) {
	for h := uint16(0); h < 0x7c00; h++ {
		next := value(h + 1)
		if h == 0x7bff {
			next = 65536 // where the number after the largest would be
		}
		tie := float32((value(h) + next) / 2)
		even := h + h&1
		for _, c := range []struct {
			x    float32
			want uint16
		}{{math.Nextafter32(tie, 0), h}, {tie, even}, {math.Nextafter32(tie, 1e9), h + 1}} {
			if got := safetensors.ToHalf(c.x); got != c.want {
				t.Fatalf("%v: got %#04x, want %#04x", c.x, got, c.want)
			}
			if got := safetensors.ToHalf(-c.x); got != c.want|0x8000 {
				t.Fatalf("%v: got %#04x, want %#04x", -c.x, got, c.want|0x8000)
			}
		}
	}
	for _, x := range []float32{65520, 1e10, math.MaxFloat32, float32(math.Inf(1))} {
		if got := safetensors.ToHalf(x); got != 0x7c00 {
			t.Errorf("%v: got %#04x, want infinity", x, got)
		}
	}
}
