package nst

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"nst/internal/optim"
)

// State is a run between two iterations. [Job].Checkpoint gets it, [State.Write] saves it,
// [ReadState] reads it again, and [Job].Resume goes on from it, to the same bytes as if the run
// had never stopped. That uses the state up.
//
// A state has up to 5 vectors with adam and up to 4 + 2 Optimizer.History with L-BFGS, and 3 more
// with a line search and one with StyleNeighbours. Each takes 12 bytes a pixel.
type State struct {
	// Meta is for the caller, who may set it before Write. It must be UTF-8.
	Meta map[string]string

	// Result is what [Transfer.Run] is about to return, if the run was interrupted, else nil.
	// It is not written.
	Result *Result

	made     made // what the run depends on
	position position
	vectors  [][]float32 // as position.names has them, shared with the run that made the state
}

// errUsed means that Run has taken what it needed of a state.
var errUsed = errors.New("nst: the state was used up by an earlier run")

// The names of the vectors.
const (
	vectorVariables = "variables"
	vectorBest      = "best"
	vectorAverage   = "average"
	vectorMatched   = "matched"
	vectorOptimizer = "optimizer."
)

// Iterations returns the number of evaluations that were done, over all scales.
func (s *State) Iterations() int { return s.position.Result.Iterations }

// position says how far a run is: the numbers of run and pass that no vector holds.
type position struct {
	Plan      [][3]int `json:"plan"` // of each scale: width, height and planned iterations
	Shortened bool     `json:"shortened"`

	Elapsed   time.Duration `json:"elapsed_ns"`  // of the run, pauses not counted
	AtScale   time.Duration `json:"at_scale_ns"` // the same since the scale began
	Index     int           `json:"scale"`       // from 0
	Iteration int           `json:"iteration"`   // at this scale
	Renewed   int           `json:"renewed"`     // see pass
	Over      bool          `json:"over"`        // the scale ended before its iterations
	Turn      int           `json:"turn"`        // see turnLength

	BestLoss exact   `json:"best_loss"`
	Setbacks int     `json:"setbacks"` // see rollback
	Halvings int     `json:"halvings"` // of the optimiser's steps, at this scale
	Recent   []exact `json:"recent"`   // losses, for Schedule.Tolerance
	Average  bool    `json:"average"`  // there is a vector of that name
	Averaged int     `json:"averaged"` // steps in it
	Matched  bool    `json:"matched"`  // there is a vector of that name

	Target     exact   `json:"target"`     // of balance
	Factor     exact   `json:"factor"`     // of balance
	Shares     bool    `json:"shares"`     // there is a share
	Photograph exact   `json:"photograph"` // of share
	Left       []exact `json:"left"`       // of share

	Method  string  `json:"method"` // of the state of the optimiser, as the next three
	Steps   int     `json:"steps"`
	Numbers []exact `json:"numbers"`
	Vectors int     `json:"vectors"` // how many

	Result savedResult `json:"result"`
}

// savedResult is what [Result] has of an unfinished run.
type savedResult struct {
	Loss          [4]exact `json:"loss"` // total, content, style, tv
	ContentWeight exact    `json:"content_weight"`
	Iterations    int      `json:"iterations"`
	Scales        int      `json:"scales"`
	Rollbacks     int      `json:"rollbacks"`
	Stop          Stop     `json:"stop"`
}

// exact is a float64 as text that reads back as the same number, also if it is not finite.
type exact float64

// MarshalText returns the shortest text that reads back as x. It returns no error.
func (x exact) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(x), 'g', -1, 64), nil
}

// UnmarshalText is the inverse of MarshalText. Anything but a number is an error.
func (x *exact) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	*x = exact(v)
	return err
}

// convert returns numbers of one kind as numbers of another.
func convert[To, From ~float64](from []From) []To {
	to := make([]To, len(from))
	for i, v := range from {
		to[i] = To(v)
	}
	return to
}

// state returns the state of a pass between two iterations.
func (p *pass) state() (*State, error) {
	if err := p.vector.Wait(); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	of := p.optimizer.State()
	at := p.position(of)
	vectors := [][]float32{p.variables, p.best}
	if p.average != nil {
		vectors = append(vectors, p.average)
	}
	if p.matched != nil {
		vectors = append(vectors, p.matched)
	}
	return &State{Meta: map[string]string{}, made: p.made(), position: at, vectors: append(vectors, of.Vectors...)}, nil
}

