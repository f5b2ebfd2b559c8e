package nst

import (
	"encoding"
	"errors"
	"fmt"
	"math"

	"nst/vgg"
)

// OptionError is an option whose value is not allowed.
type OptionError struct {
	Field  string // of Options
	Value  any
	Reason string // what is allowed
}

// Error names the field and its value, and says what is allowed.
func (e *OptionError) Error() string {
	return fmt.Sprintf("nst: %s is %v: %s", e.Field, e.Value, e.Reason)
}

// Validate returns an error for every option that is not allowed, joined: an [OptionError],
// or a [vgg.UnknownLayerError] for a layer that net lacks.
func (o *Options) Validate(net *vgg.Network) error {
	var f faults
	if o.Size != OriginalSize && (o.Size < MinSize || o.Size > MaxSize) {
		f.add("Size", o.Size, "must be between %d and %d pixels", MinSize, MaxSize)
	}
	f.word("Color", o.Color)
	o.Objective.validate(net, &f)
	o.Schedule.validate(&f)
	o.Optimizer.validate(&f)
	o.Compute.validate(&f)
	o.validateTogether(&f)
	return errors.Join(f...)
}

// validateTogether adds what options of different groups say against each other.
func (o *Options) validateTogether(f *faults) {
	if n := o.Schedule.Scales - 1; n > 0 && o.Size >= MinSize && scaled(o.Size, n) < MinSize {
		f.add("Schedule.Scales", o.Schedule.Scales, "must be at most %d at this size, for the first to have %d pixels", countScales(o.Size, MinSize), MinSize)
	}
	if o.Objective.NormalizeGradients && (o.Optimizer.Method == LBFGS || o.Optimizer.Method == LBFGSWolfe) {
		f.add("Objective.NormalizeGradients", true, "cannot go with the optimizer %s, which compares losses", o.Optimizer.Method)
	}
	if every := o.Objective.MatchEvery; every > 0 && every < searchTurn && o.Optimizer.Method == LBFGSWolfe {
		f.add("Objective.MatchEvery", every, "must be 0 or at least %d with the optimizer %s: new matches end a line search", searchTurn, LBFGSWolfe)
	}
	if o.Objective.NormalizeGradients && o.Schedule.Tolerance > 0 {
		f.add("Objective.NormalizeGradients", true, "cannot go with a tolerance, which compares losses")
	}
	kind, _, _ := ParseDevice(o.Compute.Device)
	if kind == DeviceCUDA && o.Compute.Precision.halves() {
		f.add("Compute.Precision", o.Compute.Precision, "is only for the processor; a card has tf32 and fp32")
	}
	if kind == DeviceCPU && o.Compute.Precision == PrecisionTF32 {
		f.add("Compute.Precision", o.Compute.Precision, "is only for a card; the processor has fp32, mixed and bf16")
	}
	if kind == DeviceCUDA && o.Objective.StyleLoss.needsCPU() {
		f.add("Objective.StyleLoss", o.Objective.StyleLoss, "has no kernels for a card")
	}
}

func (o *Objective) validate(net *vgg.Network, f *faults) {
	f.weight("Objective.ContentWeight", o.ContentWeight)
	f.weight("Objective.StyleWeight", o.StyleWeight)
	f.weight("Objective.TVWeight", o.TVWeight)
	if o.ContentWeight == 0 && o.StyleWeight == 0 {
		f.add("Objective.StyleWeight", o.StyleWeight, "must not be 0 when the weight of the content is 0 too: the picture would have nothing to match")
	}
	f.layers("Objective.ContentLayers", o.ContentLayers, o.ContentWeight, net)
	f.layers("Objective.StyleLayers", o.StyleLayersOf(net), o.StyleWeight, net)
	if !(o.StyleScale >= MinStyleScale && o.StyleScale <= MaxStyleScale) {
		f.add("Objective.StyleScale", o.StyleScale, "must be between %v and %v", MinStyleScale, MaxStyleScale)
	}
	if !(o.Calm >= 0 && o.Calm <= 100) {
		f.add("Objective.Calm", o.Calm, "must be between 0 and 100")
	}
	if o.Calm > 0 && o.ContentWeight == 0 {
		f.add("Objective.Calm", o.Calm, "needs a content weight above 0, which holds the flat parts")
	}
	if o.Orientations < 0 || o.Orientations > vgg.Orientations {
		f.add("Objective.Orientations", o.Orientations, "must be 0 (all that the network has) or 1 to %d", vgg.Orientations)
	}
	if o.MatchEvery < 0 {
		f.add("Objective.MatchEvery", o.MatchEvery, "must be 0 (the usual number) or 1 or more")
	}
	if o.MatchEvery > 0 && !o.matches() {
		f.add("Objective.MatchEvery", o.MatchEvery, "is only for the style losses %s and %s", StyleNeighbours, StyleGramNeighbours)
	}
	f.word("Objective.StyleMix", o.StyleMix)
	f.word("Objective.TVForm", o.TVForm)
	f.word("Objective.StyleLoss", o.StyleLoss)
	f.word("Objective.Pooling", o.Pooling)
	f.word("Objective.Preprocessing", o.Preprocessing)
	f.word("Objective.Padding", o.Padding)
}

