package optim

import (
	"fmt"
	"math"
)

// LBFGSOptions are the settings of [LBFGS]. Start with [DefaultLBFGS].
type LBFGSOptions struct {
	LR      float64 // step length, above 0; default 1
	History int     // pairs remembered, at least 1; default 100

	// TolGrad stops if max |g| is not above it; default 1e-7. 0 stops only at a gradient
	// of zeros, a negative number never.
	TolGrad float64

	// TolChange stops if the last step moved no variable by more than it, if the last step
	// changed the loss by less, or if the slope along the next direction is above
	// -TolChange; default 1e-9. 0 stops if nothing moves or the direction leads uphill.
	// math.Inf(-1) never stops.
	TolChange float64

	// MaxMove, if not 0, is the most that any variable moves in one step. FirstMove, if not
	// 0, is how far the fastest variable moves while the history is empty. Both are in units
	// of x. torch has neither: its first step of min(1, 1/|g|₁) can vanish in the rounding
	// of many large variables, and the second step can then be far too long.
	MaxMove, FirstMove float64

	// StrongWolfe searches along each direction for a step that satisfies the strong Wolfe
	// conditions, starting with the length that the step would have otherwise. It is torch's
	// line_search_fn. A search takes 1 to 26 evaluations, each in its own Step. Meanwhile x
	// is a trial, which may be worse than the start of the line. The search needs three more
	// vectors. g must be the true gradient of loss, because the search compares losses.
	StrongWolfe bool

	// Precondition, if not nil, sets dst to P src; the two do not overlap. P is a symmetric
	// positive definite matrix that resembles the inverse Hessian up to a factor. L-BFGS
	// then starts from P instead of the identity, so that directions are good with few
	// pairs. Precondition must not allocate, and must depend on src alone. It is called once
	// for each pair and once for each direction.
	Precondition func(dst, src []float32)
}

// DefaultLBFGS returns PyTorch's defaults.
func DefaultLBFGS() LBFGSOptions {
	return LBFGSOptions{LR: 1, History: 100, TolGrad: 1e-7, TolChange: 1e-9}
}

// LBFGS is the limited-memory BFGS method (Nocedal and Wright 2006, algorithm 7.4) with the
// rules of torch.optim.LBFGS. n Steps make the same evaluations as one torch step; without
// line search that is a step with max_iter = n.
//
// For n variables it takes 8n bytes at first and 8n (History+1) when the history is full.
type LBFGS struct {
	opts LBFGSOptions
	vec  Vector
	own  Recursion // of vec, or nil

	steps   int
	t, prev float64   // step length and loss of the last step; prev is NaN after Change
	scale   float64   // H0 is scale times the identity or P
	d, grad []float32 // direction and gradient of the last step
	pairs   []pair    // ring of History pairs; the oldest is pairs[first]
	first   int
	count   int
	alpha   []float64 // scratch of the two-loop recursion
	search  *search   // nil without StrongWolfe
}

// pair is what one step tells about the curvature: moving x by s changed the gradient by y.
type pair struct {
	s, y []float32
	rho  float64 // 1 / s·y
}

var _ Optimizer = (*LBFGS)(nil)

// minCurvature is what s·y of a pair must exceed to be remembered, as in torch.
const minCurvature = 1e-10

// NewLBFGS returns an LBFGS for n variables. It is an error if an option is out of range.
func NewLBFGS(n int, opts LBFGSOptions, vec Vector) (*LBFGS, error) {
	switch {
	case n < 1:
		return nil, fmt.Errorf("optim: %d variables, want at least 1", n)
	case !(opts.LR > 0) || math.IsInf(opts.LR, 0):
		return nil, fmt.Errorf("optim: lbfgs: LR is %v, want a finite number above 0", opts.LR)
	case opts.History < 1:
		return nil, fmt.Errorf("optim: lbfgs: History is %d, want at least 1", opts.History)
	case math.IsNaN(opts.TolGrad) || math.IsNaN(opts.TolChange):
		return nil, fmt.Errorf("optim: lbfgs: a tolerance is not a number")
	case !(opts.MaxMove >= 0 && opts.FirstMove >= 0):
		return nil, fmt.Errorf("optim: lbfgs: MaxMove is %v and FirstMove %v, want numbers of at least 0", opts.MaxMove, opts.FirstMove)
	}
	l := &LBFGS{
		opts: opts, vec: vec, scale: 1,
		d: vec.Make(n), grad: vec.Make(n),
		pairs: make([]pair, opts.History), alpha: make([]float64, opts.History),
	}
	l.own, _ = vec.(Recursion)
	if opts.StrongWolfe {
		l.search = newSearch(n, vec)
	}
	return l, nil
}

