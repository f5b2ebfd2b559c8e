package nst_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"nst/nst"
	"nst/vgg"
)

// TestBeside paints with two Transfers at once that share network, filters and style: both
// paint what one alone does, and one works on when the other is closed.
func TestBeside(t *testing.T) {
	w, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv2_2", 1)
	if err != nil {
		t.Fatal(err)
	}
	o := nst.DefaultOptions()
	o.Size, o.Schedule.Iterations, o.Compute.Threads = 48, 3, 2
	o.Objective.ContentLayers = []nst.LayerWeight{{Layer: "relu2_2", Weight: 1}}
	o.Objective.StyleLayers = []nst.LayerWeight{{Layer: "relu1_1", Weight: 1}, {Layer: "relu2_1", Weight: 1}}
	o.Compute.Device = nst.DeviceCPU
	open := func() *nst.Transfer {
		tr, err := nst.New(w, o)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	run := func(tr *nst.Transfer, s *nst.Style) []float32 {
		r, err := tr.Run(t.Context(), nst.Job{Content: draw(48, 40, 3), Style: s})
		if err != nil {
			t.Error(err)
			return nil
		}
		return r.Picture.Pix
	}
	alone := open()
	defer alone.Close()
	style, err := alone.Style(t.Context(), nst.StylePicture{Picture: draw(40, 40, 5), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := run(alone, style)

	first := open()
	second, err := first.Beside(1)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if style, err = first.Style(t.Context(), nst.StylePicture{Picture: draw(40, 40, 5), Weight: 1}); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for _, tr := range []*nst.Transfer{first, second} {
		both.Go(func() {
			for range 3 {
				if !slices.Equal(run(tr, style), want) {
					t.Error("another picture than alone")
				}
			}
		})
	}
	both.Wait()
	first.Close()
	if !slices.Equal(run(second, style), want) {
		t.Error("another picture after the first was closed")
	}
	if _, err := first.Beside(1); !errors.Is(err, nst.ErrClosed) {
		t.Errorf("beside one that is closed: %v", err)
	}
}
