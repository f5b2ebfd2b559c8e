package nst

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

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
	word := func(field, v string, words []string) {
		if !slices.Contains(words, v) {
			bad(field, fmt.Sprintf("%q", v), "must be one of %s", strings.Join(words, ", "))
		}
	}
	if o.Size != OriginalSize && (o.Size < MinSize || o.Size > MaxSize) {
		bad("Size", o.Size, "must be between %d and %d pixels", MinSize, MaxSize)
	}
	if !(o.StyleScale >= MinStyleScale && o.StyleScale <= MaxStyleScale) {
		bad("StyleScale", o.StyleScale, "must be between %v and %v", MinStyleScale, MaxStyleScale)
	}
	if o.MinScale < MinSize {
		bad("MinScale", o.MinScale, "must be %d pixels or more", MinSize)
	}
	if o.Scales < 0 {
		bad("Scales", o.Scales, "must be 0 (as many as fit) or more")
	}
	if n := o.Scales - 1; n > 0 && o.Size >= MinSize && scaled(o.Size, n) < MinSize {
		bad("Scales", o.Scales, "must be at most %d at this size, for the first to have %d pixels", countScales(o.Size, MinSize), MinSize)
	}
	weight("ContentWeight", o.ContentWeight)
	weight("StyleWeight", o.StyleWeight)
	weight("TVWeight", o.TVWeight)
	weight("LearningRate", o.LearningRate)
	weight("Epsilon", o.Epsilon)
	weight("Tolerance", o.Tolerance)
	for _, decay := range []struct {
		field string
		v     float64
	}{{"Beta2", o.Beta2}, {"Average", o.Average}} {
		if !(decay.v >= 0 && decay.v < 1) {
			bad(decay.field, decay.v, "must be 0 or more, and below 1")
		}
	}
	if o.Time < 0 {
		bad("Time", o.Time, "must be 0 (no limit) or more")
	}
	if o.FineIterations < 0 {
		bad("FineIterations", o.FineIterations, "must be 0 (a third of the first scale's, and all of them at the last) or more")
	}
	word("StyleMix", o.StyleMix, StyleMixes())
	word("TVForm", o.TVForm, TVForms())
	word("StyleLoss", o.StyleLoss, StyleLosses())
	word("Pooling", o.Pooling, Poolings())
	word("Preprocessing", o.Preprocessing, Preprocessings())
	word("Padding", o.Padding, Paddings())
	if o.Views < 0 || o.Views > vgg.Views {
		bad("Views", o.Views, "must be 0 (all that the network has) or 1 to %d", vgg.Views)
	}
	word("Optimizer", o.Optimizer, Optimizers())
	word("Init", o.Init, Inits())
	if o.NormalizeGradients && (o.Optimizer == LBFGS || o.Optimizer == LBFGSWolfe) {
		bad("NormalizeGradients", true, "cannot go with the optimizer %s, which compares losses", o.Optimizer)
	}
	if o.NormalizeGradients && o.Tolerance > 0 {
		bad("NormalizeGradients", true, "cannot go with a tolerance, which compares losses")
	}
	if o.Iterations < 1 {
		bad("Iterations", o.Iterations, "must be 1 or more")
	}
	if o.History < 1 {
		bad("History", o.History, "must be 1 or more")
	}
	if o.Threads < 0 {
		bad("Threads", o.Threads, "must be 0 (all processors) or more")
	}
	word("Color", o.Color, Colours())
	word("Precision", o.Precision, Precisions())
	switch kind, _, err := ParseDevice(o.Device); {
	case err != nil:
		bad("Device", fmt.Sprintf("%q", o.Device), "%v", err)
	case kind == DeviceCUDA && o.StyleLoss == StyleW2:
		bad("StyleLoss", o.StyleLoss, "has no kernels for a card")
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
	layers("ContentLayers", o.ContentLayers, o.ContentWeight)
	layers("StyleLayers", o.StyleLayers, o.StyleWeight)
	if o.ContentWeight == 0 && o.StyleWeight == 0 {
		bad("StyleWeight", o.StyleWeight, "must not be 0 when the weight of the content is 0 too: nothing would be wanted of the picture")
	}
	return errors.Join(errs...)
}
