package instant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"nst/imgio"
	"nst/internal/feedforward"
	"nst/internal/optim"
	"nst/nst"
	"nst/vgg"
)

// The keys of the metadata of a checkpoint: what must be the same when a training goes on.
const (
	keyOptions = "options"
	keyNetwork = "network"
	keyPhotos  = "photographs"
)

// ResumeError tells that a checkpoint was made with other settings, styles or photographs.
type ResumeError struct {
	What      string // that differs, such as StyleWeight
	Was, Want any    // in the checkpoint, and now; nil where they have no short form
}

// Error names what differs.
func (e *ResumeError) Error() string {
	if e.Was == nil {
		return fmt.Sprintf("nst: the training began with other %s", e.What)
	}
	return fmt.Sprintf("nst: the training began with %s %v, not %v", e.What, e.Was, e.Want)
}

// Model returns the network as it is taught so far. It does not change with later steps.
func (t *Trainer) Model() *Model {
	m := &feedforward.Model{
		Architecture: t.lesson().Architecture, Params: slices.Clone(t.params),
		Training: t.Training(),
	}
	for _, s := range t.styles {
		m.Styles = append(m.Styles, s.StyleInfo)
	}
	return newModel(m)
}

// Training returns what the network is taught with. Time and program are left out.
func (t *Trainer) Training() Training {
	o := &t.options
	return Training{
		Network: t.loss.Network.Name, ContentWeight: o.ContentWeight, StyleWeight: o.StyleWeight, TVWeight: o.TVWeight,
		Size: o.Size, Batch: o.Batch, Steps: t.step, Photographs: t.photos.Training(), Seed: o.Seed,
	}
}

// Checkpoint saves the training to a file, which appears whole or not at all. [Resume] goes
// on from there and comes to the same bytes as without a break.
func (t *Trainer) Checkpoint(path string) error {
	meta, err := t.metadata()
	if err != nil {
		return err
	}
	c := &feedforward.Checkpoint{Model: t.Model().network, Steps: t.step, Vectors: t.adam.State().Vectors, Meta: meta}
	return c.Save(path)
}

// metadata is what must be the same when the training goes on.
func (t *Trainer) metadata() (map[string]string, error) {
	o := t.options
	o.Threads = 0 // changes nothing
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("nst: options of the training: %w", err)
	}
	return map[string]string{
		keyOptions: string(options), keyNetwork: t.loss.Network.Name, keyPhotos: t.photos.digest(),
	}, nil
}

// Resume goes on with a training from a checkpoint. Everything but Options.Threads must be
// as it was: else the error is a [ResumeError]. Other errors are those of [NewTrainer], or
// tell that the file is no checkpoint.
//
// Steps of the options may be 0, which takes the number of the checkpoint.
func Resume(ctx context.Context, weights *vgg.Weights, o Options, styles []Style, photos *Photos, path string) (*Trainer, error) {
	c, err := feedforward.LoadCheckpoint(path)
	if err != nil {
		return nil, err
	}
	var was Options
	if err := json.Unmarshal([]byte(c.Meta[keyOptions]), &was); err != nil {
		return nil, fmt.Errorf("nst: options of the training in %q: %w", path, err)
	}
	if o.Steps == 0 {
		o.Steps = was.Steps
	}
	if err := was.same(o); err != nil {
		return nil, err
	}
	t, err := NewTrainer(ctx, weights, o, styles, photos)
	if err != nil {
		return nil, err
	}
	if err := t.restore(c); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// same returns a [ResumeError] for the first option that differs.
func (o Options) same(now Options) error {
	for _, f := range []struct {
		name     string
		was, now any
	}{
		{"Widths", o.Widths, now.Widths},
		{"Blocks", o.Blocks, now.Blocks},
		{"ContentWeight", o.ContentWeight, now.ContentWeight},
		{"StyleWeight", o.StyleWeight, now.StyleWeight},
		{"TVWeight", o.TVWeight, now.TVWeight},
		{"Size", o.Size, now.Size},
		{"Batch", o.Batch, now.Batch},
		{"StyleSize", o.StyleSize, now.StyleSize},
		{"Steps", o.Steps, now.Steps},
		{"LearningRate", o.LearningRate, now.LearningRate},
		{"Seed", o.Seed, now.Seed},
	} {
		if f.was != f.now {
			return &ResumeError{f.name, f.was, f.now}
		}
	}
	return nil
}

// restore takes over the state of a checkpoint.
func (t *Trainer) restore(c *feedforward.Checkpoint) error {
	if c.Meta[keyNetwork] != t.loss.Network.Name {
		return &ResumeError{"network", c.Meta[keyNetwork], t.loss.Network.Name}
	}
	if c.Meta[keyPhotos] != t.photos.digest() {
		return &ResumeError{What: "photographs"}
	}
	if !slices.Equal(c.Model.Styles, t.Model().network.Styles) {
		return &ResumeError{What: "styles"}
	}
	if len(c.Model.Params) != len(t.params) {
		return &ResumeError{What: "parameters"}
	}
	copy(t.params, c.Model.Params)
	t.step = c.Steps
	return t.adam.Restore(optim.State{Method: "adam", Steps: c.Steps, Vectors: c.Vectors})
}

// From starts from the parameters of a model, in place of random ones, before the first
// step: to teach it other styles or to teach it longer. Styles of the model by the same name
// keep their scales and shifts; others start from the mean of all. The error is a
// [nst.OptionError] if the model has other widths or blocks.
func (t *Trainer) From(m *Model) error {
	a := t.lesson().Architecture
	if n := m.network; n.Architecture != a {
		return &nst.OptionError{
			Field: "Widths", Value: fmt.Sprintf("%v with %d blocks", a.Widths, a.Blocks),
			Reason: fmt.Sprintf("the model has %v with %d blocks", n.Widths, n.Blocks),
		}
	}
	all := make([]float64, len(m.network.Styles))
	for i := range all {
		all[i] = 1
	}
	mean, err := m.network.Blend(all)
	if err != nil {
		return err
	}
	copy(t.params, m.network.SharedParams())
	for i, s := range t.styles {
		from := mean
		if j, err := m.Index(s.Name); err == nil {
			from = m.network.StyleParams(j)
		}
		copy(t.params[a.Shared()+i*a.PerStyle():], from)
	}
	return nil
}

// SetSteps changes Options.Steps. The learning rate of later steps follows the new number.
// If it changes after the first steps, another number of steps before the change gives
// another network.
func (t *Trainer) SetSteps(n int) { t.options.Steps = max(n, t.step) }

// Sample paints a picture with the network as it is, in one style.
func (t *Trainer) Sample(ctx context.Context, content *imgio.Planar, style int) (*imgio.Planar, error) {
	a := t.lesson().Architecture
	e := &engine{device: t.device}
	defer e.closePainter()
	return e.onePass(ctx, a, t.params[:a.Shared()], t.params[a.Shared()+style*a.PerStyle():][:a.PerStyle()], content)
}

// digest identifies the photographs.
func (s *Photos) digest() string {
	h := sha256.New()
	for _, p := range s.photos {
		fmt.Fprintln(h, p.w, p.h)
		h.Write(p.pix)
	}
	return hex.EncodeToString(h.Sum(nil))
}
