package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/vgg"
)

// painting is a painting as the training needs it.
type painting struct {
	descriptor []float32   // normalised
	grams      [][]float32 // [layer], in an orientation
	sizes      []float64   // [layer], see feedforward.Task
	colours    []float32
}

// bank keeps paintings that were measured, by orientation. A step adds one and draws the
// others of its batch.
type bank struct {
	device    exec.Device
	lesson    *feedforward.Lesson
	describer *feedforward.Describer
	paintings *pictures
	network   *feedforward.Universal // whose Centre and Spread normalise descriptors
	typical   []float64              // [layer]: the median of mean A²
	kept      [vgg.Orientations][]*painting
	room      int // of each orientation
}

// floor is the share of the median of mean A² that is added to that of a painting, so that
// paintings without texture have not all of the gradient.
const floor = 0.05

// fit measures how descriptors and Gram matrices are spread.
func (b *bank) fit(ctx context.Context, n int, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	var descriptors [][]float32
	sizes := make([][]float64, len(b.lesson.Style))
	for range n {
		p := b.random(r)
		d, err := b.describer.Describe(ctx, b.device, p.Pix, p.W, p.H, nil)
		if err != nil {
			return err
		}
		descriptors = append(descriptors, d)
		grams, err := b.lesson.MeasureStyle(ctx, b.device, p.Pix, p.W, p.H)
		if err != nil {
			return err
		}
		for i, g := range grams {
			sizes[i] = append(sizes[i], meanSquare(g))
		}
	}
	b.network.Centre, b.network.Spread = feedforward.Spread(descriptors)
	for i, s := range sizes {
		slices.Sort(s)
		b.typical[i] = s[len(s)/2]
	}
	return nil
}

// random returns a part of a painting in changed colours.
func (b *bank) random(r *rand.Rand) *imgio.Planar {
	p := pick(r, b.paintings.training).crop(r)
	augment(r, p, b.paintings.training)
	return p
}

// measure measures a painting whose Gram matrices are those in an orientation.
func (b *bank) measure(ctx context.Context, p *imgio.Planar, orientation int) (*painting, error) {
	d, err := b.describer.Describe(ctx, b.device, p.Pix, p.W, p.H, nil)
	if err != nil {
		return nil, err
	}
	feedforward.Normalise(d, b.network.Centre, b.network.Spread)
	turned := make([]float32, len(p.Pix))
	feedforward.OrientPicture(turned, p.Pix, p.W, p.H, orientation)
	w, h := p.W, p.H
	if orientation >= 4 {
		w, h = h, w
	}
	grams, err := b.lesson.MeasureStyle(ctx, b.device, turned, w, h)
	if err != nil {
		return nil, err
	}
	out := &painting{descriptor: d, grams: grams, colours: feedforward.Colours(p.Pix)}
	for i, g := range grams {
		out.sizes = append(out.sizes, meanSquare(g)+floor*b.typical[i])
	}
	return out, nil
}

// draw returns n paintings, at least one of them new.
func (b *bank) draw(ctx context.Context, r *rand.Rand, n, orientation int) ([]*painting, error) {
	kept := &b.kept[orientation]
	var out []*painting
	for len(out) < n {
		if len(out) > 0 && len(*kept) >= 2*n {
			p := (*kept)[r.IntN(len(*kept))]
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
			continue
		}
		p, err := b.measure(ctx, b.random(r), orientation)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		if len(*kept) < b.room {
			*kept = append(*kept, p)
		} else {
			(*kept)[r.IntN(b.room)] = p
		}
	}
	return out, nil
}

func meanSquare(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum / float64(len(x))
}

// norm returns the length of a vector.
func norm(x []float32) float64 { return math.Sqrt(meanSquare(x) * float64(len(x))) }
