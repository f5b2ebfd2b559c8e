package optim_test

import (
	"math"
	"slices"
	"testing"

	"nst/internal/optim"
)

// preconditioned makes an L-BFGS with a history of 4 that no tolerance stops.
func preconditioned(t *testing.T, p func(dst, src []float32), wolfe bool, n int) *optim.LBFGS {
	t.Helper()
	o, err := optim.NewLBFGS(n, optim.LBFGSOptions{LR: 1, History: 4, TolGrad: -1, TolChange: math.Inf(-1), Precondition: p, StrongWolfe: wolfe}, optim.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// smooth multiplies by the matrix with 2 on the diagonal and 1/2 beside it.
func smooth(dst, src []float32) {
	for i, v := range src {
		dst[i] = 2 * v
		if i > 0 {
			dst[i] += src[i-1] / 2
		}
		if i+1 < len(src) {
			dst[i] += src[i+1] / 2
		}
	}
}

// TestPreconditionIdentity: the identity gives the same bits as no preconditioner.
func TestPreconditionIdentity(t *testing.T) {
	const n, steps = 20, 15
	identity := func(dst, src []float32) { copy(dst, src) }
	for name, search := range map[string]bool{"steps": false, "line search": true} {
		for function := range functions {
			a, b := start(function, n), start(function, n)
			_, _, err1 := minimise(preconditioned(t, nil, search, n), functions[function].eval, a, steps)
			_, _, err2 := minimise(preconditioned(t, identity, search, n), functions[function].eval, b, steps)
			if (err1 == nil) != (err2 == nil) || !slices.Equal(a, b) {
				t.Errorf("%s, %s: another way (%v, %v)", function, name, err1, err2)
			}
		}
	}
}

// TestPreconditionInverse: with a multiple of the inverse Hessian, the quadratic of condition
// number 1000 is as easy as the bowl.
func TestPreconditionInverse(t *testing.T) {
	const n = 50
	inverse := func(dst, src []float32) {
		for i, v := range src {
			dst[i] = 7 * v / float32(math.Pow(10, 3*float64(i)/float64(n-1)))
		}
	}
	plain, _, err1 := minimise(preconditioned(t, nil, false, n), quadratic, start("quadratic", n), 8)
	loss, _, err2 := minimise(preconditioned(t, inverse, false, n), quadratic, start("quadratic", n), 8)
	if err1 != nil || err2 != nil || !(loss < 1e-6) || !(plain > 1) {
		t.Errorf("after 8 evaluations %v with and %v without (%v, %v), want below 1e-6 and above 1", loss, plain, err2, err1)
	}
}

// TestPreconditionFirst: the first step goes along -P g and has the length FirstMove.
func TestPreconditionFirst(t *testing.T) {
	o, err := optim.NewLBFGS(3, optim.LBFGSOptions{LR: 1, History: 4, FirstMove: 0.5, Precondition: smooth}, optim.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	x := []float32{0, 0, 0}
	if err := o.Step(x, []float32{100, 0, -20}, 1); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{-0.5, -0.1, 0.1} { // P g is 200, 40, -40
		if math.Abs(float64(x[i])-want) > 1e-6 {
			t.Errorf("variable %d moved by %v, want %v", i, x[i], want)
		}
	}
}
