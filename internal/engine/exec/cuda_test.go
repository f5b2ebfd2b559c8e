//go:build gpu && linux && cgo

package exec_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"nst/internal/engine/cuda"
	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/vgg"
)

// openCard opens the first card of the driver that NST_LIBCUDA names, which may be the
// one that make test-gpu builds: it runs kernels on the processor.
func openCard(t *testing.T, p exec.Precision) *exec.CUDA {
	t.Helper()
	if os.Getenv("NST_LIBCUDA") == "" {
		t.Skip("NST_LIBCUDA names no driver; make test-gpu does")
	}
	d, err := exec.OpenCUDA(0, p, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// compareOn holds the losses of device d against those of the processor and returns
// how far their gradients are apart.
func (p *problem) compareOn(t *testing.T, d exec.Device, tolerance float64) float64 {
	t.Helper()
	total, terms, gradient := p.runOn(t, d)
	wantTotal, wantTerms, wantGradient := p.run(t, 2)
	for i, n := range p.terms {
		if d := reftest.Rel(terms[i], wantTerms[i]); !(d <= tolerance) {
			t.Errorf("%s is %v, want %v", n.Name(), terms[i], wantTerms[i])
		}
	}
	if d := reftest.Rel(total, wantTotal); !(d <= tolerance) {
		t.Errorf("total is %v, want %v", total, wantTotal)
	}
	return reftest.RelMax(gradient, wantGradient)
}

// TestCUDAShallow holds the first layers on a card against the processor, at an odd
// size, in both precisions.
func TestCUDAShallow(t *testing.T) {
	for _, tt := range []struct {
		precision exec.Precision
		tolerance float64
	}{{exec.FP32, 1e-5}, {exec.TF32, 1e-2}} {
		d := openCard(t, tt.precision)
		p := newProblem(t, vgg.VGG19(), 21, 17, op.Max, []string{"relu2_1"}, []string{"relu1_1", "relu1_2", "relu2_1"}, 2)
		if off := p.compareOn(t, d, tt.tolerance); !(off <= 10*tt.tolerance) {
			t.Errorf("%s: gradient is %.2g off", d.Name(), off)
		}
	}
}

// TestCUDAWhole holds the whole gradient of VGG-19 on a card against the processor, and
// that of slim, which averages relu4_1.
func TestCUDAWhole(t *testing.T) {
	d := openCard(t, exec.FP32)
	style := []string{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"}
	for _, net := range []*vgg.Network{vgg.VGG19(), vgg.Slim()} {
		// Now and then a picture lies where the gradient jumps, see problem.compare.
		worst := 1.0
		for picture := uint64(2); picture < 5 && !(worst <= 1e-4); picture++ {
			p := newProblem(t, net, 64, 64, op.Max, []string{"relu4_2"}, style, picture)
			worst = p.compareOn(t, d, 1e-4)
		}
		if !(worst <= 1e-4) {
			t.Errorf("%s: gradient is %.2g off", net.Name, worst)
		}
	}
}

// TestCUDATerms holds each kind of term on a card against the processor. W2 has no
// form there, which is an error that names it.
func TestCUDATerms(t *testing.T) {
	d := openCard(t, exec.FP32)
	for _, tt := range slices.Concat(termTests(), mappedTests()) {
		t.Run(tt.name, func(t *testing.T) {
			if strings.HasSuffix(tt.name, "w2") {
				p := tt.build(t, 12, 10, 2)
				if _, err := exec.New(d, p.total, p.gradient); err == nil || !strings.Contains(err.Error(), tt.layers[0]) {
					t.Errorf("w2: %v, want an error that names the node", err)
				}
				return
			}
			worst := 1.0
			for picture := uint64(2); picture < 5 && !(worst <= 1e-4); picture++ {
				p := tt.build(t, 19, 14, picture)
				worst = p.compareOn(t, d, 1e-4)
			}
			if !(worst <= 1e-4) {
				t.Errorf("gradient is %.2g off", worst)
			}
		})
	}
}

// TestCUDAMemory looks that a plan says what a machine takes, and that a card with too
// little says so.
func TestCUDAMemory(t *testing.T) {
	d := openCard(t, exec.FP32)
	p := newProblem(t, vgg.VGG19(), 32, 32, op.Max, []string{"relu2_1"}, []string{"relu1_1"}, 2)
	plan, err := d.Plan(p.total, p.gradient)
	if err != nil {
		t.Fatal(err)
	}
	before, err := d.Free()
	if err != nil {
		t.Fatal(err)
	}
	m, err := exec.New(d, p.total, p.gradient)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Plan(); got != plan {
		t.Errorf("planned %+v, took %+v", plan, got)
	}
	after, err := d.Free()
	if err != nil {
		t.Fatal(err)
	}
	if taken := before - after; taken < plan.Total() || taken > plan.Total()+1<<16 {
		t.Errorf("took %d bytes, planned %d", taken, plan.Total())
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	t.Setenv("NST_EMU_MEMORY", "500000")
	if free, _ := d.Free(); free > 500000 {
		t.Skip("this card has as much memory as it has")
	}
	full := new(cuda.MemoryError)
	if _, err := exec.New(d, p.total, p.gradient); !errors.As(err, &full) {
		t.Errorf("with half a megabyte: %v, want a MemoryError", err)
	}
}

// TestCUDALarge looks that features with more numbers than an int32 counts are refused.
func TestCUDALarge(t *testing.T) {
	d := openCard(t, exec.TF32)
	w, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv1_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		size int
		fits bool
	}{{5792, true}, {5793, false}} { // 64 channels of 5792² are just below 2^31
		var features map[string]*exec.Node
		err := exec.Build(func() (err error) {
			pixels := exec.Input(exec.NewGraph(), "pixels", 1, 3, tt.size, tt.size)
			features, err = w.Features(pixels, []string{"relu1_1"}, vgg.FeatureOptions{})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Plan(features["relu1_1"])
		if large := new(exec.UnsupportedError); errors.As(err, &large) == tt.fits {
			t.Errorf("%d px: %v", tt.size, err)
		}
	}
}

// TestCUDAAgain looks that the same run gives the same bytes.
func TestCUDAAgain(t *testing.T) {
	d := openCard(t, exec.TF32)
	p := newProblem(t, vgg.VGG19(), 24, 16, op.Max, []string{"relu2_1"}, []string{"relu1_1", "relu2_1"}, 2)
	total, _, gradient := p.runOn(t, d)
	again, _, other := p.runOn(t, d)
	if total != again || !slices.Equal(gradient, other) {
		t.Error("two runs do not agree")
	}
}

// TestCUDASelftest runs the test that is there for real cards.
func TestCUDASelftest(t *testing.T) {
	for _, precision := range []exec.Precision{exec.FP32, exec.TF32} {
		err := openCard(t, precision).Selftest(context.Background(), func(c exec.Check) {
			if c.Failed() {
				t.Errorf("%s: %.2g off, want at most %g", c.Name, c.Off, c.Limit)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
