package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestConvOrders computes the same convolution in every order and with runs of several
// lengths, and compares all bytes.
func TestConvOrders(t *testing.T) {
	const c, k, h, w = 80, 144, 27, 22 // 42 tiles; blocks that are no whole groups
	r := rand.New(rand.NewPCG(5, 6))
	values := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	in, out := Shape{c, h, w}, Shape{k, h, w}
	x, filters, bias := Floats(in.Len()), values(k*c*9), values(k)
	Pack(x, values(c*h*w), in)
	for _, cpu := range Supported() {
		var first []float32
		for _, threads := range []int{1, 3} {
			pool := NewPool(threads)
			e := NewEngine(cpu, pool)
			spec := ConvSpec{C: c, K: k, H: h, W: w, U: NewFilter(cpu, filters, k, c, false), Bias: bias, In: x, Out: make([]float32, out.Len()), ReLU: true}
			conv := e.NewConv(spec)
			if conv.order != inputsFirst {
				t.Fatalf("order %d for few tiles", conv.order)
			}
			for _, order := range []convOrder{inputsFirst, filtersFirst} {
				for _, n := range []int{42, 17, 1} {
					if conv.order, conv.n = order, n; order == filtersFirst {
						conv.group = k / 16
					}
					e.Reserve(conv.need())
					for i := range conv.s.Out {
						conv.s.Out[i] = 1e9
					}
					conv.Run()
					if first == nil {
						first = slices.Clone(conv.s.Out)
					}
					if !slices.Equal(first, conv.s.Out) {
						t.Errorf("%s, %d threads: order %d in runs of %d gives other bytes", cpu.Name(), threads, order, n)
					}
				}
			}
			pool.Close()
		}
	}
}

// TestConvPlans checks which order is chosen, and that the working memory is enough, for the
// layers of VGG-19 at several sizes.
func TestConvPlans(t *testing.T) {
	e := NewEngine(Supported()[0], NewPool(1))
	for _, c := range []struct {
		c, k, side int
		order      convOrder
	}{
		{64, 64, 256, filtersFirst},
		{256, 256, 64, inputsFirst},
		{512, 512, 128, filtersFirst},
		{512, 512, 24, inputsFirst},
		{16, 16, 1, inputsFirst},
	} {
		conv := e.newConv(ConvSpec{C: c.c, K: c.k, H: c.side, W: c.side})
		conv.plan()
		if conv.order != c.order || conv.n < 1 {
			t.Errorf("%d to %d channels at %d: order %d, runs of %d", c.c, c.k, c.side, conv.order, conv.n)
		}
	}
}
