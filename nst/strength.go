package nst

import (
	"math"
	"slices"

	"nst/vgg"
)

// middle is the ratio of StyleWeight to ContentWeight in the default options.
const middle = 20

// step is a strength, and the ratio of StyleWeight to ContentWeight that it stands for.
type step struct{ strength, ratio float64 }

// strengths returns the steps of a network, from 0 to 100. They are measured so that equal
// differences of strength multiply the style loss that is left by the same factor, down to
// where further weight changes nothing; see docs/notes/strength.md. The style weighs more in
// slim, because its style layers have weights of their own.
func strengths(net *vgg.Network) []step {
	if net != nil && net.Name == vgg.EmbeddedName {
		return []step{
			{0, 0.0001},
			{10, 0.0024},
			{20, 0.0062},
			{30, 0.015},
			{40, 0.031},
			{50, 0.066},
			{60, 0.165},
			{70, 0.5},
			{80, 1.3},
			{90, 7.5},
			{95, middle},
			{100, 100},
		}
	}
	return []step{
		{0, 0.003},
		{10, 0.0724},
		{20, 0.22},
		{30, 0.47},
		{40, 1.01},
		{50, 2.25},
		{60, 4.88},
		{70, 11.6},
		{75, middle},
		{80, 37.4},
		{90, 180},
		{100, 1000},
	}
}

// SetStrength sets StyleWeight to a multiple of ContentWeight, which must be above 0, for a
// strength of the style with the network net; nil is VGG-19. 0 is the photograph, 100 all of
// the style, and equal steps look alike: each leaves the same part of the style loss that the
// one before left. The default weights are strength 75, with slim 95. With
// Schedule.AutoBalance, the default, every size reaches the same degree of stylisation. It
// returns an [OptionError] if s is not within 0 to 100.
func (o *Options) SetStrength(s float64, net *vgg.Network) error {
	if !(s >= 0 && s <= 100) {
		return &OptionError{"Strength", s, "must be between 0 and 100"}
	}
	if !(o.Objective.ContentWeight > 0) {
		return &OptionError{"Strength", s, "needs a content weight above 0"}
	}
	all := strengths(net)
	i := max(1, slices.IndexFunc(all, func(k step) bool { return k.strength >= s }))
	a, b := all[i-1], all[i]
	t := (s - a.strength) / (b.strength - a.strength)
	o.Objective.StyleWeight = o.Objective.ContentWeight * math.Pow(a.ratio, 1-t) * math.Pow(b.ratio, t)
	return nil
}

// Strength returns the strength that the weights correspond to with the network net; nil is
// VGG-19. Ratios beyond its steps are 0 and 100; it is not a number if both weights are 0.
func (o *Options) Strength(net *vgg.Network) float64 {
	ratio, all := o.Objective.StyleWeight/o.Objective.ContentWeight, strengths(net)
	switch last := len(all) - 1; {
	case math.IsNaN(ratio):
		return ratio
	case ratio <= all[0].ratio:
		return all[0].strength
	case ratio >= all[last].ratio:
		return all[last].strength
	}
	i := slices.IndexFunc(all, func(k step) bool { return k.ratio >= ratio })
	a, b := all[i-1], all[i]
	return a.strength + (b.strength-a.strength)*math.Log(ratio/a.ratio)/math.Log(b.ratio/a.ratio)
}
