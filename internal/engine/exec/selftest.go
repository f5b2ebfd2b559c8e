package exec

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/op"
)

// Check compares a card with Gorgonia's own machine in one small graph. That machine
// computes by the plain definitions of package op.
type Check struct {
	Name  string
	Off   float64 // the largest difference over the largest value, of result and gradient
	Limit float64
}

// Failed reports whether the check has failed. NaN fails.
func (c Check) Failed() bool { return !(c.Off <= c.Limit) }

// How far a card may be off: for sums of products in TF32, for those as exact as float32,
// and for vectors. Each number of a vector is the result of a few operations, which round
// by 6e-8 at most, and sums are taken in float64.
const (
	limitTF32   = 1e-3
	limitFP32   = 1e-5
	limitVector = 1e-6
)

// Selftest runs every operation and its gradient on the card, at odd sizes, and the
// arithmetic of optimisers. It calls report for each check. Before, it fills memory with
// NaN, except constants and the memory that host and card share, which starts as zeros.
// An error comes from the card or from ctx; a failed check is not an error.
func (d *CUDA) Selftest(ctx context.Context, report func(Check)) error {
	d.poison = true
	defer func() { d.poison = false }()
	for _, s := range selftests() {
		if err := ctx.Err(); err != nil {
			return err
		}
		t := trial{r: rand.New(rand.NewPCG(1, 2)), graph: NewGraph()}
		off, err := t.compare(d, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		c := Check{s.name, off, limitFP32}
		if !d.exact && s.rounds {
			c.Limit = limitTF32
		}
		report(c)
	}
	return d.checkVectors(ctx, report)
}

// selftest is an operation and an input x; its gradient to x is checked too.
type selftest struct {
	name   string
	shape  []int // of x
	rounds bool  // where products are of TF32
	build  func(t *trial, x *Node) *Node
}

// trial is a graph with random inputs.
type trial struct {
	r     *rand.Rand
	graph *Graph
}

// input adds an input with normally distributed values.
func (t *trial) input(name string, shape ...int) *Node {
	n := Input(t.graph, name, shape...)
	data := make([]float32, n.Shape().TotalSize())
	for i := range data {
		data[i] = float32(t.r.NormFloat64())
	}
	t.let(n, data)
	return n
}

func (t *trial) let(n *Node, data []float32) {
	if err := G.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(data))); err != nil {
		panic(err) // Build turns it into an error
	}
}

// guide adds an input of numbers from 0 to 1, some of them 0.
func (t *trial) guide(h, w int) *Node {
	n := Input(t.graph, "guide", h, w)
	data := make([]float32, h*w)
	for i := range data {
		data[i] = max(0, float32(1.2*t.r.Float64()-0.2))
	}
	t.let(n, data)
	return n
}

// apply is op.Apply for operations that cannot fail.
func (t *trial) apply(o G.Op, in ...*Node) *Node {
	n, err := op.Apply(fmt.Sprintf("%v/%d", o, len(t.graph.AllNodes())), o, in...)
	if err != nil {
		panic(err)
	}
	return n
}

// compare returns how far the result and the gradient on the card are from Gorgonia's.
func (t *trial) compare(d *CUDA, s selftest) (off float64, err error) {
	var outputs []*Node
	err = Build(func() error {
		x := t.input("x", s.shape...)
		y := s.build(t, x)
		cost := y
		if !y.IsScalar() {
			cost = t.apply(op.NewMeanSquare(y.Dims()), y, t.input("target", y.Shape()...))
		}
		dx, err := Gradient(cost, x)
		outputs = []*Node{y, dx}
		return err
	})
	if err != nil {
		return 0, err
	}
	m, err := New(d, outputs...)
	if err != nil {
		return 0, err
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		return 0, err
	}
	values := make([]G.Value, len(outputs))
	for i, n := range outputs {
		G.Read(n, &values[i])
	}
	vm := G.NewTapeMachine(t.graph)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		return 0, err
	}
	for i, n := range outputs {
		got := make([]float32, size(n))
		if err := m.Get(got, n); err != nil {
			return 0, err
		}
		off = math.Max(off, apart(got, op.Floats(values[i])))
	}
	return off, nil
}

// apart is the largest difference over the largest value. It is infinite if either side
// has a NaN.
func apart(got, want []float32) float64 {
	var most, off float64
	for i, v := range want {
		most = math.Max(most, math.Abs(float64(v)))
		d := math.Abs(float64(got[i]) - float64(v))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		off = math.Max(off, d)
	}
	if most == 0 {
		return off
	}
	return off / most
}

