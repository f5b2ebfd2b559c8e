package exec_test

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/vgg"
)

// bf16Problem is a whole objective over VGG-19 or the slim network.
func bf16Problem(t testing.TB, net *vgg.Network) *problem {
	return newProblem(t, net, 61, 43, op.Max, []string{"relu4_2"}, []string{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"}, 2)
}

// openBF16 returns the processor in bfloat16 and in float32. Plain Go takes the place of
// instructions that it lacks.
func openBF16(t testing.TB, threads int, features bool) (half, full *exec.CPU) {
	t.Helper()
	full, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if half, err = full.BF16(features); errors.Is(err, exec.ErrNoBF16) {
		full.Close()
		if full, err = exec.OpenCPU(threads, func(string) string { return "generic" }); err == nil {
			half, err = full.BF16(features)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { full.Close() })
	return half, full
}

// rootMeanSquare returns how far got is from want, in root mean squares of want.
func rootMeanSquare(got, want []float32) float64 {
	var off, sum float64
	for i, v := range want {
		off += math.Pow(float64(got[i])-float64(v), 2)
		sum += math.Pow(float64(v), 2)
	}
	return math.Sqrt(off / sum)
}

// TestBF16 states how far bfloat16 is from float32. With gradients alone in bfloat16, losses
// are the same, and the gradient to the pixels is 2.3 % off. With features too, losses are 0.4 %
// off, and gradients 24 %, most of that where a maximum changes place or an activation crosses
// zero. With trained weights and real pictures these are 0.6 % and 7 %.
func TestBF16(t *testing.T) {
	nets := []*vgg.Network{vgg.VGG19(), vgg.Slim()}
	if testing.Short() {
		nets = nets[1:]
	}
	for _, net := range nets {
		p := bf16Problem(t, net)
		for _, features := range []bool{false, true} {
			half, full := openBF16(t, 2, features)
			wantTotal, wantTerms, want := p.runOn(t, full)
			total, terms, got := p.runOn(t, half)
			off := rootMeanSquare(got, want)
			t.Logf("%s, features %v: total %.2g off, gradient %.2g off", net.Name, features, reftest.Rel(total, wantTotal), off)
			if !features && (total != wantTotal || !slices.Equal(terms, wantTerms)) {
				t.Errorf("%s: losses are %v, want %v", net.Name, terms, wantTerms)
			}
			lossBound, gradientBound := 0., 0.03
			if features {
				lossBound, gradientBound = 0.01, 0.3
			}
			for i, n := range p.terms {
				if d := reftest.Rel(terms[i], wantTerms[i]); d > lossBound {
					t.Errorf("%s: %s is %.2g off", net.Name, n.Name(), d)
				}
			}
			if off == 0 || off > gradientBound {
				t.Errorf("%s, features %v: the gradient is %.2g off, want at most %v, but not 0", net.Name, features, off, gradientBound)
			}
		}
	}
}

// TestPassing looks that filters that are transformed for each use give the same bytes, and
// that none of them stays.
func TestPassing(t *testing.T) {
	p := bf16Problem(t, vgg.Slim())
	_, full := openBF16(t, 2, true)
	total, _, gradient := p.runOn(t, full.Passing())
	if held := full.Held(); held != 0 {
		t.Errorf("%d bytes of filters stay", held)
	}
	want, _, wantGradient := p.runOn(t, full)
	if total != want || !slices.Equal(gradient, wantGradient) {
		t.Error("filters that pass give other numbers than those that stay")
	}
}

// TestThreadsBF16 is TestThreads in bfloat16.
func TestThreadsBF16(t *testing.T) {
	p := bf16Problem(t, vgg.Slim())
	var total float64
	var gradient []float32
	for threads := 1; threads <= 4; threads++ {
		half, _ := openBF16(t, threads, true)
		got, _, g := p.runOn(t, half)
		if threads == 1 {
			total, gradient = got, g
		} else if got != total || !slices.Equal(g, gradient) {
			t.Errorf("%d threads and one do not agree", threads)
		}
	}
}

// TestPlanBF16 looks that a plan is what the machine takes, and that filters take twice the
// memory: they are transformed, four times as many numbers of half the size.
func TestPlanBF16(t *testing.T) {
	p := bf16Problem(t, vgg.Slim())
	half, full := openBF16(t, 2, true)
	whole, err := full.Plan(p.total, p.gradient)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*exec.CPU{half, full.Passing()} {
		plan, err := d.Plan(p.total, p.gradient)
		if err != nil {
			t.Fatal(err)
		}
		m, err := exec.New(d, p.total, p.gradient)
		if err != nil {
			t.Fatal(err)
		}
		p.set(t, m)
		if err := m.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if took := m.Plan(); took != plan {
			t.Errorf("%s: planned were %+v, the machine has %+v", d.Name(), plan, took)
		}
		if d == half && plan.Weights != 2*whole.Weights {
			t.Errorf("filters take %d bytes, and %d in float32", plan.Weights, whole.Weights)
		}
		m.Close()
	}
}
