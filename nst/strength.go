package nst

import "math"

// middle is the ratio of StyleWeight to ContentWeight at strength 50.
const middle = 20

// decade is the number of points of strength that make the ratio ten times larger.
const decade = 20

// SetStrength sets StyleWeight to a multiple of ContentWeight, which must be above 0: 20 at
// strength 50, the default, and ten times as much for each further 20 points. s is 0 (almost
// the photograph) to 100 (almost the painting alone). With Schedule.AutoBalance, the default,
// every size reaches the same degree of stylisation. It returns an [OptionError] if s is out
// of range.
func (o *Options) SetStrength(s float64) error {
	if !(s >= 0 && s <= 100) {
		return &OptionError{"Strength", s, "must be between 0 and 100"}
	}
	if !(o.Objective.ContentWeight > 0) {
		return &OptionError{"Strength", s, "needs a content weight above 0"}
	}
	o.Objective.StyleWeight = o.Objective.ContentWeight * middle * math.Pow(10, (s-50)/decade)
	return nil
}

// Strength returns the strength that corresponds to the weights. It may lie outside 0..100,
// and is infinite or not a number if a weight is 0.
func (o *Options) Strength() float64 {
	return 50 + decade*math.Log10(o.Objective.StyleWeight/o.Objective.ContentWeight/middle)
}