// selftests lists the operations, at sizes that are not whole tiles.
func selftests() []selftest {
	var list []selftest
	add := func(name string, rounds bool, shape []int, build func(t *trial, x *Node) *Node) {
		list = append(list, selftest{fmt.Sprintf("%s %v", name, shape[1:]), shape, rounds, build})
	}
	for _, c := range []struct {
		name       string
		c, k, h, w int
		relu       bool
		pad        op.Padding
	}{
		{"first convolution", 3, 64, 37, 29, false, op.Zero},
		{"first convolution, edge replicated", 3, 64, 21, 43, false, op.Replicate},
		{"first convolution to 16", 3, 16, 19, 23, false, op.Zero},
		{"convolution to 64", 64, 64, 37, 29, false, op.Zero},
		{"convolution to 128, wide", 48, 128, 157, 131, false, op.Zero},
		{"convolution to 48", 16, 48, 13, 11, false, op.Zero},
		{"convolution to 512", 256, 512, 9, 7, false, op.Zero},
		{"convolution of one pixel", 64, 64, 1, 1, false, op.Zero},
	} {
		add(c.name, true, []int{1, c.c, c.h, c.w}, func(t *trial, x *Node) *Node {
			return t.conv(x, c.k, c.relu, c.pad)
		})
	}
	for _, p := range []op.Pooling{op.Max, op.Avg, op.L2} {
		add(p.String()+" pooling", false, []int{1, 48, 21, 17}, func(t *trial, x *Node) *Node { return t.apply(op.NewPool(p, 0.7), x) })
	}
	add("ReLU", false, []int{1, 32, 11, 7}, func(t *trial, x *Node) *Node { return t.apply(op.NewReLU(), x) })
	add("affine", false, []int{1, 3, 19, 31}, func(t *trial, x *Node) *Node {
		return t.apply(op.NewAffine([3]float32{2, 3, 5}, [3]float32{-1, 0.5, 7}, true), x)
	})
	for _, guided := range []bool{false, true} {
		of := map[bool]string{true: ", guided"}[guided]
		with := func(t *trial, x *Node, o G.Op) *Node {
			if guided {
				return t.apply(o, x, t.guide(x.Shape()[2], x.Shape()[3]))
			}
			return t.apply(o, x)
		}
		for _, shape := range [][]int{{1, 64, 67, 53}, {1, 48, 9, 7}, {1, 192, 33, 35}, {1, 512, 5, 7}} {
			add("Gram matrix"+of, true, shape, func(t *trial, x *Node) *Node { return with(t, x, op.NewGram(guided)) })
		}
		add("mean and deviation"+of, false, []int{1, 80, 67, 53}, func(t *trial, x *Node) *Node { return with(t, x, op.NewMoments(guided)) })
		add("means and second moments"+of, true, []int{1, 80, 35, 33}, func(t *trial, x *Node) *Node { return with(t, x, op.NewMeanGram(guided)) })
	}
	add("1x1 map", true, []int{1, 48, 37, 29}, func(t *trial, x *Node) *Node {
		return t.apply(op.NewPointwise(), x, t.input("m", 48, 48))
	})
	add("congruence", true, []int{1, 80, 13, 11}, func(t *trial, x *Node) *Node {
		return t.apply(op.NewCongruence(), t.apply(op.NewGram(false), x), t.input("m", 80, 80))
	})
	for _, f := range []op.TVForm{op.Quadratic, op.Absolute, op.QuadraticSum, op.AbsoluteSum, op.NinePoint} {
		add(f.String()+" total variation", false, []int{1, 3, 37, 53}, func(t *trial, x *Node) *Node { return t.apply(op.NewTV(f, 255), x) })
	}
	add("normalised gradient", false, []int{1, 32, 21, 17}, func(t *trial, x *Node) *Node { return t.apply(op.NewNormalizeGrad(3), x) })
	add("sum of 100 losses", false, []int{1, 16, 9, 5}, sumOfLosses)
	add("sum of gradients", true, []int{1, 64, 13, 17}, func(t *trial, x *Node) *Node {
		a, b := t.apply(op.NewGram(false), x), t.apply(op.NewPool(op.Max, 1), x)
		return t.apply(op.NewWeightedSum([]float32{2, 3}),
			t.apply(op.NewMeanSquare(2), a, t.input("a", a.Shape()...)), t.apply(op.NewMeanSquare(4), b, t.input("b", b.Shape()...)))
	})
	return list
}

// conv applies a convolution with random filters. They are small, so that the results
// are about as large as x.
func (t *trial) conv(x *Node, k int, relu bool, pad op.Padding) *Node {
	c := x.Shape()[1]
	w := t.input("w", k, c, 3, 3)
	f := op.Floats(w.Value())
	for i := range f {
		f[i] /= float32(math.Sqrt(float64(9 * c)))
	}
	return t.apply(op.NewConv(relu, pad), x, w, t.input("b", k))
}

// sumOfLosses has more terms than one launch adds up.
func sumOfLosses(t *trial, x *Node) *Node {
	var terms []*Node
	var weights []float32
	for i := range 100 {
		terms = append(terms, t.apply(op.NewMeanSquare(4), x, t.input(fmt.Sprint("target", i), x.Shape()...)))
		weights = append(weights, float32(t.r.Float64()))
	}
	return t.apply(op.NewWeightedSum(weights), terms...)
}
