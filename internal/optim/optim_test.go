package optim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"nst/internal/optim"
)

// all returns an optimiser of each method for n variables.
func all(t *testing.T, n int) map[string]optim.Optimizer {
	t.Helper()
	opts := optim.DefaultAdam()
	opts.LR = 0.05
	return map[string]optim.Optimizer{
		"lbfgs": never(t, 1, 4, n), "lbfgs-preconditioned": preconditioned(t, smooth, false, n),
		"lbfgs-wolfe": wolfe(t, 1, 4, n), "lbfgs-wolfe-preconditioned": preconditioned(t, smooth, true, n),
		"adam": adam(t, opts, n),
	}
}

func TestMinimum(t *testing.T) {
	slow := optim.DefaultAdam()
	slow.LR = 0.02
	tests := []struct {
		name, function string
		n, budget      int
		optimiser      optim.Optimizer
		loss           float64
	}{
		{"lbfgs", "rosenbrock", 2, 200, never(t, 0.5, 10, 2), 1e-8},
		{"lbfgs", "quadratic", 50, 150, never(t, 1, 20, 50), 1e-6},
		{"lbfgs-wolfe", "rosenbrock", 2, 60, wolfe(t, 1, 10, 2), 1e-8},
		{"lbfgs-wolfe", "quadratic", 50, 150, wolfe(t, 1, 20, 50), 1e-6},
		{"adam", "rosenbrock", 2, 4000, adam(t, slow, 2), 1e-3},
		{"adam", "quadratic", 50, 2000, adam(t, slow, 50), 1e-4},
	}
	for _, tt := range tests {
		t.Run(tt.name+"/"+tt.function, func(t *testing.T) {
			loss, _, err := minimise(tt.optimiser, functions[tt.function].eval, start(tt.function, tt.n), tt.budget)
			if err != nil || !(loss < tt.loss) {
				t.Errorf("loss %v, %v; want below %v", loss, err, tt.loss)
			}
		})
	}
}

func TestFirstStep(t *testing.T) {
	tests := []struct {
		name string
		lr   float64
		g    []float32
		want []float32 // the step
	}{
		{"long gradient", 1, []float32{3, -1}, []float32{-0.75, 0.25}},
		{"long gradient, small rate", 0.5, []float32{3, -1}, []float32{-0.375, 0.125}},
		{"short gradient", 1, []float32{0.25, -0.5}, []float32{-0.25, 0.5}},
	}
	for _, tt := range tests {
		x := []float32{0, 0}
		if err := never(t, tt.lr, 1, 2).Step(x, tt.g, 1); err != nil || !slices.Equal(x, tt.want) {
			t.Errorf("%s: step %v, %v; want %v", tt.name, x, err, tt.want)
		}
	}
	x := []float32{0, 0, 0}
	if err := adam(t, optim.DefaultAdam(), 3).Step(x, []float32{300, -0.01, 0}, 1); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{-1e-3, 1e-3, 0} {
		if math.Abs(float64(x[i])-want) > 1e-8 {
			t.Errorf("adam: variable %d moved by %v, want %v", i, x[i], want)
		}
	}
}

func TestZeroGradient(t *testing.T) {
	x, g := []float32{1, 2}, []float32{0, 0}
	o, err := optim.NewLBFGS(2, optim.DefaultLBFGS(), optim.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Step(x, g, 1); err != optim.ErrConverged {
		t.Errorf("lbfgs: %v, want %v", err, optim.ErrConverged)
	}
	for name, o := range all(t, 2) {
		for range 3 {
			if err := o.Step(x, g, 1); err != nil || x[0] != 1 || x[1] != 2 {
				t.Errorf("%s without tolerances: x %v, %v", name, x, err)
			}
		}
	}
}

func TestNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tests := []struct {
		name string
		g    []float32
		loss float64
	}{
		{"NaN loss", []float32{1, 1, 1}, math.NaN()},
		{"infinite loss", []float32{1, 1, 1}, math.Inf(-1)},
		{"NaN gradient", []float32{1, nan, 1}, 1},
		{"infinite gradient", []float32{1, 1, inf}, 1},
		{"infinities that cancel", []float32{inf, -inf, 1}, 1},
		{"infinite loss and gradient", []float32{inf, 1, 1}, math.Inf(-1)},
	}
	for _, tt := range tests {
		for method, o := range all(t, 3) {
			x := []float32{3, 2, 1}
			if _, _, err := minimise(o, quadratic, x, 3); err != nil {
				t.Fatal(err)
			}
			before, was := o.State().Clone(), slices.Clone(x)
			if err := o.Step(x, tt.g, tt.loss); err != optim.ErrNotFinite {
				t.Errorf("%s, %s: %v, want %v", method, tt.name, err, optim.ErrNotFinite)
			}
			if !slices.Equal(x, was) || !equal(o.State(), before) {
				t.Errorf("%s, %s: x or state changed", method, tt.name)
			}
		}
	}
}

