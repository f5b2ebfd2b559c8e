package feedforward

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"

	"nst/internal/engine/exec"
	"nst/vgg"
)

// TestPlans compares what is planned with what machines take.
func TestPlans(t *testing.T) {
	open := func() *exec.CPU {
		d, err := exec.OpenCPU(2, os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	a := Architecture{Widths: [3]int{16, 16, 32}, Blocks: 1}
	planned, err := PlanPainter(open(), a, 64, 48)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPainter(open(), a, 64, 48)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.machine.Plan(); got != planned {
		t.Errorf("a painter takes %+v, planned were %+v", got, planned)
	}

	slim, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv4_2", 3)
	if err != nil {
		t.Fatal(err)
	}
	l := Lesson{
		Architecture: a, Loss: slim, Content: "relu4_2", Style: []vgg.StyleLayer{{Layer: "relu1_1", Weight: 1}},
		Batch: 2, Size: 64, ContentWeight: 1, StyleWeight: 1, TVWeight: 1,
	}
	planned, err = PlanTeacher(open(), l)
	if err != nil {
		t.Fatal(err)
	}
	teacher, err := NewTeacher(open(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer teacher.Close()
	if got := teacher.machine.Plan(); got != planned {
		t.Errorf("a teacher takes %+v, planned were %+v", got, planned)
	}
}

// TestPlanBands compares the plan of bands with what they have stored after painting.
func TestPlanBands(t *testing.T) {
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	a := Architecture{Widths: [3]int{16, 16, 16}, Blocks: 1}
	const w, h = 512, 96
	_, stored, err := PlanBands(d, a, w, h)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = r.Float32()
		}
		return x
	}
	b, err := NewBands(d, a, w, h, 0, random(a.Shared()), random(a.PerStyle()))
	if err != nil {
		t.Fatal(err)
	}
	picture := random(3 * w * h)
	if err := b.Paint(context.Background(), picture, picture); err != nil {
		t.Fatal(err)
	}
	if got := int64(4 * (len(b.stored) + len(b.layer) + len(b.spare))); got != stored {
		t.Errorf("%d bytes are stored, planned were %d", got, stored)
	}
}