// Step moves x by t d. d is minus the approximate inverse Hessian times g, and t is LR. In the
// first step d is -g or -P g, and t is LR min(1, 1/|g|₁). MaxMove and FirstMove change t.
//
// With StrongWolfe this is the first trial of a line. Later Steps move x from trial to trial
// until one satisfies the conditions, and then to the first trial of the next line. After
// [ErrConverged] x is the best trial of the line.
func (l *LBFGS) Step(x, g []float32, loss float64) error {
	if err := checkStep(l.vec, len(l.d), x, g, loss); err != nil {
		return err
	}
	if s := l.search; s != nil && s.running {
		over := s.try(g, loss, l.vec.Dot(g, l.d))
		if l.t = s.t; over {
			s.running = false
			l.t, g, loss = s.ends[s.low].t, s.ends[s.low].g, s.ends[s.low].loss
		}
		l.vec.Copy(x, s.x)
		l.vec.Axpy(float32(l.t), l.d, x)
		if !over {
			return nil
		}
	}
	if l.done(g, loss) {
		return ErrConverged
	}
	if l.steps > 0 && !math.IsNaN(l.prev) {
		l.remember(g)
	}
	l.direction(g)
	l.vec.Copy(l.grad, g)
	l.prev = loss
	l.t = l.length(g)
	l.steps++
	slope := l.vec.Dot(g, l.d)
	if slope > -l.opts.TolChange {
		return ErrConverged
	}
	if l.search != nil {
		l.search.begin(x, point{0, loss, slope, l.grad}, l.t, float64(l.vec.AbsMax(l.d)))
	}
	l.vec.Axpy(float32(l.t), l.d, x)
	return nil
}

// length returns t, the length of the step in units of d.
func (l *LBFGS) length(g []float32) float64 {
	t := l.opts.LR
	switch {
	case l.count == 0 && l.opts.FirstMove > 0:
		t *= l.opts.FirstMove / float64(l.vec.AbsMax(l.d))
	case l.steps == 0:
		t *= min(1, 1/l.vec.AbsSum(g))
	}
	if l.opts.MaxMove > 0 {
		t = min(t, l.opts.MaxMove/float64(l.vec.AbsMax(l.d)))
	}
	return t
}

// done reports whether the gradient g or the last step is within the tolerances.
func (l *LBFGS) done(g []float32, loss float64) bool {
	if float64(l.vec.AbsMax(g)) <= l.opts.TolGrad {
		return true
	}
	if l.steps == 0 || math.IsNaN(l.prev) {
		return false
	}
	return float64(l.vec.AbsMax(l.d))*l.t <= l.opts.TolChange || math.Abs(loss-l.prev) < l.opts.TolChange
}

// remember makes a pair of the last step and the change of the gradient. It replaces the
// oldest pair if the history is full. The pair takes the buffers of d and grad, which get
// those of the replaced pair and may be overwritten.
func (l *LBFGS) remember(g []float32) {
	s, y := l.d, l.grad
	l.vec.Sub(y, g, y)
	l.vec.Scale(s, float32(l.t), s)
	sy := l.vec.Dot(s, y)
	if !(sy > minCurvature) {
		return
	}
	if l.count == len(l.pairs) {
		l.first = (l.first + 1) % len(l.pairs)
		l.count--
	}
	p := l.pair(l.count)
	l.count++
	l.d, l.grad = p.s, p.y
	if l.d == nil {
		l.d, l.grad = l.vec.Make(len(s)), l.vec.Make(len(y))
	}
	*p = pair{s, y, 1 / sy}
	l.scale = sy / l.inner(y)
}

// inner returns y·y or, with a preconditioner, y·P y. It may overwrite d.
func (l *LBFGS) inner(y []float32) float64 {
	if l.opts.Precondition == nil {
		return l.vec.Dot(y, y)
	}
	l.opts.Precondition(l.d, y)
	return l.vec.Dot(y, l.d)
}

// pair returns the i-th pair, counted from the oldest.
func (l *LBFGS) pair(i int) *pair { return &l.pairs[(l.first+i)%len(l.pairs)] }

