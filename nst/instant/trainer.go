package instant

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/internal/optim"
	"nst/nst"
	"nst/vgg"
)

// Style is a style to teach: a painting, and what is known of it.
type Style struct {
	StyleInfo
	Picture *imgio.Planar
}

// Terms are the terms of the objective, means over pictures, before they are weighted.
type Terms = feedforward.Terms

// ErrDiverged is matched by the error of [Trainer.Step] if a loss or a gradient is not finite.
// A lower learning rate helps.
var ErrDiverged = optim.ErrNotFinite

// Trainer teaches a network. Only one of its methods may be called at a time.
type Trainer struct {
	options Options
	loss    *vgg.Weights
	styles  []Style
	photos  *Photos
	device  *exec.CPU
	teacher *feedforward.Teacher
	targets [vgg.Orientations]feedforward.Targets
	turns   int // orientations in use

	adam             *optim.Adam
	step             int
	params, gradient []float32
	batch            []feedforward.Example
}

// NewTrainer prepares to teach a network styles with photographs. weights are those of the
// loss network; they must not be changed afterwards. Close frees the trainer.
//
// The error is what [Options.Validate] or [vgg.Weights.Check] finds, matches [nst.ErrBlind], or is that of ctx.
func NewTrainer(ctx context.Context, weights *vgg.Weights, o Options, styles []Style, photos *Photos) (*Trainer, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if err := weights.Check(); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	if len(styles) == 0 {
		return nil, errors.New("nst: no style to teach")
	}
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	d, err := exec.OpenCPU(o.Threads, os.Getenv)
	if err != nil {
		return nil, err
	}
	t := &Trainer{options: o, loss: weights, styles: styles, photos: photos, device: d}
	if err := t.prepare(ctx); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// prepare measures the targets and makes the first parameters.
func (t *Trainer) prepare(ctx context.Context) (err error) {
	o := &t.options
	l := t.lesson()
	if err := t.measure(ctx, l); err != nil {
		return err
	}
	if err := t.openTeacher(); err != nil {
		return err
	}
	t.params = l.Init(len(t.styles), o.Seed)
	t.gradient = make([]float32, len(t.params))
	adam := optim.DefaultAdam()
	adam.LR = o.LearningRate
	if t.adam, err = optim.NewAdam(len(t.params), adam, t.device.Vectors()); err != nil {
		return err
	}
	t.batch = make([]feedforward.Example, o.Batch)
	for i := range t.batch {
		t.batch[i].Photo = make([]float32, 3*o.Size*o.Size)
	}
	return nil
}

// openTeacher makes the teacher unless there is one: Compare frees it.
func (t *Trainer) openTeacher() (err error) {
	if t.teacher == nil {
		t.teacher, err = feedforward.NewTeacher(t.device, t.lesson())
	}
	return err
}

// closeTeacher frees the teacher and its memory.
func (t *Trainer) closeTeacher() {
	if t.teacher != nil {
		t.teacher.Close()
		t.teacher = nil
	}
	t.device.Trim()
}

// lesson is what the options say, for the layers of the loss network.
func (t *Trainer) lesson() feedforward.Lesson {
	o := &t.options
	l := feedforward.Lesson{
		Architecture: feedforward.Architecture{Widths: o.Widths, Blocks: o.Blocks},
		Loss:         t.loss, Content: "relu4_2",
		Batch: o.Batch, Size: o.Size,
		ContentWeight: o.ContentWeight, StyleWeight: o.StyleWeight, TVWeight: o.TVWeight,
	}
	for i, weight := range styleWeights {
		l.Style = append(l.Style, vgg.StyleLayer{Layer: t.loss.Network.StyleLayers[i].Layer, Weight: weight})
	}
	return l
}

// styleWeights are the shares of the first style layers in the style term, which is relative
// to the size of each Gram matrix. The fourth has most, as it has nearly all in
// the objective of package nst.
var styleWeights = [...]float64{0.15, 0.15, 0.15, 0.55}

// contentPhotos is how many photographs say how large the features of photographs are.
const contentPhotos = 8

// measure measures what the features of painted pictures are compared with.
func (t *Trainer) measure(ctx context.Context, l feedforward.Lesson) error {
	o := &t.options
	t.turns = 1
	if len(t.loss.Projections) > 0 {
		t.turns = vgg.Orientations
	}
	photo := make([]float32, 3*o.Size*o.Size)
	var content float64
	n := min(contentPhotos, t.photos.Training())
	for i := range n {
		t.photos.middle(i, photo, o.Size)
		mean, err := l.MeasureContent(ctx, t.device, photo, o.Size, o.Size)
		if err != nil {
			return err
		}
		content += mean / float64(n)
	}
	if blind(content) {
		return fmt.Errorf("nst: photographs at %s: %w", l.Content, nst.ErrBlind)
	}
	for turn := range t.turns {
		t.targets[turn].Content = content
		for _, s := range t.styles {
			p := s.Picture
			if w, h := imgio.FitLongest(p.W, p.H, o.StyleSize); w < p.W {
				p = p.Resize(w, h)
			}
			w, h := p.W, p.H
			turned := make([]float32, len(p.Pix))
			feedforward.OrientPicture(turned, p.Pix, w, h, turn)
			if turn >= 4 {
				w, h = h, w
			}
			grams, err := l.MeasureStyle(ctx, t.device, turned, w, h)
			if err != nil {
				return fmt.Errorf("nst: style %s: %w", s.Name, err)
			}
			for i, gram := range grams {
				if blind(feedforward.MeanSquare(gram)) {
					return fmt.Errorf("nst: style %s at %s: %w", s.Name, l.Style[i].Layer, nst.ErrBlind)
				}
			}
			t.targets[turn].Grams = append(t.targets[turn].Grams, grams)
		}
	}
	return nil
}

// blind reports whether a mean square is so small that a term cannot be divided by it.
func blind(size float64) bool { return math.IsInf(float64(float32(1/size)), 1) }

// Step takes one step of Adam on a batch of photographs, and returns its losses before the
// step. It computes the same after every [Trainer.Restore] of the same state.
func (t *Trainer) Step(ctx context.Context) (Terms, error) {
	if err := t.openTeacher(); err != nil {
		return Terms{}, err
	}
	r := rand.New(rand.NewPCG(t.options.Seed, uint64(t.step)))
	for i := range t.batch {
		t.photos.random(r, t.batch[i].Photo, t.options.Size)
		t.batch[i].Style = (t.step*len(t.batch) + i) % len(t.styles)
	}
	turn := r.IntN(t.turns)
	l, err := t.teacher.Step(ctx, t.params, t.gradient, t.batch, turn, t.targets[turn])
	if err != nil {
		return Terms{}, err
	}
	t.adam.SetRate(t.options.rate(t.step))
	if err := t.adam.Step(t.params, t.gradient, t.total(l)); err != nil {
		return l, fmt.Errorf("nst: step %d: %w", t.step+1, err)
	}
	t.step++
	return l, nil
}

// total is the objective.
func (t *Trainer) total(l Terms) float64 {
	o := &t.options
	return o.ContentWeight*l.Content + o.StyleWeight*l.Style + o.TVWeight*l.TV
}

// Steps returns how many steps have been taken.
func (t *Trainer) Steps() int { return t.step }

// Planned returns how many steps the training has.
func (t *Trainer) Planned() int { return t.options.Steps }

// Done reports whether all steps have been taken.
func (t *Trainer) Done() bool { return t.step >= t.options.Steps }

// Validate returns the mean losses of a style over the photographs that are held back.
func (t *Trainer) Validate(ctx context.Context, style int) (mean Terms, err error) {
	if err := t.openTeacher(); err != nil {
		return mean, err
	}
	n := t.photos.Validation()
	rounds := (n + len(t.batch) - 1) / len(t.batch)
	for round := range rounds {
		for i := range t.batch {
			at := (round*len(t.batch) + i) % n
			t.photos.middle(t.photos.Training()+at, t.batch[i].Photo, t.options.Size)
			t.batch[i].Style = style
		}
		l, err := t.teacher.Step(ctx, t.params, nil, t.batch, 0, t.targets[0])
		if err != nil {
			return Terms{}, err
		}
		mean.Content += l.Content / float64(rounds)
		mean.Style += l.Style / float64(rounds)
		mean.TV += l.TV / float64(rounds)
	}
	return mean, nil
}

// Close frees what the trainer holds.
func (t *Trainer) Close() error {
	t.closeTeacher()
	return t.device.Close()
}
