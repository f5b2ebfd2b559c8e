package optim

import "math"

// The constants of the line search are torch's.
const (
	sufficient = 1e-4 // c1: required part of the decrease that the slope at the start promises
	flat       = 0.9  // c2: largest slope, as a part of the slope at the start
	maxTrials  = 25   // after the first trial
	leastWidth = 1e-9 // width of a bracket, in units of x, at which the search ends
)

// search looks along a direction for a step that satisfies the strong Wolfe conditions: the
// loss has fallen enough and its slope is nearly flat. It brackets and then zooms, by
// algorithms 3.5 and 3.6 of Nocedal and Wright (2006), with the interpolations, bounds and
// stopping rules of torch.optim.LBFGS. Each Step of the optimiser evaluates one trial.
type search struct {
	vec     Vector
	running bool
	x       []float32 // where the line starts
	start   point     // loss and gradient at x; t is 0
	reach   float64   // how far t = 1 moves the fastest variable

	t         float64 // step length of the current trial
	trials    int     // number of earlier trials
	bracketed bool    // ends enclose a good step; else ends[0] is the last trial
	timid     bool    // the last trial was close to an end
	ends      [2]point
	low       int // the end with the lower loss
}

// point is a step length with the loss and its derivatives there.
type point struct {
	t, loss float64
	slope   float64 // derivative of the loss to t
	g       []float32
}

func newSearch(n int, vec Vector) *search {
	s := &search{vec: vec, x: vec.Make(n)}
	for i := range s.ends {
		s.ends[i].g = vec.Make(n)
	}
	return s
}

// begin starts a search at x, whose loss and gradient are start. t is the first trial. It
// keeps start.g.
func (s *search) begin(x []float32, start point, t, reach float64) {
	s.vec.Copy(s.x, x)
	s.running, s.bracketed, s.timid = true, false, false
	s.start, s.reach = start, reach
	s.t, s.trials = 0, 0
	s.place(0, start.g, start.loss, start.slope)
	s.t = t
}

// place makes the trial end i.
func (s *search) place(i int, g []float32, loss, slope float64) {
	e := &s.ends[i]
	e.t, e.loss, e.slope = s.t, loss, slope
	s.vec.Copy(e.g, g)
}

// try takes gradient, loss and slope at the trial. If it returns true, the search is over and
// ends[low] is the step to take. Otherwise t is the next trial.
func (s *search) try(g []float32, loss, slope float64) bool {
	high := loss > s.start.loss+sufficient*s.t*s.start.slope
	level := math.Abs(slope) <= -flat*s.start.slope
	if s.bracketed {
		return s.narrow(g, loss, slope, high, level)
	}
	before := s.ends[0]
	high = high || s.trials > 1 && loss >= before.loss
	s.place(1, g, loss, slope)
	switch {
	case s.trials == maxTrials:
		s.ends[0].t, s.ends[0].loss = 0, s.start.loss
		s.vec.Copy(s.ends[0].g, s.start.g)
		s.low = s.lower()
		return true
	case level && !high:
		s.low = 1
		return true
	case high || slope >= 0:
		s.bracketed = true
		s.low = s.lower()
		return s.aim()
	}
	// Still downhill: go further.
	s.t = cubic(before, s.ends[1], s.t+0.01*(s.t-before.t), 10*s.t)
	s.ends[0], s.ends[1] = s.ends[1], s.ends[0]
	s.trials++
	return false
}

// narrow replaces one of the ends by the trial between them.
func (s *search) narrow(g []float32, loss, slope float64, high, level bool) bool {
	other := 1 - s.low
	if high || loss >= s.ends[s.low].loss {
		s.place(other, g, loss, slope)
		s.low = s.lower()
		return s.aim()
	}
	if !level && slope*(s.ends[other].t-s.ends[s.low].t) >= 0 {
		s.ends[0], s.ends[1] = s.ends[1], s.ends[0] // the old low becomes the other end
	}
	s.place(s.low, g, loss, slope)
	return level || s.aim()
}

// aim chooses the next trial between the ends: the minimum of a cubic, but not close to an
// end twice in a row. It returns true if the search should end instead.
func (s *search) aim() bool {
	from, to := min(s.ends[0].t, s.ends[1].t), max(s.ends[0].t, s.ends[1].t)
	if s.trials >= maxTrials || (to-from)*s.reach < leastWidth {
		return true
	}
	t, margin := cubic(s.ends[0], s.ends[1], from, to), 0.1*(to-from)
	near := min(to-t, t-from) < margin
	if near && (s.timid || t >= to || t <= from) {
		near = false
		if to-t < t-from {
			t = to - margin
		} else {
			t = from + margin
		}
	}
	s.timid, s.t = near, t
	s.trials++
	return false
}

func (s *search) lower() int {
	if s.ends[0].loss <= s.ends[1].loss {
		return 0
	}
	return 1
}

// cubic returns the minimum between lo and hi of the cubic through two points with their
// slopes (Nocedal and Wright 2006, equation 3.59), or the middle if it has no minimum.
func cubic(a, b point, lo, hi float64) float64 {
	if a.t > b.t {
		a, b = b, a
	}
	d1 := a.slope + b.slope - 3*(a.loss-b.loss)/(a.t-b.t)
	d2 := math.Sqrt(d1*d1 - a.slope*b.slope)
	t := b.t - (b.t-a.t)*((b.slope+d2-d1)/(b.slope-a.slope+2*d2))
	if math.IsNaN(t) {
		return (lo + hi) / 2
	}
	return min(max(t, lo), hi)
}

// Sizes of the part of a state that belongs to a search.
const (
	searchNumbers = 15
	searchVectors = 3
)

// state returns the state of the search without start.g.
func (s *search) state() (numbers []float64, vectors [][]float32) {
	flag := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	numbers = []float64{
		flag(s.running), flag(s.bracketed), flag(s.timid), float64(s.low), float64(s.trials),
		s.t, s.reach, s.start.loss, s.start.slope,
	}
	vectors = [][]float32{s.x}
	for _, e := range s.ends {
		numbers = append(numbers, e.t, e.loss, e.slope)
		vectors = append(vectors, e.g)
	}
	return numbers, vectors
}

// restore copies a state; g is the gradient at the start.
func (s *search) restore(numbers []float64, vectors [][]float32, g []float32) {
	s.running, s.bracketed, s.timid = numbers[0] != 0, numbers[1] != 0, numbers[2] != 0
	s.low, s.trials = int(numbers[3])&1, int(numbers[4])
	s.t, s.reach = numbers[5], numbers[6]
	s.start = point{0, numbers[7], numbers[8], g}
	s.vec.Copy(s.x, vectors[0])
	for i := range s.ends {
		e := &s.ends[i]
		e.t, e.loss, e.slope = numbers[9+3*i], numbers[10+3*i], numbers[11+3*i]
		s.vec.Copy(e.g, vectors[1+i])
	}
}
