package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/internal/optim"
	"nst/vgg"
)

// settings say how the network is taught.
type settings struct {
	size, batch, steps int
	sample             int // paintings that say how descriptors are spread
	content, style, tv float64
	colour             float64 // within the style term
	rate               float64
	seed               uint64
}

// trainer teaches the network.
type trainer struct {
	settings
	photos    *pictures
	bank      *bank
	teacher   *feedforward.Teacher
	network   *feedforward.Universal
	mean      float64 // of the squared features of photographs
	adam      *optim.Adam
	gradient  []float32
	average   []float32 // running mean of the parameters
	step      int
	seconds   float64            // that the steps took
	reached   feedforward.Losses // of late
	length    float64            // running mean of the gradient's length
	tasks     []feedforward.Task
	runs      []*feedforward.Prediction
	validated []*painting
}

// newTrainer prepares a training that start begins, or resume.
func newTrainer(d *exec.CPU, slim *vgg.Weights, s settings, photos, paintings *pictures) (*trainer, error) {
	l := &feedforward.Lesson{
		Architecture: feedforward.DefaultArchitecture(), Loss: slim, Content: "relu4_2",
		Batch: s.batch, Size: s.size,
		ContentWeight: s.content, StyleWeight: s.style, TVWeight: s.tv, ColourWeight: s.colour,
	}
	for i, weight := range [...]float64{0.15, 0.15, 0.15, 0.55} {
		l.Style = append(l.Style, vgg.StyleLayer{Layer: slim.Network.StyleLayers[i].Layer, Weight: weight})
	}
	describer, err := feedforward.NewDescriber(slim)
	if err != nil {
		return nil, err
	}
	t := &trainer{settings: s, photos: photos}
	t.bank = &bank{device: d, lesson: l, describer: describer, paintings: paintings, room: 200}
	n := feedforward.DescriptorLen
	t.network = feedforward.NewUniversal(l.Architecture, make([]float32, n), make([]float32, n), s.seed)
	t.bank.network, t.bank.typical = t.network, make([]float64, len(l.Style))
	if t.teacher, err = feedforward.NewTeacher(d, *l); err != nil {
		return nil, err
	}
	n = len(t.network.Params)
	if t.adam, err = optim.NewAdam(n, optim.DefaultAdam(), d.Vectors()); err != nil {
		return nil, err
	}
	t.gradient, t.average = make([]float32, n), make([]float32, n)
	t.tasks = make([]feedforward.Task, s.batch)
	for i := range t.tasks {
		t.tasks[i].Gradient = make([]float32, l.PerStyle())
		t.runs = append(t.runs, t.network.Predictor().NewPrediction())
	}
	return t, nil
}

// start measures pictures, before the first step.
func (t *trainer) start(ctx context.Context) error {
	if err := t.bank.fit(ctx, t.sample, t.seed); err != nil {
		return err
	}
	const sample = 10
	for i := range sample {
		p := t.photos.training[i*len(t.photos.training)/sample].middle(t.size)
		m, err := t.bank.lesson.MeasureContent(ctx, t.bank.device, p.Pix, p.W, p.H)
		if err != nil {
			return err
		}
		t.mean += m / sample
	}
	return nil
}

// Step takes a step and returns its terms.
func (t *trainer) Step(ctx context.Context) (feedforward.Terms, error) {
	r := rand.New(rand.NewPCG(t.seed, 1000+uint64(t.step)))
	orientation := r.IntN(vgg.Orientations)
	paintings, err := t.bank.draw(ctx, r, t.batch, orientation)
	if err != nil {
		return feedforward.Terms{}, err
	}
	for i := range t.tasks {
		t.tasks[i].Photo = t.photograph(r)
	}
	terms, err := t.losses(ctx, t.network.Params, t.gradient, paintings, orientation)
	if err != nil {
		return terms, err
	}
	t.shorten()
	t.adam.SetRate(t.rateNow())
	total := t.content*terms.Content + t.style*terms.Style + t.tv*terms.TV
	if err := t.adam.Step(t.network.Params, t.gradient, total); err != nil {
		return terms, fmt.Errorf("step %d: %w", t.step+1, err)
	}
	t.step++
	keep := float32(min(0.999, float64(t.step)/float64(t.step+10)))
	for i, v := range t.network.Params {
		t.average[i] = float32(keep*t.average[i]) + float32((1-keep)*v)
	}
	return terms, nil
}

// photograph returns a part of a photograph, or in a quarter of the cases of a painting.
func (t *trainer) photograph(r *rand.Rand) []float32 {
	from := t.photos.training
	if r.IntN(4) == 0 {
		from = t.bank.paintings.training
	}
	p := pick(r, from).square(r, t.size, max(t.size, 224), 480)
	if r.IntN(2) == 1 {
		jitterBy(r, p, 0.3)
	}
	return p.Pix
}

// losses computes the terms of the photographs of t.tasks in the styles of paintings. Unless
// gradient is nil, it gets the gradient to params.
func (t *trainer) losses(ctx context.Context, params, gradient []float32, paintings []*painting, orientation int) (feedforward.Terms, error) {
	shared := t.network.Shared()
	for i, p := range paintings {
		task := &t.tasks[i]
		task.Norms = t.runs[i].Run(params[shared:], p.descriptor)
		task.Grams, task.Sizes, task.Colours = p.grams, p.sizes, p.colours
	}
	terms, err := t.teacher.StepTasks(ctx, params, gradient, t.tasks, orientation, t.mean)
	if err != nil || gradient == nil {
		return terms, err
	}
	clear(gradient[shared:])
	for i := range paintings {
		t.runs[i].Add(gradient[shared:], params[shared:], t.tasks[i].Gradient)
	}
	return terms, nil
}

// shorten shortens the gradient where it is more than twice as long as it has been of late,
// so that no painting upsets the others.
func (t *trainer) shorten() {
	const settled = 20
	length := norm(t.gradient)
	if limit := 2 * t.length; t.step >= settled && length > limit {
		factor := float32(limit / length)
		for i := range t.gradient {
			t.gradient[i] *= factor
		}
		length = limit
	}
	keep := min(0.98, float64(t.step)/float64(t.step+1))
	t.length = keep*t.length + (1-keep)*length
}

// rateNow is the learning rate: it rises over 100 steps and falls along a cosine to a
// hundredth.
func (t *trainer) rateNow() float64 {
	const rise, last = 100, 0.01
	fall := 0.5 * (1 + math.Cos(math.Pi*float64(t.step)/float64(t.steps)))
	return t.rate * min(1, float64(t.step+1)/rise) * (last + (1-last)*fall)
}

// validate returns the mean terms of the running mean over 16 held back paintings, each with
// a held back photograph.
func (t *trainer) validate(ctx context.Context) (mean feedforward.Terms, err error) {
	const pairs = 16
	for len(t.validated) < pairs {
		held := t.bank.paintings.held
		p, err := t.bank.measure(ctx, held[len(t.validated)*len(held)/pairs].whole(400), 0)
		if err != nil {
			return mean, err
		}
		t.validated = append(t.validated, p)
	}
	rounds := pairs / t.batch
	for round := range rounds {
		from := round * t.batch
		for i := range t.tasks {
			t.tasks[i].Photo = t.photos.held[(from+i)%len(t.photos.held)].middle(t.size).Pix
		}
		terms, err := t.losses(ctx, t.average, nil, t.validated[from:from+t.batch], 0)
		if err != nil {
			return mean, err
		}
		mean.Content += terms.Content / float64(rounds)
		mean.Style += terms.Style / float64(rounds)
		mean.TV += terms.TV / float64(rounds)
	}
	return mean, nil
}
