package feedforward

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"nst/internal/engine/exec"
)

// TestBands compares a picture that is painted in bands with one that is painted whole.
// Nothing else would show seams or statistics of a band in place of those of the picture.
func TestBands(t *testing.T) {
	a := Architecture{Widths: [3]int{8, 16, 20}, Blocks: 2}
	for _, tt := range []struct{ w, h, rows int }{
		{64, 96, 16}, {36, 100, 32}, {128, 20, 4}, {8, 8, 0}, {44, 200, 24},
	} {
		r := rand.New(rand.NewPCG(1, uint64(tt.w)))
		photo := make([]float32, 3*tt.w*tt.h)
		for i := range photo {
			photo[i] = float32(math.Sin(float64(i)/50))*0.3 + 0.4 + 0.3*r.Float32()
		}
		params := a.Init(1, 7)
		for i := range params {
			params[i] *= 1 + 0.2*r.Float32()
		}
		shared, style := params[:a.Shared()], params[a.Shared():]
		d, err := exec.OpenCPU(2, os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		whole, err := NewPainter(d, a, tt.w, tt.h)
		if err != nil {
			t.Fatal(err)
		}
		defer whole.Close()
		want, got := make([]float32, len(photo)), make([]float32, len(photo))
		if err := whole.Teach(shared, style); err != nil {
			t.Fatal(err)
		}
		if err := whole.Paint(context.Background(), want, photo); err != nil {
			t.Fatal(err)
		}
		b, err := NewBands(d, a, tt.w, tt.h, tt.rows, shared, style)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Paint(context.Background(), got, photo); err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i := range got {
			worst = max(worst, math.Abs(float64(got[i]-want[i])))
		}
		if !(worst < 1e-4) {
			t.Errorf("%dx%d in bands of %d: %v off", tt.w, tt.h, tt.rows, worst)
		}
	}
}
