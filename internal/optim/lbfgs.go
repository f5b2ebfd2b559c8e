package optim

import (
	"fmt"
	"math"
)

// LBFGSOptions are the settings of [LBFGS]. Begin with [DefaultLBFGS].
type LBFGSOptions struct {
	LR      float64 // step length, above 0; default 1
	History int     // pairs remembered, at least 1; default 100

	// TolGrad stops where max |g| is not above it; default 1e-7.
	// 0 stops at a gradient of zeros only, a negative number never.
	TolGrad float64

	// TolChange stops where the last step moved no variable by more, changed the
	// loss by less, or the slope along the next direction is above its negative;
	// default 1e-9. 0 stops where nothing moves or the way leads uphill; at
	// math.Inf(-1) none of the three stops.
	TolChange float64

	// MaxMove, if not 0, keeps every variable from moving by more in one step, and
	// FirstMove is how far the variable that moves most does as long as there is
	// no pair that tells the curvature. torch has neither: its first step is
	// min(1, 1/|g|₁), which is lost in the rounding of many large variables, so
	// that the second step can be any number of times too long. Both 0 are
	// torch's rules; both are in units of x.
	MaxMove, FirstMove float64

	// StrongWolfe searches along each direction for a step that satisfies the
	// strong Wolfe conditions, beginning with the length that it would else have:
	// line_search_fn of torch. A search takes 1 to 26 evaluations, each of which is
	// a Step; x is then a trial, which may be worse than where the line starts. It
	// takes three vectors more. It compares losses: x must follow the gradient of
	// the function that they are of.
	StrongWolfe bool

	// Precondition, if not nil, sets dst to P src, which do not overlap: P is a
	// symmetric positive definite matrix that resembles, but for a factor, the
	// inverse Hessian. The pairs then correct it in the place of the identity, so
	// that directions are good before there are many of them. It must not allocate,
	// and gives the same for the same src always. It costs a call for each pair and
	// one for each direction.
	Precondition func(dst, src []float32)
}

// DefaultLBFGS returns PyTorch's defaults.
func DefaultLBFGS() LBFGSOptions {
	return LBFGSOptions{LR: 1, History: 100, TolGrad: 1e-7, TolChange: 1e-9}
}

// LBFGS is the limited-memory BFGS method with the rules of torch.optim.LBFGS (see
// Nocedal and Wright 2006, algorithm 7.4): the evaluations of n Steps are those of
// one torch step, which without line search is one with max_iter = n.
//
// Memory: two vectors, and two more for each pair of the history, allocated
// when it is first filled: 8n bytes at first, 8n (History+1) in the end.
type LBFGS struct {
	opts LBFGSOptions
	vec  Vector
	own  Recursion // of vec; nil if it has none

	steps   int
	t, prev float64   // step length and loss of the last step; no number after Change
	scale   float64   // H0 = scale times identity or P
	d, grad []float32 // direction and gradient of the last step
	pairs   []pair    // ring of History pairs, the oldest at first
	first   int
	count   int
	alpha   []float64 // scratch of the two-loop recursion
	search  *search   // nil without StrongWolfe
}

// pair is what one step taught about the curvature: a move s in x changed the
// gradient by y.
type pair struct {
	s, y []float32
	rho  float64 // 1 / s·y
}

var _ Optimizer = (*LBFGS)(nil)

// minCurvature is the s·y up to which a pair is not remembered, as in torch.
const minCurvature = 1e-10

// NewLBFGS returns an LBFGS for n variables. It returns an error if an option
// is out of its range.
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

// Step moves x by t d, where d is minus the approximate inverse Hessian times g
// and t is LR; in the first step d = -g, or -P g, and t = LR min(1, 1/|g|₁). MaxMove and
// FirstMove change t. With StrongWolfe that is the first trial of a line; x moves
// from trial to trial and, once one will do, on to the first of the next line. At
// ErrConverged it then is the best of the line.
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

// length returns how many times d the step is long.
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

// done reports whether the gradient g or what the last step did is within the
// tolerances.
func (l *LBFGS) done(g []float32, loss float64) bool {
	if float64(l.vec.AbsMax(g)) <= l.opts.TolGrad {
		return true
	}
	if l.steps == 0 || math.IsNaN(l.prev) {
		return false
	}
	return float64(l.vec.AbsMax(l.d))*l.t <= l.opts.TolChange || math.Abs(loss-l.prev) < l.opts.TolChange
}

// remember makes a pair of the last step and the change of the gradient since,
// in place of the oldest pair if the history is full. It leaves d and grad to be
// overwritten: their buffers are traded for those of the pair that goes.
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

// inner returns y·y, or y·P y, for which it overwrites d.
func (l *LBFGS) inner(y []float32) float64 {
	if l.opts.Precondition == nil {
		return l.vec.Dot(y, y)
	}
	l.opts.Precondition(l.d, y)
	return l.vec.Dot(y, l.d)
}

// pair returns the i-th pair, counted from the oldest.
func (l *LBFGS) pair(i int) *pair { return &l.pairs[(l.first+i)%len(l.pairs)] }

// direction sets d to minus the approximate inverse Hessian times g, by the
// two-loop recursion. It leaves grad to be overwritten.
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

// down is a step of the first loop, by [Recursion.Down] if there is one.
func (l *LBFGS) down(i int, rho float64, s, y []float32) {
	if l.own != nil {
		l.own.Down(i, rho, s, y, l.d)
		return
	}
	l.alpha[i] = rho * l.vec.Dot(s, l.d)
	l.vec.Axpy(float32(-l.alpha[i]), y, l.d)
}

// up is a step of the second loop.
func (l *LBFGS) up(i int, rho float64, s, y []float32) {
	if l.own != nil {
		l.own.Up(i, rho, s, y, l.d)
		return
	}
	beta := rho * l.vec.Dot(y, l.d)
	l.vec.Axpy(float32(l.alpha[i]-beta), s, l.d)
}

// Shorten multiplies LR by factor, above 0, for the steps to come.
func (l *LBFGS) Shorten(factor float64) { l.opts.LR *= factor }

// Change makes no pair of the last step, nor does a tolerance end with it.
func (l *LBFGS) Change() {
	l.prev = math.NaN()
	if l.search != nil {
		l.search.running = false
	}
}

// Reset forgets all steps taken and all pairs; their memory stays.
func (l *LBFGS) Reset() {
	l.steps, l.t, l.prev, l.scale = 0, 0, 0, 1
	l.first, l.count = 0, 0
	if l.search != nil {
		l.search.running = false
	}
}

// method names the states of l.
func (l *LBFGS) method() string {
	if l.search != nil {
		return "lbfgs-wolfe"
	}
	return "lbfgs"
}

// State returns the step length, loss and scale of the last step and the pairs'
// rho as numbers; direction, gradient and the pairs, oldest first, as vectors. Those
// of a line search are last.
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

// Restore copies st into l. It returns an error if st has more pairs than l can
// remember.
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
