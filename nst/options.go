package nst

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"nst/vgg"
)

// Options says how a picture is painted. Start from [DefaultOptions]; a zero
// value is not a default, since 0 is a weight that somebody may want.
type Options struct {
	// Size is the longest side of the result in pixels, 16 to 16384. The content
	// picture is scaled to it, styles are scaled down to it but never up.
	Size int

	// ContentWeight and StyleWeight are alpha and beta of Gatys et al. (2016),
	// equation 7, over losses that are means; TVWeight belongs to the total
	// variation, measured in 8-bit levels. Each is 0 or more, and content and
	// style not both 0.
	ContentWeight, StyleWeight, TVWeight float64

	// ContentLayers and StyleLayers are the taps. The loss of a content layer
	// counts with its weight; that of a style layer with its weight over c², c
	// being its channels, which is what Gatys' own program uses.
	ContentLayers, StyleLayers []LayerWeight

	// Pooling is max, as VGG was trained, or avg.
	Pooling string

	// Iterations is the number of evaluations of loss and gradient, 1 or more.
	Iterations int

	// Optimizer is lbfgs or adam.
	Optimizer string

	// LearningRate is the step of the optimiser: for adam in 8-bit levels an
	// iteration, for lbfgs a factor of its own step. 0 takes the usual one: 10
	// for adam, 1 for lbfgs.
	LearningRate float64

	// History is the number of pairs that lbfgs remembers, 1 or more; each takes
	// 24 bytes a pixel.
	History int

	// Tolerance ends the run when the loss has fallen by less than this fraction
	// over the last ten iterations; 0 never does.
	Tolerance float64

	// Init is what the picture starts as: content, noise, or image, which is
	// then given to [Transfer.Run].
	Init string

	// Seed is the start of the random numbers of Init noise. One seed gives one
	// picture, byte for byte, whatever the number of threads.
	Seed uint64

	// Threads is the number of processors used; 0 takes all there are.
	Threads int
}

// LayerWeight is a layer of the network with the weight of its loss.
type LayerWeight struct {
	Layer  string  // as in relu4_2
	Weight float64 // 0 or more
}

// The words that options take.
const (
	LBFGS = "lbfgs"
	Adam  = "adam"

	InitContent = "content"
	InitNoise   = "noise"
	InitImage   = "image"

	PoolMax = "max"
	PoolAvg = "avg"
)

// Optimizers, Inits and Poolings list the words that the options of those names
// take.
func Optimizers() []string { return []string{LBFGS, Adam} }

// Inits lists the ways to start; see [Optimizers].
func Inits() []string { return []string{InitContent, InitNoise, InitImage} }

// Poolings lists the poolings; see [Optimizers].
func Poolings() []string { return []string{PoolMax, PoolAvg} }

// Limits of Options.Size in pixels.
const (
	MinSize = 16
	MaxSize = 16384
)

// DefaultOptions returns the settings of Gatys' own program, relu4_2 for content,
// the first layer of each block for style, L-BFGS from the content, but for the
// content weight: 1 there, 5 here, which keeps the photograph recognisable where
// the painting has strong shapes of its own.
func DefaultOptions() Options {
	return Options{
		Size:          512,
		ContentWeight: 5,
		StyleWeight:   1000,
		ContentLayers: []LayerWeight{{"relu4_2", 1}},
		StyleLayers:   []LayerWeight{{"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}, {"relu4_1", 1}, {"relu5_1", 1}},
		Pooling:       PoolMax,
		Iterations:    300,
		Optimizer:     LBFGS,
		History:       100,
		Init:          InitContent,
	}
}

// OptionError is a setting that cannot be.
type OptionError struct {
	Field  string // of Options
	Value  any
	Reason string // what would do
}

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
	if o.Size < MinSize || o.Size > MaxSize {
		bad("Size", o.Size, "must be between %d and %d pixels", MinSize, MaxSize)
	}
	weight("ContentWeight", o.ContentWeight)
	weight("StyleWeight", o.StyleWeight)
	weight("TVWeight", o.TVWeight)
	weight("LearningRate", o.LearningRate)
	weight("Tolerance", o.Tolerance)
	word("Pooling", o.Pooling, Poolings())
	word("Optimizer", o.Optimizer, Optimizers())
	word("Init", o.Init, Inits())
	if o.Iterations < 1 {
		bad("Iterations", o.Iterations, "must be 1 or more")
	}
	if o.History < 1 {
		bad("History", o.History, "must be 1 or more")
	}
	if o.Threads < 0 {
		bad("Threads", o.Threads, "must be 0 (all processors) or more")
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
		bad("StyleWeight", o.StyleWeight, "must not be 0 when ContentWeight is 0 too")
	}
	return errors.Join(errs...)
}
