//go:build gpu && linux && cgo

package exec

import (
	"context"
	"errors"
	"os"
	"testing"

	"nst/vgg"
)

// impatient is a context that ends when it is looked at for the second time.
type impatient struct {
	context.Context
	looks int
}

func (c *impatient) Err() error {
	if c.looks++; c.looks > 1 {
		return context.Canceled
	}
	return nil
}

// TestCUDAInterrupt looks that a program of much memory can be interrupted on its way.
func TestCUDAInterrupt(t *testing.T) {
	if os.Getenv("NST_LIBCUDA") == "" {
		t.Skip("NST_LIBCUDA names no driver; make test-gpu does")
	}
	d, err := OpenCUDA(0, TF32, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	w, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv4_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	var features map[string]*Node
	err = Build(func() (err error) {
		features, err = w.Features(Input(NewGraph(), "pixels", 1, 3, 32, 32), []string{"relu4_1"}, vgg.FeatureOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(d, features["relu4_1"])
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Run(&impatient{Context: t.Context()}); err != nil {
		t.Errorf("a small program: %v", err)
	}
	d.patience = 0
	if err := m.Run(&impatient{Context: t.Context()}); !errors.Is(err, context.Canceled) {
		t.Errorf("a large one: %v, want to be interrupted", err)
	}
	if err := m.Run(t.Context()); err != nil {
		t.Error(err)
	}
}