// equal compares finite numbers bit by bit.
func equal(a, b optim.State) bool {
	return a.Method == b.Method && a.Steps == b.Steps && slices.Equal(a.Numbers, b.Numbers) &&
		slices.EqualFunc(a.Vectors, b.Vectors, slices.Equal[[]float32])
}

// TestRestore interrupts a run at every step, before and after the history overflows, and
// expects the same bits as without interruption. The state passes through JSON, as in a
// checkpoint.
func TestRestore(t *testing.T) {
	const n, steps = 20, 12
	for method := range all(t, n) {
		whole := all(t, n)[method]
		want := start("rosenbrock", n)
		if _, _, err := minimise(whole, rosenbrock, want, steps); err != nil {
			t.Fatal(err)
		}
		for cut := range steps {
			x, first := start("rosenbrock", n), all(t, n)[method]
			if _, _, err := minimise(first, rosenbrock, x, cut); err != nil {
				t.Fatal(err)
			}
			blob, err := json.Marshal(first.State())
			if err != nil {
				t.Fatal(err)
			}
			var st optim.State
			if err := json.Unmarshal(blob, &st); err != nil {
				t.Fatal(err)
			}
			second := all(t, n)[method]
			if _, _, err := minimise(second, waves, start("waves", n), 7); err != nil { // something to overwrite
				t.Fatal(err)
			}
			if err := second.Restore(st); err != nil {
				t.Fatal(err)
			}
			if _, _, err := minimise(second, rosenbrock, x, steps-cut); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(x, want) || !equal(second.State(), whole.State()) {
				t.Errorf("%s: cut after %d of %d steps, the end is another", method, cut, steps)
			}
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	for method, o := range all(t, 3) {
		good := o.State().Clone()
		tests := map[string]func(*optim.State){
			"method":        func(s *optim.State) { s.Method = "newton" },
			"steps":         func(s *optim.State) { s.Steps = -1 },
			"numbers":       func(s *optim.State) { s.Numbers = append(s.Numbers, 1) },
			"no vectors":    func(s *optim.State) { s.Vectors = nil },
			"vector length": func(s *optim.State) { s.Vectors[1] = make([]float32, 2) },
			"empty":         func(s *optim.State) { *s = optim.State{} },
		}
		for name, spoil := range tests {
			bad := good.Clone()
			spoil(&bad)
			if err := o.Restore(bad); err == nil {
				t.Errorf("%s, %s: no error", method, name)
			}
		}
		if err := o.Restore(good); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	long := never(t, 1, 5, 3)
	if _, _, err := minimise(long, quadratic, make([]float32, 3), 6); err != nil {
		t.Fatal(err)
	}
	if err := never(t, 1, 2, 3).Restore(long.State()); err == nil {
		t.Error("more pairs than History: no error")
	}
}

// TestReset continues with a function whose first pairs are refused, so that leftovers of the
// run before would show.
func TestReset(t *testing.T) {
	const n, steps = 20, 9
	for method, used := range all(t, n) {
		fresh, a, b := all(t, n)[method], start("waves", n), start("waves", n)
		_, _, err1 := minimise(used, rosenbrock, start("rosenbrock", n), steps)
		used.Reset()
		_, _, err2 := minimise(used, waves, a, steps)
		_, _, err3 := minimise(fresh, waves, b, steps)
		if err := errors.Join(err1, err2, err3); err != nil || !slices.Equal(a, b) {
			t.Errorf("%s: another way after Reset (%v)", method, err)
		}
	}
}

// TestTolerances checks the second of two steps. The first moves by 3/4 and 1/4 from a loss
// of 10.
func TestTolerances(t *testing.T) {
	off := math.Inf(-1)
	tests := []struct {
		name               string
		tolGrad, tolChange float64
		g                  []float32
		loss               float64
		want               error
	}{
		{"none", -1, off, []float32{2, -1}, 10, nil},
		{"gradient at it", 2, off, []float32{1, -2}, 5, optim.ErrConverged},
		{"gradient above it", 1.9, off, []float32{1, -2}, 5, nil},
		{"move at it", -1, 0.75, []float32{2, -1}, 5, optim.ErrConverged},
		{"move above it", -1, 0.74, []float32{2, -1}, 5, nil},
		{"change of loss below it", -1, 0.5, []float32{2, -1}, 9.75, optim.ErrConverged},
		{"change of loss at it", -1, 0.5, []float32{2, -1}, 9.5, nil},
		{"growth of loss below it", -1, 0.5, []float32{2, -1}, 10.25, optim.ErrConverged},
		{"slope", -1, 0.5, []float32{0.1, -0.1}, 5, optim.ErrConverged},
	}
	for _, tt := range tests {
		opts := optim.LBFGSOptions{LR: 1, History: 3, TolGrad: tt.tolGrad, TolChange: tt.tolChange}
		o, err := optim.NewLBFGS(2, opts, optim.Plain{})
		if err != nil {
			t.Fatal(err)
		}
		x := []float32{0, 0}
		if err := o.Step(x, []float32{3, -1}, 10); err != nil {
			t.Fatalf("%s: first step: %v", tt.name, err)
		}
		was := slices.Clone(x)
		if err := o.Step(x, tt.g, tt.loss); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if moved := !slices.Equal(x, was); moved != (tt.want == nil) {
			t.Errorf("%s: x moved: %v", tt.name, moved)
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	const n = 100
	for method, o := range all(t, n) {
		x, g := start("quadratic", n), make([]float32, n)
		step := func() {
			if err := o.Step(x, g, quadratic(x, g)); err != nil {
				t.Fatal(err)
			}
		}
		for range 6 {
			step()
		}
		if a := testing.AllocsPerRun(20, step); a != 0 {
			t.Errorf("%s: %v allocations a step", method, a)
		}
	}
}

func TestOptionsRefused(t *testing.T) {
	nan := math.NaN()
	for name, change := range map[string]func(*optim.LBFGSOptions, *optim.AdamOptions){
		"LR 0":           func(l *optim.LBFGSOptions, a *optim.AdamOptions) { l.LR, a.LR = 0, 0 },
		"LR NaN":         func(l *optim.LBFGSOptions, a *optim.AdamOptions) { l.LR, a.LR = nan, nan },
		"LR infinite":    func(l *optim.LBFGSOptions, a *optim.AdamOptions) { l.LR, a.LR = math.Inf(1), math.Inf(1) },
		"history, beta1": func(l *optim.LBFGSOptions, a *optim.AdamOptions) { l.History, a.Beta1 = 0, 1 },
		"TolGrad, beta2": func(l *optim.LBFGSOptions, a *optim.AdamOptions) { l.TolGrad, a.Beta2 = nan, -0.1 },
		"TolChange, eps": func(l *optim.LBFGSOptions, a *optim.AdamOptions) { l.TolChange, a.Eps = nan, -1 },
	} {
		l, a := optim.DefaultLBFGS(), optim.DefaultAdam()
		change(&l, &a)
		if _, err := optim.NewLBFGS(2, l, optim.Plain{}); err == nil {
			t.Errorf("lbfgs, %s: no error", name)
		}
		if _, err := optim.NewAdam(2, a, optim.Plain{}); err == nil {
			t.Errorf("adam, %s: no error", name)
		}
	}
	for method, o := range all(t, 3) {
		if err := o.Step(make([]float32, 2), make([]float32, 3), 0); err == nil {
			t.Errorf("%s: no error for 2 variables instead of 3", method)
		}
	}
}

func ExampleLBFGS() {
	o, err := optim.NewLBFGS(2, optim.DefaultLBFGS(), optim.Plain{})
	if err != nil {
		panic(err)
	}
	x, g := []float32{0, 0}, make([]float32, 2)
	for range 100 {
		// (x₀ - 3)² + 10 (x₁ + 1)²
		a, b := x[0]-3, x[1]+1
		g[0], g[1] = 2*a, 20*b
		if err := o.Step(x, g, float64(a*a+10*b*b)); err != nil {
			fmt.Println(err)
			break
		}
	}
	fmt.Printf("%.3f\n", x)
	// Output:
	// optim: converged
	// [3.000 -1.000]
}

// TestChange checks that the step before Change makes no pair, that earlier pairs stay, and
// that no tolerance compares with it.
func TestChange(t *testing.T) {
	const n = 12
	for name, o := range all(t, n) {
		if name == "adam" {
			continue
		}
		x := start("quadratic", n)
		step := func(scale float32) error {
			g := make([]float32, n)
			loss := functions["quadratic"].eval(x, g)
			for i := range g {
				g[i] *= scale
			}
			return o.Step(x, g, loss*float64(scale))
		}
		for range 3 {
			if err := step(1); err != nil {
				t.Fatal(name, err)
			}
		}
		before := len(o.State().Vectors)
		if o.Change(); step(1.1) != nil {
			t.Errorf("%s: ended with the change", name)
		}
		if after := len(o.State().Vectors); after != before {
			t.Errorf("%s: %d vectors became %d", name, before, after)
		}
	}
}
