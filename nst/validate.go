package nst

import (
	"encoding"
	"errors"
	"fmt"
	"math"

	"nst/vgg"
)

// OptionError is a setting that cannot be.
type OptionError struct {
	Field  string // of Options
	Value  any
	Reason string // what would do
}

// Error names the field, its value and what would do.
func (e *OptionError) Error() string {
	return fmt.Sprintf("nst: %s is %v: %s", e.Field, e.Value, e.Reason)
}

// Validate returns every setting that cannot be, joined; each is an
// [OptionError], or a [vgg.UnknownLayerError] for a layer that net lacks.
func (o *Options) Validate(net *vgg.Network) error {
	var errs []error
	bad := func(field string, value any, format string, a ...any) {
		errs = append(errs, &OptionError{field, value, fmt.Sprintf(format, a...)})
	}
	weight := func(field string, v float64) {
		if !(v >= 0) || math.IsInf(v, 0) {
			bad(field, v, "must be a number of 0 or more")
		}
	}
	word := func(field string, w encoding.TextMarshaler) {
		if _, err := w.MarshalText(); err != nil {
			bad(field, fmt.Sprintf("%q", w), "%v", err)
		}
	}
	if o.Size != OriginalSize && (o.Size < MinSize || o.Size > MaxSize) {
		bad("Size", o.Size, "must be between %d and %d pixels", MinSize, MaxSize)
	}
	if !(o.Objective.StyleScale >= MinStyleScale && o.Objective.StyleScale <= MaxStyleScale) {
		bad("Objective.StyleScale", o.Objective.StyleScale, "must be between %v and %v", MinStyleScale, MaxStyleScale)
	}
	if o.Schedule.MinScale < MinSize {
		bad("Schedule.MinScale", o.Schedule.MinScale, "must be %d pixels or more", MinSize)
	}
	if o.Schedule.Scales < 0 {
		bad("Schedule.Scales", o.Schedule.Scales, "must be 0 (as many as fit) or more")
	}
	if n := o.Schedule.Scales - 1; n > 0 && o.Size >= MinSize && scaled(o.Size, n) < MinSize {
		bad("Schedule.Scales", o.Schedule.Scales, "must be at most %d at this size, for the first to have %d pixels", countScales(o.Size, MinSize), MinSize)
	}
	weight("Objective.ContentWeight", o.Objective.ContentWeight)
	weight("Objective.StyleWeight", o.Objective.StyleWeight)
	weight("Objective.TVWeight", o.Objective.TVWeight)
	weight("Optimizer.LearningRate", o.Optimizer.LearningRate)
	weight("Optimizer.Epsilon", o.Optimizer.Epsilon)
	weight("Schedule.Tolerance", o.Schedule.Tolerance)
	for _, decay := range []struct {
		field string
		v     float64
	}{{"Optimizer.Beta2", o.Optimizer.Beta2}, {"Optimizer.Average", o.Optimizer.Average}} {
		if !(decay.v >= 0 && decay.v < 1) {
			bad(decay.field, decay.v, "must be 0 or more, and below 1")
		}
	}
	if o.Schedule.Time < 0 {
		bad("Schedule.Time", o.Schedule.Time, "must be 0 (no limit) or more")
	}
	if o.Schedule.FineIterations < 0 {
		bad("Schedule.FineIterations", o.Schedule.FineIterations, "must be 0 (a third of the first scale's, and all of them at the last) or more")
	}
	word("Objective.StyleMix", o.Objective.StyleMix)
	word("Objective.TVForm", o.Objective.TVForm)
	word("Objective.StyleLoss", o.Objective.StyleLoss)
	word("Objective.Pooling", o.Objective.Pooling)
	word("Objective.Preprocessing", o.Objective.Preprocessing)
	word("Objective.Padding", o.Objective.Padding)
	if o.Objective.Orientations < 0 || o.Objective.Orientations > vgg.Orientations {
		bad("Objective.Orientations", o.Objective.Orientations, "must be 0 (all that the network has) or 1 to %d", vgg.Orientations)
	}
	word("Optimizer.Method", o.Optimizer.Method)
	word("Schedule.Init", o.Schedule.Init)
	if o.Objective.NormalizeGradients && (o.Optimizer.Method == LBFGS || o.Optimizer.Method == LBFGSWolfe) {
		bad("Objective.NormalizeGradients", true, "cannot go with the optimizer %s, which compares losses", o.Optimizer.Method)
	}
	if o.Objective.NormalizeGradients && o.Schedule.Tolerance > 0 {
		bad("Objective.NormalizeGradients", true, "cannot go with a tolerance, which compares losses")
	}
	if o.Schedule.Iterations < 1 {
		bad("Schedule.Iterations", o.Schedule.Iterations, "must be 1 or more")
	}
	if o.Optimizer.History < 1 {
		bad("Optimizer.History", o.Optimizer.History, "must be 1 or more")
	}
	if o.Compute.Threads < 0 {
		bad("Compute.Threads", o.Compute.Threads, "must be 0 (all processors) or more")
	}
	word("Color", o.Color)
	word("Compute.Precision", o.Compute.Precision)
	switch kind, _, err := ParseDevice(o.Compute.Device); {
	case err != nil:
		bad("Compute.Device", fmt.Sprintf("%q", o.Compute.Device), "%v", err)
	case kind == DeviceCUDA && o.Objective.StyleLoss == StyleW2:
		bad("Objective.StyleLoss", o.Objective.StyleLoss, "has no kernels for a card")
	}
	layers := func(field string, ls []LayerWeight, on float64) {
		sum, seen := 0.0, map[string]bool{}
		for _, l := range ls {
			if _, err := net.Index(l.Layer); err != nil {
				errs = append(errs, err)
			}
			if seen[l.Layer] {
				bad(field, l.Layer, "is there twice")
			}
			seen[l.Layer] = true
			weight(field+" "+l.Layer, l.Weight)
			sum += l.Weight
		}
		if on > 0 && sum == 0 {
			bad(field, ls, "must name a layer with a weight above 0")
		}
	}
	layers("Objective.ContentLayers", o.Objective.ContentLayers, o.Objective.ContentWeight)
	layers("Objective.StyleLayers", o.Objective.StyleLayersOf(net), o.Objective.StyleWeight)
	if o.Objective.ContentWeight == 0 && o.Objective.StyleWeight == 0 {
		bad("Objective.StyleWeight", o.Objective.StyleWeight, "must not be 0 when the weight of the content is 0 too: nothing would be wanted of the picture")
	}
	return errors.Join(errs...)
}
