package feedforward

import (
	"context"
	"fmt"
	"math"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
)

// A large picture is painted in bands of rows, so that memory is a small multiple of the
// picture. Instance normalisation needs the mean and variance of a whole picture. So every
// layer has a pass over all bands that measures them, from the last features that were
// stored: those at quarter resolution, after conv3 and after each residual block. Each pass
// computes the layers after the stored ones again. That is about half as much work again.
//
// A band has more rows than a pass takes from it: what a layer makes of the missing rows
// beyond does not reach the rows that it takes.

// margin is how many rows at quarter resolution a band has beyond those that are taken from
// it. No pass has layers that reach further than three.
const margin = 4

// Bands paints pictures of one size in bands of rows. Only one of its methods may be called
// at a time.
type Bands struct {
	architecture Architecture
	device       exec.Device
	w, h         int       // of the picture
	rows         int       // of a band at quarter resolution, without margins
	stored       []float32 // features (c, h/4, w/4)
	layer        []float32 // what a residual block adds to them, before it is normalised
	shared       []float32
	style        []float32
	spare        []float32            // what goes to a machine or comes from it
	affine       map[string][]float32 // of the layers whose mean and variance are known
}

// bandBytes is about how much memory the features of a band may take, with 230 bytes a pixel.
const bandBytes = 300 << 20

// NewBands prepares to paint pictures of w by h pixels, multiples of 4 from 8, on device d.
// rows is the number of rows of pixels of a band, a multiple of 4; 0 takes as many as a
// fixed amount of memory allows. shared and style are as in [Painter.Teach].
func NewBands(d exec.Device, a Architecture, w, h, rows int, shared, style []float32) (*Bands, error) {
	b, err := bandsOf(d, a, w, h, rows)
	if err != nil {
		return nil, err
	}
	n := b.featureFloats()
	b.stored, b.layer = make([]float32, n), make([]float32, n)
	b.shared, b.style, b.affine = shared, style, map[string][]float32{}
	return b, nil
}

// featureFloats is the length of stored, and of layer.
func (b *Bands) featureFloats() int { return b.architecture.Widths[2] * (b.h / 4) * (b.w / 4) }

// bandsOf is NewBands without memory and parameters.
func bandsOf(d exec.Device, a Architecture, w, h, rows int) (*Bands, error) {
	if w%4 != 0 || h%4 != 0 || min(w, h) < 8 || rows%4 != 0 || rows < 0 {
		return nil, fmt.Errorf("feedforward: %dx%d pixels in bands of %d, want multiples of 4", w, h, rows)
	}
	if rows == 0 {
		rows = max(bandBytes/(230*w)-8*margin, 64) / 64 * 64
	}
	return &Bands{architecture: a, device: d, w: w, h: h, rows: rows / 4}, nil
}

// Paint paints photo (3, h, w), RGB in [0, 1], to out. They may be the same.
func (b *Bands) Paint(ctx context.Context, out, photo []float32) error {
	for _, p := range b.passes(out, photo) {
		if err := p.run(ctx); err != nil {
			return err
		}
		p.after()
	}
	return nil
}

// passes returns the passes that paint photo to out, in their order.
func (b *Bands) passes(out, photo []float32) []*pass {
	var all []*pass
	add := func(from, to []float32, scale int, layers []Layer, after func()) {
		all = append(all, &pass{bands: b, from: from, to: to, keeps: after != nil, scale: scale, layers: layers, then: after})
	}
	layers := b.architecture.Layers()
	front, back := layers[:3], layers[len(layers)-3:]
	for i := range 2 {
		add(photo, nil, 4, front[:i+1], nil)
	}
	add(photo, b.stored, 4, front, func() { b.normalise(front[2], b.stored, nil) })
	for body := layers[3 : len(layers)-3]; len(body) > 0; body = body[2:] {
		add(b.stored, nil, 1, body[:1], nil)
		last := body[1]
		add(b.stored, b.layer, 1, body[:2], func() { b.normalise(last, b.layer, b.stored) })
	}
	for i := range 2 {
		add(b.stored, nil, 1, back[:i+1], nil)
	}
	add(b.stored, out, 1, back, func() {})
	return all
}

// normalise scales and shifts the features x of a layer whose mean and variance are known,
// and adds them to sum, if that is not nil. Otherwise it puts the result into x.
func (b *Bands) normalise(l Layer, x, sum []float32) {
	affine, n := b.affine[l.Name], len(x)/l.Out
	for c := range l.Out {
		scale, shift := affine[c], affine[l.Out+c]
		part := x[c*n:][:n]
		for i, v := range part {
			v = float32(scale*v) + shift
			if l.ReLU {
				v = max(0, v)
			}
			if sum != nil {
				sum[c*n+i] += v
				continue
			}
			part[i] = v
		}
	}
}

// moments of the rows that were taken from the bands so far.
type moments struct {
	rows   []float64
	values [][]float32 // (2, c): mean and deviation, of each band
}

// affineOf returns the scales and shifts (2, c) that do what a normalisation with affine
// does, given the moments of the bands: their mean, and by Chan et al. (1979) the variance
// of the whole.
func (m *moments) affineOf(affine []float32) []float32 {
	c := len(affine) / 2
	out := make([]float32, 2*c)
	total := 0.0
	for _, n := range m.rows {
		total += n
	}
	for i := range c {
		var mean, variance float64
		for j, v := range m.values {
			mean += m.rows[j] / total * float64(v[i])
		}
		for j, v := range m.values {
			d := float64(v[i]) - mean
			variance += m.rows[j] / total * (float64(v[c+i])*float64(v[c+i]) + d*d)
		}
		scale := float64(affine[i]) / math.Sqrt(variance+op.NormEps)
		out[i], out[c+i] = float32(scale), float32(float64(affine[c+i])-scale*mean)
	}
	return out
}
