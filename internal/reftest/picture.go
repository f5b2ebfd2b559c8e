package reftest

import (
	"fmt"
	"strconv"
)

// Seed is the seed of the weights and pictures of the reference files.
const Seed = 7

// Picture draws the picture with a role in f: content, style, or image, which losses and
// gradient were computed for. It returns planar RGB, (3, h, w), in [0, 1).
func (f *File) Picture(role string) (p []float32, w, h int, err error) {
	keys := [3]string{"width", "height", role}
	if role == "style" {
		keys[0], keys[1] = "style_width", "style_height"
	}
	var v [3]int
	for i, key := range keys {
		if v[i], err = strconv.Atoi(f.Meta[key]); err != nil || v[i] < 0 {
			return nil, 0, 0, fmt.Errorf("reftest: metadata %q of %s picture: %q", key, role, f.Meta[key])
		}
	}
	return Picture(v[0], v[1], uint64(v[2])), v[0], v[1], nil
}

// Picture draws picture number s: planar RGB, 3*h*w values in [0, 1). It is noise on a ramp
// that is darkest at the top left:
//
//	0.5 u + 0.25 x/w + 0.25 y/h
//
// computed in float64 and rounded once. u is the next number of stream 1000+s of
// [vgg.Seeded]'s generator with [Seed]. testdata/torch/model.py draws the same pictures.
func Picture(w, h int, s uint64) []float32 {
	out := make([]float32, 0, 3*h*w)
	start := mix64(Seed ^ (1000+s+1)*0xD1B54A32D192ED03)
	for range 3 {
		for y := range h {
			for x := range w {
				i := uint64(len(out) + 1)
				u := float64(mix64(start+i*0x9E3779B97F4A7C15)>>40) / (1 << 24)
				across, down := 0.25*(float64(x)/float64(w)), 0.25*(float64(y)/float64(h))
				// Products with powers of two are exact, so a fused multiply-add changes nothing.
				out = append(out, float32(0.5*u+across+down))
			}
		}
	}
	return out
}

// mix64 is the output function of SplitMix64 (Steele et al. 2014).
func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
