package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// mirrored is a convolution of a feed-forward network, with data.
type mirrored struct {
	c, k, h, w, stride int
	x, dy              []float32 // plain
	in, out            kernel.Shape
}

func newMirrored(r *rand.Rand, c, k, h, w, stride int) *mirrored {
	m := &mirrored{c: c, k: k, h: h, w: w, stride: stride, in: kernel.Shape{C: c, H: h, W: w}}
	m.out = kernel.Shape{C: k, H: (h + stride - 1) / stride, W: (w + stride - 1) / stride}
	m.x, m.dy = random(r, c*h*w), random(r, k*m.out.H*m.out.W)
	return m
}

func (m *mirrored) String() string {
	return fmt.Sprintf("%d to %d channels, %dx%d, stride %d", m.c, m.k, m.h, m.w, m.stride)
}

// spec is the gradient to the filters. The border of its input is the mirrored picture.
func (m *mirrored) spec() kernel.ConvWeightsSpec {
	s := kernel.ConvWeightsSpec{C: m.c, K: m.k, H: m.h, W: m.w, Stride: m.stride, In: pack(m.x, m.in), Grad: pack(m.dy, m.out)}
	s.Out = dirty(m.k * m.c * 9)
	mirror := func(i, n int) int { return (n - 1) - abs((n-1)-abs(i)) }
	for b := range m.in.Blocks() {
		at := func(y, x int) []float32 {
			return s.In[((b*m.in.Rows()+y+1)*m.in.Pitch()+x+1)*16:][:16]
		}
		for y := -1; y <= m.h; y++ {
			for x := -1; x <= m.w; x++ {
				copy(at(y, x), at(mirror(y, m.h), mirror(x, m.w)))
			}
		}
	}
	return s
}

func abs(i int) int { return max(i, -i) }

// testWeights compares the gradient to the filters with the plain definition, and adds it to
// itself.
func (m *mirrored) testWeights(t *testing.T, e *kernel.Engine) {
	t.Helper()
	want := make([]float32, m.k*m.c*9)
	kernel.RefMirrorConvWeights(want, m.dy, m.x, m.c, m.h, m.w, m.k, m.stride)
	s := m.spec()
	e.NewConvWeights(s).Run()
	wantClose(t, s.Out, want, 3e-6)
	s.Accumulate = true
	e.NewConvWeights(s).Run()
	for i := range want {
		want[i] *= 2
	}
	wantClose(t, s.Out, want, 3e-6)
}

// mirroredCases are sizes that end in every way, and channels that do not fill a block.
func mirroredCases(r *rand.Rand, short bool) []*mirrored {
	var cases []*mirrored
	channels := []int{3, 16, 48, 64, 20}
	sizes := [][2]int{{2, 2}, {2, 5}, {3, 5}, {4, 4}, {6, 7}, {9, 3}, {17, 33}}
	if !short {
		sizes = append(sizes, [2]int{50, 85})
	}
	for i, hw := range sizes {
		for stride := 1; stride <= 2; stride++ {
			c, k := channels[i%5], channels[(2*i+stride)%5]
			cases = append(cases, newMirrored(r, c, k, hw[0], hw[1], stride))
		}
	}
	return append(cases, newMirrored(r, 130, 70, 5, 6, 1), newMirrored(r, 70, 130, 5, 6, 2))
}

func TestConvWeights(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, m := range mirroredCases(r, testing.Short()) {
			t.Run(m.String(), func(t *testing.T) { m.testWeights(t, e) })
		}
	})
}
