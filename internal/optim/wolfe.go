package optim

import "math"

// The constants of the line search, which are torch's.
const (
	sufficient = 1e-4 // c1: part of the decrease that the slope promises which must be there
	flat       = 0.9  // c2: part of the slope at the start to which it must have fallen
	maxTrials  = 25   // after the first
	leastWidth = 1e-9 // of a bracket, by what moves most, below which there is nothing to find
)

// search looks along a direction for a step that satisfies the strong Wolfe
// conditions: the loss has fallen enough and its slope is nearly flat. It is
// algorithms 3.5 and 3.6 of Nocedal and Wright (2006), bracket and then zoom, with
// the interpolations, bounds and ends of torch.optim.LBFGS. It asks for one
// evaluation after the other, so that each Step of the optimiser is one.
type search struct {
	vec     Vector
	running bool
	x       []float32 // where the line starts
	start   point     // what is there; its t is 0
	reach   float64   // of the direction: how far t = 1 moves what moves most

	t         float64 // of the trial that is being evaluated
	trials    int     // before it
	bracketed bool    // ends enclose a step that will do; else ends[0] is the trial before
	timid     bool    // the last trial was close to an end
	ends      [2]point
	low       int // the end with the lower loss
}

// point is a step length with what the loss is there.
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

// begin starts at x, where start is found, with a step of t. It keeps start.g.
func (s *search) begin(x []float32, start point, t, reach float64) {
	s.vec.Copy(s.x, x)
	s.running, s.bracketed, s.timid = true, false, false
	s.start, s.reach = start, reach
	s.t, s.trials = 0, 0
	s.place(0, start.g, start.loss, start.slope)
	s.t = t
}

// place makes the trial one of the ends.
func (s *search) place(i int, g []float32, loss, slope float64) {
	e := &s.ends[i]
	e.t, e.loss, e.slope = s.t, loss, slope
	s.vec.Copy(e.g, g)
}

// try takes what the loss is at the trial. If it returns true the search is over,
// and ends[low] is the step to take; otherwise t is the next trial.
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
	// Downhill still: go further.
	s.t = cubic(before, s.ends[1], s.t+0.01*(s.t-before.t), 10*s.t)
	s.ends[0], s.ends[1] = s.ends[1], s.ends[0]
	s.trials++
	return false
}

// narrow puts the trial in the place of one of the ends that enclose it.
func (s *search) narrow(g []float32, loss, slope float64, high, level bool) bool {
	other := 1 - s.low
	if high || loss >= s.ends[s.low].loss {
		s.place(other, g, loss, slope)
		s.low = s.lower()
		return s.aim()
	}
	if !level && slope*(s.ends[other].t-s.ends[s.low].t) >= 0 {
		s.ends[0], s.ends[1] = s.ends[1], s.ends[0] // what was low encloses it now
	}
	s.place(s.low, g, loss, slope)
	return level || s.aim()
}

// aim chooses the next trial between the ends: where a cubic has its minimum, but
// not twice in a row close to an end. It returns true if that is not worth it.
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

// cubic returns where, between lo and hi, the cubic through two points with their
// slopes is least (Nocedal and Wright 2006, equation 3.59), or the middle if it has
// no minimum.
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

// The parts of a state that a search makes.
const (
	searchNumbers = 15
	searchVectors = 3
)

// state returns what the search depends on but for start.g.
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
