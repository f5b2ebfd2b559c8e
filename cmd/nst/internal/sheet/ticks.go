package sheet

import (
	"fmt"
	"math"
	"strconv"
)

// tick is a place on an axis; it has a label, or none if it is a small one.
type tick struct {
	value float64
	label string
}

// linearTicks returns at most eight ticks at multiples of 1, 2 or 5 times a power of
// ten that is not below 1.
func linearTicks(s span) []tick {
	step := 1.0
	for i := 0; (s.high-s.low)/step > 7; i++ {
		step *= []float64{2, 2.5, 2}[i%3]
	}
	var out []tick
	for v := math.Ceil(s.low/step) * step; v <= s.high; v += step {
		out = append(out, tick{v, strconv.FormatFloat(v, 'f', 0, 64)})
	}
	return out
}

// logTicks returns ticks at one to nine times each power of ten. The powers have
// labels, or every second of them and so on where they are many; where they are few,
// twice and five times the powers have labels too.
func logTicks(s span) []tick {
	from, to := int(math.Floor(math.Log10(s.low))), int(math.Ceil(math.Log10(s.high)))
	every := 1 + (to-from)/9
	var out []tick
	for d := from; d <= to; d++ {
		for m := 1; m < 10; m++ {
			v := float64(m) * math.Pow10(d)
			if v < s.low || v > s.high {
				continue
			}
			t := tick{value: v}
			if m == 1 && d%every == 0 || to-from <= 2 && (m == 2 || m == 5) {
				t.label = logLabel(m, d)
			}
			out = append(out, t)
		}
	}
	return out
}

// logLabel writes m times ten to the power of d.
func logLabel(m, d int) string {
	if d > -3 && d < 4 {
		return fmt.Sprintf("%g", float64(m)*math.Pow10(d))
	}
	return fmt.Sprintf("%de%d", m, d)
}
