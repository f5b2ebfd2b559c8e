package instant

import (
	"errors"
	"fmt"
	"math"

	"nst/nst"
)

// Options say how a network is taught. Start from [DefaultOptions].
type Options struct {
	// Widths are the channels at full, half and quarter resolution, 4 to 256 each; Blocks is
	// the number of residual blocks at quarter resolution, 0 to 16.
	Widths [3]int
	Blocks int

	// ContentWeight, StyleWeight and TVWeight are the weights of the [Terms]. Each
	// is 0 or more; content and style cannot both be 0.
	ContentWeight, StyleWeight, TVWeight float64

	// Size is the width and height of the parts of photographs that the network is taught
	// with, in pixels: a multiple of 16 from 64 to 1024. Batch is their number in a step, 1
	// to 16.
	Size, Batch int

	// StyleSize is the longest side in pixels that style pictures are scaled down to, 64 to
	// 4096. A larger one gives smaller strokes.
	StyleSize int

	// Steps is the number of steps, 1 or more. The learning rate falls over them along a
	// cosine, from LearningRate, which is above 0, to a hundredth of it.
	Steps        int
	LearningRate float64

	// Seed chooses the first parameters and the parts of photographs. The same seed gives the
	// same bytes, whatever the number of threads.
	Seed uint64

	// Threads is the number of threads of the processor; 0 takes all.
	Threads int
}

// DefaultOptions returns the settings with which docs/instant.md was made. A step takes a
// fraction of a second on two cores.
func DefaultOptions() Options {
	return Options{
		Widths: [3]int{16, 32, 64}, Blocks: 4,
		ContentWeight: 1, StyleWeight: 10, TVWeight: 0.5,
		Size: 256, Batch: 2, StyleSize: 512,
		Steps: 4000, LearningRate: 2e-3,
		Seed: 1,
	}
}

// Validate returns a [nst.OptionError] for every option that is not allowed, joined.
func (o *Options) Validate() error {
	var errs []error
	check := func(ok bool, field string, value any, reason string) {
		if !ok {
			errs = append(errs, &nst.OptionError{Field: field, Value: value, Reason: reason})
		}
	}
	weight := func(w float64) bool { return w >= 0 && !math.IsInf(w, 0) }
	for i, w := range o.Widths {
		check(w >= 4 && w <= 256, fmt.Sprintf("Widths[%d]", i), w, "must be 4 to 256")
	}
	check(o.Blocks >= 0 && o.Blocks <= 16, "Blocks", o.Blocks, "must be 0 to 16")
	check(weight(o.ContentWeight), "ContentWeight", o.ContentWeight, "must be 0 or more")
	check(weight(o.StyleWeight), "StyleWeight", o.StyleWeight, "must be 0 or more")
	check(weight(o.TVWeight), "TVWeight", o.TVWeight, "must be 0 or more")
	check(o.ContentWeight > 0 || o.StyleWeight > 0, "StyleWeight", o.StyleWeight, "must be above 0 where ContentWeight is 0")
	check(o.Size%16 == 0 && o.Size >= 64 && o.Size <= 1024, "Size", o.Size, "must be a multiple of 16 from 64 to 1024")
	check(o.Batch >= 1 && o.Batch <= 16, "Batch", o.Batch, "must be 1 to 16")
	check(o.StyleSize >= 64 && o.StyleSize <= 4096, "StyleSize", o.StyleSize, "must be 64 to 4096")
	check(o.Steps >= 1, "Steps", o.Steps, "must be 1 or more")
	check(o.LearningRate > 0 && !math.IsInf(o.LearningRate, 0), "LearningRate", o.LearningRate, "must be a finite number above 0")
	check(o.Threads >= 0 && o.Threads <= 1024, "Threads", o.Threads, "must be 0 to 1024")
	return errors.Join(errs...)
}

// rate is the learning rate of a step, from 0.
func (o *Options) rate(step int) float64 {
	const last = 0.01
	fall := 0.5 * (1 + math.Cos(math.Pi*float64(step)/float64(o.Steps)))
	return o.LearningRate * (last + (1-last)*fall)
}
