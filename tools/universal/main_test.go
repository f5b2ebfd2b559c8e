package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/nst/instant"
	"nst/vgg"
)

// folder writes pictures and opens the folder.
func folder(t *testing.T, n int, seed uint64) *pictures {
	t.Helper()
	dir, r := t.TempDir(), rand.New(rand.NewPCG(seed, 0))
	for i := range n {
		p := imgio.NewPlanar(70, 50)
		for j := range p.Pix {
			p.Pix[j] = float32(r.Float64())
		}
		if err := imgio.Save(filepath.Join(dir, fmt.Sprintf("%02d.png", i)), p, imgio.Encoding{}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openPictures(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testTrainer(t *testing.T, photos, paintings *pictures) *trainer {
	t.Helper()
	slim, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	tr, err := newTrainer(d, slim, settings{
		size: 32, batch: 2, steps: 4, sample: 2, content: 1, style: 10, colour: 4, tv: 0.5, rate: 1e-3, seed: 1,
	}, photos, paintings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.teacher.Close() })
	return tr
}

// TestTeach takes steps, goes on from a checkpoint, and lets the program read the network.
func TestTeach(t *testing.T) {
	if testing.Short() {
		t.Skip("needs seconds")
	}
	ctx := context.Background()
	photos, paintings := folder(t, 20, 1), folder(t, 20, 2)
	first := testTrainer(t, photos, paintings)
	if err := first.start(ctx); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := first.Step(ctx); err != nil {
			t.Fatal(err)
		}
	}
	checkpoint := filepath.Join(t.TempDir(), "a.training")
	if err := first.save(checkpoint); err != nil {
		t.Fatal(err)
	}
	second := testTrainer(t, photos, paintings)
	if err := second.resume(checkpoint); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(second.network.Params, first.network.Params) || !slices.Equal(second.average, first.average) || second.step != 3 {
		t.Error("the checkpoint has another state")
	}
	if err := second.run(ctx, checkpoint); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "u.safetensors")
	if err := export(checkpoint, out); err != nil {
		t.Fatal(err)
	}
	m, err := instant.LoadUniversal(out)
	if err != nil {
		t.Fatal(err)
	}
	about := m.About()
	if got := about.Training; got.Steps != 4 || got.Photographs != 19 || got.Paintings != 19 || got.Seconds <= 0 || got.Network != "slim" {
		t.Errorf("taught by %+v", got)
	}
	if about.Licence == "" {
		t.Error("no note on the licence")
	}
}

// TestRecolour checks that a picture gets the colours of another one.
func TestRecolour(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p, other := imgio.NewPlanar(20, 20), imgio.NewPlanar(30, 10)
	for i := range p.Pix {
		p.Pix[i] = 0.4 + 0.1*float32(r.Float64())
	}
	for i := range other.Pix {
		other.Pix[i] = 0.3 + float32(i/300)*0.1 + 0.2*float32(r.Float64())
	}
	recolour(p, other)
	for i, axis := range opponents {
		mean, deviation := along(p, axis)
		wantMean, wantDeviation := along(other, axis)
		if math.Abs(mean-wantMean) > 1e-3 || math.Abs(deviation-wantDeviation) > 0.05*wantDeviation {
			t.Errorf("axis %d has mean %v and deviation %v, want %v and %v", i, mean, deviation, wantMean, wantDeviation)
		}
	}
}