// direction sets d to minus the approximate inverse Hessian times g, by the two-loop
// recursion. It may overwrite grad.
func (l *LBFGS) direction(g []float32) {
	l.vec.Scale(l.d, -1, g)
	for i := l.count - 1; i >= 0; i-- {
		p := l.pair(i)
		l.down(i, p.rho, p.s, p.y)
	}
	l.vec.Scale(l.d, float32(l.scale), l.d)
	if l.opts.Precondition != nil {
		l.opts.Precondition(l.grad, l.d)
		l.d, l.grad = l.grad, l.d
	}
	for i := range l.count {
		p := l.pair(i)
		l.up(i, p.rho, p.s, p.y)
	}
}

// down is a step of the first loop. It uses [Recursion.Down] if vec has it.
func (l *LBFGS) down(i int, rho float64, s, y []float32) {
	if l.own != nil {
		l.own.Down(i, rho, s, y, l.d)
		return
	}
	l.alpha[i] = rho * l.vec.Dot(s, l.d)
	l.vec.Axpy(float32(-l.alpha[i]), y, l.d)
}

// up is a step of the second loop, like down.
func (l *LBFGS) up(i int, rho float64, s, y []float32) {
	if l.own != nil {
		l.own.Up(i, rho, s, y, l.d)
		return
	}
	beta := rho * l.vec.Dot(y, l.d)
	l.vec.Axpy(float32(l.alpha[i]-beta), s, l.d)
}

// Shorten multiplies LR by factor, which is above 0.
func (l *LBFGS) Shorten(factor float64) { l.opts.LR *= factor }

// Change prevents a pair from the last step, and a tolerance from comparing with it.
func (l *LBFGS) Change() {
	l.prev = math.NaN()
	if l.search != nil {
		l.search.running = false
	}
}

// Reset forgets all steps and pairs but keeps their memory.
func (l *LBFGS) Reset() {
	l.steps, l.t, l.prev, l.scale = 0, 0, 0, 1
	l.first, l.count = 0, 0
	if l.search != nil {
		l.search.running = false
	}
}

// method returns the Method of states of l.
func (l *LBFGS) method() string {
	if l.search != nil {
		return "lbfgs-wolfe"
	}
	return "lbfgs"
}

// State returns as numbers the step length, loss and scale of the last step and rho of each
// pair; as vectors the direction, the gradient and the pairs, oldest first. The numbers and
// vectors of a line search come last.
func (l *LBFGS) State() State {
	st := State{Method: l.method(), Steps: l.steps, Numbers: []float64{l.t, l.prev, l.scale}, Vectors: [][]float32{l.d, l.grad}}
	for i := range l.count {
		p := l.pair(i)
		st.Numbers = append(st.Numbers, p.rho)
		st.Vectors = append(st.Vectors, p.s, p.y)
	}
	if l.search != nil {
		numbers, vectors := l.search.state()
		st.Numbers = append(st.Numbers, numbers...)
		st.Vectors = append(st.Vectors, vectors...)
	}
	return st
}

// Restore copies st into l. It is an error if st has more pairs than History.
func (l *LBFGS) Restore(st State) error {
	numbers, vectors := 3, 2
	if l.search != nil {
		numbers, vectors = numbers+searchNumbers, vectors+searchVectors
	}
	count := max(0, len(st.Numbers)-numbers)
	if err := st.check(l.method(), len(l.d), numbers+count, vectors+2*count); err != nil {
		return err
	}
	if count > len(l.pairs) {
		return fmt.Errorf("optim: lbfgs state has %d pairs, History is %d", count, len(l.pairs))
	}
	l.Reset()
	l.steps, l.t, l.prev, l.scale = st.Steps, st.Numbers[0], st.Numbers[1], st.Numbers[2]
	l.vec.Copy(l.d, st.Vectors[0])
	l.vec.Copy(l.grad, st.Vectors[1])
	for i := range count {
		p := &l.pairs[i]
		if p.s == nil {
			*p = pair{s: l.vec.Make(len(l.d)), y: l.vec.Make(len(l.d))}
		}
		l.vec.Copy(p.s, st.Vectors[2+2*i])
		l.vec.Copy(p.y, st.Vectors[3+2*i])
		p.rho = st.Numbers[3+i]
		l.count++
	}
	if l.search != nil {
		l.search.restore(st.Numbers[3+count:], st.Vectors[2+2*count:], l.grad)
	}
	return nil
}