func (s *Schedule) validate(f *faults) {
	if s.Scales < 0 {
		f.add("Schedule.Scales", s.Scales, "must be 0 (as many as fit) or more")
	}
	if s.MinScale < MinSize {
		f.add("Schedule.MinScale", s.MinScale, "must be %d pixels or more", MinSize)
	}
	if s.Iterations < 1 {
		f.add("Schedule.Iterations", s.Iterations, "must be 1 or more")
	}
	if s.FineIterations < 0 {
		f.add("Schedule.FineIterations", s.FineIterations, "must be 0 (a third of the first scale's, and all of them at the last) or more")
	}
	if s.Time < 0 {
		f.add("Schedule.Time", s.Time, "must be 0 (no limit) or more")
	}
	f.weight("Schedule.Tolerance", s.Tolerance)
	f.word("Schedule.Init", s.Init)
}

func (o *Optimizer) validate(f *faults) {
	f.word("Optimizer.Method", o.Method)
	f.weight("Optimizer.LearningRate", o.LearningRate)
	f.decay("Optimizer.Beta2", o.Beta2)
	f.weight("Optimizer.Epsilon", o.Epsilon)
	f.decay("Optimizer.Average", o.Average)
	if o.History < 1 {
		f.add("Optimizer.History", o.History, "must be 1 or more")
	}
}

func (c *Compute) validate(f *faults) {
	if c.Threads < 0 {
		f.add("Compute.Threads", c.Threads, "must be 0 (all processors) or more")
	}
	f.word("Compute.Precision", c.Precision)
	if _, _, err := ParseDevice(c.Device); err != nil {
		f.add("Compute.Device", fmt.Sprintf("%q", c.Device), "%v", err)
	}
}

// faults are the errors that a validation has found.
type faults []error

// add adds an [OptionError].
func (f *faults) add(field string, value any, format string, a ...any) {
	*f = append(*f, &OptionError{field, value, fmt.Sprintf(format, a...)})
}

// weight requires a finite number of 0 or more.
func (f *faults) weight(field string, v float64) {
	if !(v >= 0) || math.IsInf(v, 0) {
		f.add(field, v, "must be a number of 0 or more")
	}
}

// decay requires a number in [0, 1).
func (f *faults) decay(field string, v float64) {
	if !(v >= 0 && v < 1) {
		f.add(field, v, "must be 0 or more, and below 1")
	}
}

// word requires one of the words of its type.
func (f *faults) word(field string, w encoding.TextMarshaler) {
	if _, err := w.MarshalText(); err != nil {
		f.add(field, fmt.Sprintf("%q", w), "%v", err)
	}
}

// layers requires layers of net, each once, and a weight above 0 among them if the loss has
// a weight.
func (f *faults) layers(field string, layers []LayerWeight, weight float64, net *vgg.Network) {
	sum, seen := 0.0, map[string]bool{}
	for _, l := range layers {
		if _, err := net.Index(l.Layer); err != nil {
			*f = append(*f, err)
		}
		if seen[l.Layer] {
			f.add(field, l.Layer, "is there twice")
		}
		seen[l.Layer] = true
		f.weight(field+" "+l.Layer, l.Weight)
		sum += l.Weight
	}
	if weight > 0 && sum == 0 {
		f.add(field, layers, "must name a layer with a weight above 0")
	}
}