// position returns the numbers of a state; of is that of the optimiser.
func (p *pass) position(of optim.State) position {
	r, now := p.result, p.transfer.now()
	at := position{
		Shortened: p.shortened, Elapsed: now.Sub(p.run.began), AtScale: now.Sub(p.began),
		Index: p.index, Iteration: p.iteration, Renewed: p.renewed, Over: p.over, Turn: p.turn,
		BestLoss: exact(p.bestLoss), Setbacks: p.setbacks, Halvings: p.halvings, Recent: convert[exact](p.recent),
		Average: p.average != nil, Averaged: p.averaged, Matched: p.matched != nil,
		Target: exact(p.balance.target), Factor: exact(p.balance.factor),
		Shares: p.share.left != nil, Photograph: exact(p.share.photograph), Left: convert[exact](p.share.left),
		Method: of.Method, Steps: of.Steps, Numbers: convert[exact](of.Numbers), Vectors: len(of.Vectors),
		Result: savedResult{
			Loss:          [4]exact{exact(r.Loss.Total), exact(r.Loss.Content), exact(r.Loss.Style), exact(r.Loss.TV)},
			ContentWeight: exact(r.ContentWeight), Iterations: r.Iterations, Scales: r.Scales, Rollbacks: r.Rollbacks, Stop: r.Stop,
		},
	}
	if at.Result.Stop == StopInterrupted {
		at.Result.Stop = StopIterations // it goes on
	}
	for _, s := range p.plan {
		at.Plan = append(at.Plan, [3]int{s.w, s.h, s.iterations})
	}
	return at
}

// Limits of what a state may say, so that a damaged one claims no memory.
const (
	mostScales  = 64
	mostVectors = 1 << 14
	mostHalving = 1 << 10
)

// check returns an error for numbers that no run has.
func (at *position) check() error {
	bad := func(what string, value any) error { return fmt.Errorf("%s is %v, which no run has", what, value) }
	if n := len(at.Plan); n < 1 || n > mostScales {
		return bad("the number of sizes", n)
	}
	planned := 0
	for _, s := range at.Plan {
		if s[0] < 1 || s[1] < 1 || s[0] > MaxSize || s[1] > MaxSize || s[2] < 0 || s[2] > math.MaxInt32 {
			return bad("a size of the plan", s)
		}
		planned += s[2]
	}
	if at.Index < 0 || at.Index >= len(at.Plan) {
		return bad("the size", at.Index)
	}
	for _, n := range []struct {
		what      string
		value, to int
	}{
		{"iteration", at.Iteration, at.Plan[at.Index][2]},
		{"the renewed iteration", at.Renewed, at.Iteration},
		{"turn", at.Turn, planned + len(at.Plan)},
		{"the number of averaged steps", at.Averaged, at.Iteration},
		{"the number of setbacks", at.Setbacks, patience},
		{"the number of halvings", at.Halvings, mostHalving},
		{"the number of iterations", at.Result.Iterations, planned},
		{"the number of sizes begun", at.Result.Scales, len(at.Plan)},
		{"the number of rollbacks", at.Result.Rollbacks, planned},
		{"the number of recent losses", len(at.Recent), planned},
		{"the number of style losses", len(at.Left), planned},
		{"the number of steps", at.Steps, planned},
		{"the number of numbers", len(at.Numbers), mostVectors},
		{"the number of vectors", at.Vectors, mostVectors},
	} {
		if n.value < 0 || n.value > n.to {
			return bad(n.what, n.value)
		}
	}
	if at.Elapsed < 0 || at.AtScale < 0 {
		return bad("the time", at.Elapsed)
	}
	if !slices.Contains([]Stop{StopIterations, StopTolerance, StopTime}, at.Result.Stop) {
		return bad("the reason to stop", strconv.Quote(string(at.Result.Stop)))
	}
	return nil
}

// names returns the names of the vectors that a state has with these numbers, in order.
func (at *position) names() []string {
	names := []string{vectorVariables, vectorBest}
	if at.Average {
		names = append(names, vectorAverage)
	}
	if at.Matched {
		names = append(names, vectorMatched)
	}
	for i := range at.Vectors {
		names = append(names, vectorOptimizer+strconv.Itoa(i))
	}
	return names
}

// parsePosition is the inverse of json.Marshal, with checks.
func parsePosition(text string) (at position, err error) {
	if err := json.Unmarshal([]byte(text), &at); err != nil {
		return at, err
	}
	return at, at.check()
}
