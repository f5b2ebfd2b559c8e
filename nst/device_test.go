//go:build gpu && linux && cgo

package nst_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"nst/nst"
	"nst/vgg"
)

// onCard skips a test unless NST_LIBCUDA names a driver, such as the one that make
// test-gpu builds.
func onCard(t *testing.T) {
	t.Helper()
	if os.Getenv("NST_LIBCUDA") == "" {
		t.Skip("NST_LIBCUDA names no driver; make test-gpu does")
	}
}

// brush paints a picture with the slim network, which has the channels that a card wants.
func brush(t *testing.T, o nst.Options, warn func(error)) (*nst.Result, error) {
	t.Helper()
	weights, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	return brushWith(t, weights, o, warn)
}

// brushWith is brush with another network.
func brushWith(t *testing.T, weights *vgg.Weights, o nst.Options, warn func(error)) (*nst.Result, error) {
	t.Helper()
	tr, err := nst.New(weights, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := tr.Style(context.Background(), nst.StylePicture{Picture: draw(36, 34, 1), Weight: 1})
	if err != nil {
		return nil, err
	}
	return tr.Run(context.Background(), nst.Job{Content: draw(40, 36, 0), Style: s, Warn: warn})
}

// TestCUDARun holds whole runs on a card, over two scales, against the same on the
// processor. The first steps of torch's L-BFGS hang on the rounding of the gradient, so
// that of those it is only wanted that they run.
func TestCUDARun(t *testing.T) {
	onCard(t)
	for _, optimizer := range nst.Methods() {
		o := nst.DefaultOptions()
		o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Schedule.FineIterations, o.Optimizer.Method, o.Compute.Precision = 32, 2, 5, 3, optimizer, nst.PrecisionFP32
		o.Compute.Device = nst.DeviceCUDA
		got, err := brush(t, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if optimizer == nst.LBFGSTorch || optimizer == nst.LBFGSWolfe {
			if got.Iterations != 8 || math.IsNaN(got.Loss.Total) {
				t.Errorf("%s: loss %v after %d iterations", optimizer, got.Loss.Total, got.Iterations)
			}
			continue
		}
		o.Compute.Device = nst.DeviceCPU
		want, err := brush(t, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if off := math.Abs(got.Loss.Total/want.Loss.Total - 1); !(off < 1e-3) {
			t.Errorf("%s: loss %v on the card, %v on the processor", optimizer, got.Loss.Total, want.Loss.Total)
		}
		var off float64
		for i, v := range want.Picture.Pix {
			off = math.Max(off, math.Abs(float64(got.Picture.Pix[i])-float64(v)))
		}
		if !(off < 0.02) {
			t.Errorf("%s: a pixel is %v off", optimizer, off)
		}
	}
}

// TestCUDAMemory looks that a run that does not fit is refused with the size that
// does, or goes to the processor where that was left open.
func TestCUDAMemory(t *testing.T) {
	onCard(t)
	t.Setenv("NST_EMU_MEMORY", "15000000")
	o := nst.DefaultOptions()
	o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Compute.Device = 256, 1, 1, nst.DeviceCUDA
	_, err := brush(t, o, nil)
	full := new(nst.MemoryError)
	if !errors.As(err, &full) {
		t.Fatalf("on a card with 15 MB: %v, want a MemoryError", err)
	}
	if full.Size < 32 || full.Size >= 256 || full.Need <= full.Free {
		t.Errorf("%+v: want a size that fits", full)
	}
	o.Compute.Device = nst.DeviceAuto
	var said error
	if _, err := brush(t, o, func(err error) { said = err }); err != nil || said == nil {
		t.Errorf("auto: %v, said %v; want a run on the processor, and to be told", err, said)
	}
}

// TestCUDAFits looks that the memory that is said to be needed is enough, for the first
// picture and for the next, when the weights lie on the card already.
func TestCUDAFits(t *testing.T) {
	onCard(t)
	weights, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, optimizer := range nst.Methods() {
		o := nst.DefaultOptions()
		o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Optimizer.Method, o.Compute.Device = 96, 2, 4, optimizer, nst.DeviceCUDA
		// Shallow, the vectors weigh more than the features.
		layers := []nst.LayerWeight{{Layer: "relu1_1", Weight: 1}}
		o.Objective.ContentLayers, o.Objective.StyleLayers = layers, layers
		full := new(nst.MemoryError)
		t.Setenv("NST_EMU_MEMORY", "100000")
		if _, err := brush(t, o, nil); !errors.As(err, &full) {
			t.Fatalf("on a card with 100 kB: %v, want a MemoryError", err)
		}
		t.Setenv("NST_EMU_MEMORY", fmt.Sprint(full.Need))
		tr, err := nst.New(weights, o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tr.Style(context.Background(), nst.StylePicture{Picture: draw(36, 34, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if _, err := tr.Run(context.Background(), nst.Job{Content: draw(40, 36, 0), Style: s}); err != nil {
				t.Errorf("%s, run %d: %v", optimizer, i+1, err)
			}
		}
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCUDAScoreMemory looks that a score goes to the processor too.
func TestCUDAScoreMemory(t *testing.T) {
	onCard(t)
	t.Setenv("NST_EMU_MEMORY", "1000000")
	weights, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for device, fits := range map[string]bool{nst.DeviceAuto: true, nst.DeviceCUDA: false} {
		o := nst.DefaultOptions()
		o.Size, o.Compute.Device = 128, device
		tr, err := nst.New(weights, o)
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		s, err := tr.Style(context.Background(), nst.StylePicture{Picture: draw(36, 34, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tr.Score(context.Background(), draw(40, 36, 0), s, draw(40, 36, 2))
		if fits && err != nil || !fits && !errors.As(err, new(*nst.MemoryError)) {
			t.Errorf("%s: %v", device, err)
		}
	}
}

// TestCUDAFails looks that a card that fails at the last iteration leaves an error and
// no picture, whether or not the run was interrupted at the same time.
func TestCUDAFails(t *testing.T) {
	onCard(t)
	weights, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, interrupt := range []bool{false, true} {
		o := nst.DefaultOptions()
		o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Optimizer.Method, o.Compute.Device = 32, 1, 2, nst.Adam, nst.DeviceCUDA
		tr, err := nst.New(weights, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		s, err := tr.Style(ctx, nst.StylePicture{Picture: draw(36, 34, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		progress := func(p nst.Progress) {
			if p.Iteration < o.Schedule.Iterations {
				return
			}
			os.Setenv("NST_EMU_DEAD", "1")
			if interrupt {
				cancel()
			}
		}
		t.Cleanup(func() { os.Unsetenv("NST_EMU_DEAD") })
		r, err := tr.Run(ctx, nst.Job{Content: draw(40, 36, 0), Style: s, Progress: progress})
		os.Unsetenv("NST_EMU_DEAD")
		if r != nil || !errors.As(err, new(*nst.CardError)) || errors.Is(err, context.Canceled) {
			t.Errorf("interrupted %v: %v, %v; want no result and a CardError", interrupt, r != nil, err)
		}
		cancel()
		tr.Close()
	}
}

// TestCUDAUnsupported looks that a network with other channels than cards have kernels
// for is refused, or goes to the processor where that was left open.
func TestCUDAUnsupported(t *testing.T) {
	onCard(t)
	network := vgg.Slim()
	network.Layers = slices.Clone(network.Layers)
	for i := range network.Layers {
		l := &network.Layers[i]
		if l.K = 12; i > 0 {
			l.C = 12
		}
	}
	weights, err := vgg.Seeded(network, vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	o := nst.DefaultOptions()
	o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Compute.Device = 32, 1, 1, nst.DeviceCUDA
	if _, err := brushWith(t, weights, o, nil); !errors.As(err, new(*nst.UnsupportedError)) {
		t.Errorf("12 channels: %v, want an UnsupportedError", err)
	}
	o.Compute.Device = nst.DeviceAuto
	var said error
	if _, err := brushWith(t, weights, o, func(err error) { said = err }); err != nil || said == nil {
		t.Errorf("auto: %v, said %v; want a run on the processor, and to be told", err, said)
	}
}

// TestCUDANone looks that a card that is not there is an error that says so.
func TestCUDANone(t *testing.T) {
	onCard(t)
	o := nst.DefaultOptions()
	o.Compute.Device = "cuda:7"
	none := new(nst.DeviceError)
	if _, err := brush(t, o, nil); !errors.As(err, &none) {
		t.Errorf("card 7: %v, want a DeviceError", err)
	}
	o.Compute.Device, o.Objective.StyleLoss = nst.DeviceCUDA, nst.StyleW2
	bad := new(nst.OptionError)
	if _, err := brush(t, o, nil); !errors.As(err, &bad) || bad.Field != "Objective.StyleLoss" {
		t.Errorf("w2 on a card: %v, want an OptionError", err)
	}
}

// TestCUDAPassed looks that auto tells of a card that it has passed over, once, unless
// such a card is to be expected.
func TestCUDAPassed(t *testing.T) {
	onCard(t)
	o := nst.DefaultOptions()
	o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Compute.Device = 32, 1, 1, "auto:7"
	var said error
	if _, err := brush(t, o, func(err error) { said = err }); err != nil || !errors.As(said, new(*nst.DeviceError)) {
		t.Errorf("auto:7: %v, said %v; want a run on the processor, and to be told", err, said)
	}
}

// TestCUDAResume interrupts runs on a card, and goes on from the states.
func TestCUDAResume(t *testing.T) {
	onCard(t)
	weights, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []nst.Method{nst.LBFGS, nst.Adam} {
		o := small()
		o.Compute.Device, o.Optimizer.Method, o.Schedule.Scales = nst.DeviceCUDA, method, 2
		tr, err := nst.New(weights, o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tr.Style(t.Context(), nst.StylePicture{Picture: draw(36, 34, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		job := nst.Job{Content: draw(40, 36, 0), Style: s}
		want, err := tr.Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{3, 7} {
			ctx, cancel := context.WithCancel(t.Context())
			first, file := job, new(bytes.Buffer)
			first.Progress = func(p nst.Progress) {
				if p.Done == at {
					cancel()
				}
			}
			first.Checkpoint = func(s *nst.State) {
				if err := s.Write(file); err != nil {
					t.Error(err)
				}
			}
			if _, err := tr.Run(ctx, first); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			next := job
			if next.Resume, err = nst.ReadState(bytes.NewReader(file.Bytes()), int64(file.Len())); err != nil {
				t.Fatal(err)
			}
			got, err := tr.Run(t.Context(), next)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Picture.Pix, want.Picture.Pix) || got.Iterations != want.Iterations {
				t.Errorf("%s, interrupted after iteration %d: another picture", method, at)
			}
		}
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	}
}
