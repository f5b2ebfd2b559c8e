package op_test

import (
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/op"
)

// opTest is one operation over inputs of given shapes; grad lists the inputs
// whose gradient is checked.
type opTest struct {
	name   string
	o      G.Op
	shapes [][]int
	grad   []int
	delta  float64 // step of the difference quotient
}

func tests() []opTest {
	x := []int{1, 3, 5, 4}
	return []opTest{
		{"conv", op.NewConv(false, op.Zero), [][]int{x, {2, 3, 3, 3}, {2}}, []int{0}, 0.1},
		{"conv relu", op.NewConv(true, op.Zero), [][]int{x, {2, 3, 3, 3}, {2}}, []int{0}, 1e-3},
		{"replicating conv", op.NewConv(false, op.Replicate), [][]int{x, {2, 3, 3, 3}, {2}}, []int{0}, 0.1},
		{"relu", op.NewReLU(), [][]int{x}, []int{0}, 1e-3},
		{"max pool", op.NewPool(op.Max, 1), [][]int{x}, []int{0}, 1e-3},
		{"avg pool", op.NewPool(op.Avg, 1), [][]int{x}, []int{0}, 0.1},
		{"scaled max pool", op.NewPool(op.Max, 3), [][]int{x}, []int{0}, 1e-3},
		{"scaled avg pool", op.NewPool(op.Avg, 2), [][]int{x}, []int{0}, 0.1},
		{"l2 pool", op.NewPool(op.L2, 0.78), [][]int{x}, []int{0}, 1e-3},
		{"affine", op.NewAffine([3]float32{1, 2, 3}, [3]float32{4, 5, 6}, true), [][]int{x}, []int{0}, 0.1},
		{"gram", op.NewGram(false), [][]int{x}, []int{0}, 1e-2},
		{"guided gram", op.NewGram(true), [][]int{x, {5, 4}}, []int{0}, 1e-2},
		{"mean and gram", op.NewMeanGram(false), [][]int{x}, []int{0}, 1e-2},
		{"guided mean and gram", op.NewMeanGram(true), [][]int{x, {5, 4}}, []int{0}, 1e-2},
		{"mean square", op.NewMeanSquare(4), [][]int{x, x}, []int{0}, 1e-2},
		{"mean square of matrices", op.NewMeanSquare(2), [][]int{{3, 3}, {3, 3}}, []int{0}, 1e-2},
		{"weighted sum", op.NewWeightedSum([]float32{2, 3}), [][]int{{}, {}}, []int{0, 1}, 0.1},
		{"moments", op.NewMoments(false), [][]int{x}, []int{0}, 1e-2},
		{"guided moments", op.NewMoments(true), [][]int{x, {5, 4}}, []int{0}, 1e-2},
		{"pointwise", op.NewPointwise(), [][]int{x, {3, 3}}, []int{0}, 0.1},
		{"congruence", op.NewCongruence(), [][]int{{3, 3}, {3, 3}}, []int{0}, 0.1},
		{"tv", op.NewTV(op.Quadratic, 10), [][]int{x}, []int{0}, 1e-2},
		{"absolute tv", op.NewTV(op.Absolute, 10), [][]int{x}, []int{0}, 1e-3},
		{"quadratic sum tv", op.NewTV(op.QuadraticSum, 3), [][]int{x}, []int{0}, 1e-2},
		{"absolute sum tv", op.NewTV(op.AbsoluteSum, 3), [][]int{x}, []int{0}, 1e-3},
		{"mirrored conv", op.NewMirrorConv(1), [][]int{x, {2, 3, 3, 3}}, []int{0, 1}, 0.1},
		{"mirrored conv of stride 2", op.NewMirrorConv(2), [][]int{x, {2, 3, 3, 3}}, []int{0, 1}, 0.1},
		{"mirrored conv of two rows", op.NewMirrorConv(1), [][]int{{1, 3, 2, 3}, {2, 3, 3, 3}}, []int{0, 1}, 0.1},
		{"instance norm", op.NewInstanceNorm(false), [][]int{x, {2, 3}}, []int{0, 1}, 1e-2},
		{"instance norm relu", op.NewInstanceNorm(true), [][]int{x, {2, 3}}, []int{0, 1}, 1e-3},
		{"upsample", op.NewUpsample(), [][]int{x}, []int{0}, 0.1},
		{"scale by", op.NewScaleBy(), [][]int{{}, {}}, []int{0}, 0.1},
		{"orient", op.NewOrient(), [][]int{{1, 3, 4, 4}, {}}, []int{0}, 0.1},
		{"sigmoid", op.NewSigmoid(), [][]int{x, {3}}, []int{0, 1}, 1e-2},
		{"nine-point tv", op.NewTV(op.NinePoint, 10), [][]int{x}, []int{0}, 1e-2},
		// Its matches are below 1, so that all are the first row.
		{"cosine", op.NewCosine(false), [][]int{x, {4, 3}, {5, 4}}, []int{0}, 1e-3},
		{"guided cosine", op.NewCosine(true), [][]int{x, {4, 3}, {5, 4}, {5, 4}}, []int{0}, 1e-3},
	}
}

// TestGradient holds the symbolic gradient of each operation against central
// differences. The output is weighted by its own index first, so that a
// transposed axis or a flipped filter cannot cancel.
func TestGradient(t *testing.T) {
	for _, tt := range tests() {
		t.Run(tt.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			values := make([]*tensor.Dense, len(tt.shapes))
			for i, s := range tt.shapes {
				values[i] = random(r, s)
			}
			for _, i := range tt.grad {
				_, got := evaluate(t, tt.o, values, i)
				for j := range floats(values[i]) {
					at := func(d float64) float64 {
						moved := append([]*tensor.Dense{}, values...)
						moved[i] = values[i].Clone().(*tensor.Dense)
						add(moved[i], j, float32(d))
						v, _ := evaluate(t, tt.o, moved, -1)
						return v
					}
					want := (at(tt.delta) - at(-tt.delta)) / (2 * tt.delta)
					if diff := math.Abs(float64(got[j]) - want); diff > 2e-2*math.Max(1, math.Abs(want)) {
						t.Errorf("gradient to input %d at %d is %g, differences say %g", i, j, got[j], want)
					}
				}
			}
		})
	}
}

// evaluate runs Σ (1 + index) output through Gorgonia's own machine and returns
// it with its gradient to input wrt, if that is one.
func evaluate(t *testing.T, o G.Op, values []*tensor.Dense, wrt int) (float64, []float32) {
	t.Helper()
	g := G.NewGraph()
	nodes := make([]*G.Node, len(values))
	for i, v := range values {
		name := string(rune('a' + i))
		if v.IsScalar() {
			nodes[i] = G.NewScalar(g, tensor.Float32, G.WithName(name), G.WithValue(floats(v)[0]))
			continue
		}
		nodes[i] = G.NewTensor(g, tensor.Float32, v.Dims(), G.WithShape(v.Shape()...), G.WithName(name), G.WithValue(v))
	}
	y, err := op.Apply("y", o, nodes...)
	if err != nil {
		t.Fatal(err)
	}
	var seed *G.Node
	if y.IsScalar() {
		seed = G.NewScalar(g, tensor.Float32, G.WithName("seed"), G.WithValue(float32(1)))
	} else {
		iota := make([]float32, y.Shape().TotalSize())
		for i := range iota {
			iota[i] = float32(i + 1)
		}
		v := tensor.New(tensor.WithShape(y.Shape()...), tensor.WithBacking(iota))
		seed = G.NewTensor(g, tensor.Float32, y.Dims(), G.WithShape(y.Shape()...), G.WithName("seed"), G.WithValue(v))
	}
	var out, grad G.Value
	if wrt >= 0 {
		ds, err := G.Backpropagate(G.Nodes{y}, G.Nodes{seed}, G.Nodes{nodes[wrt]})
		if err != nil {
			t.Fatal(err)
		}
		G.Read(ds[0], &grad)
	}
	G.Read(y, &out)
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	var sum float64
	for i, v := range floats(out) {
		if y.IsScalar() {
			return float64(v), floatsOrNil(grad)
		}
		sum += float64(v) * float64(i+1)
	}
	return sum, floatsOrNil(grad)
}

func floats(v G.Value) []float32 {
	if f, ok := v.Data().(float32); ok {
		return []float32{f}
	}
	return v.Data().([]float32)
}

func floatsOrNil(v G.Value) []float32 {
	if v == nil {
		return nil
	}
	return floats(v)
}

func add(v *tensor.Dense, i int, d float32) {
	if v.IsScalar() {
		v.Set(0, floats(v)[0]+d)
		return
	}
	v.Data().([]float32)[i] += d
}

func random(r *rand.Rand, shape []int) *tensor.Dense {
	if len(shape) == 0 {
		return tensor.New(tensor.FromScalar(r.Float32()))
	}
	d := make([]float32, tensor.Shape(shape).TotalSize())
	for i := range d {
		d[i] = 2*r.Float32() - 1
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(d))
}

// TestIdentity guards against Gorgonia taking two operations for one: it looks
// at nothing but their hash.
func TestIdentity(t *testing.T) {
	variants := []G.Op{
		op.NewConv(false, op.Zero), op.NewConv(true, op.Zero), op.NewConv(true, op.Replicate),
		op.NewReLU(), op.NewPool(op.Max, 1), op.NewPool(op.Avg, 1),
		op.NewPool(op.Avg, 2), op.NewPool(op.L2, 1), op.NewPool(op.L2, 0.78), op.NewGram(false),
		op.NewAffine([3]float32{1, 1, 1}, [3]float32{}, false), op.NewAffine([3]float32{1, 1, 1}, [3]float32{}, true),
		op.NewAffine([3]float32{1, 1, 2}, [3]float32{}, false), op.NewAffine([3]float32{1, 1, 1}, [3]float32{0, 0, 1}, false),
		op.NewMeanSquare(2), op.NewMeanSquare(4), op.NewTV(op.Quadratic, 1), op.NewTV(op.Quadratic, 255),
		op.NewTV(op.Absolute, 1), op.NewTV(op.QuadraticSum, 1), op.NewTV(op.AbsoluteSum, 1), op.NewTV(op.NinePoint, 1),
		op.NewGram(true), op.NewMeanGram(false), op.NewMeanGram(true), op.NewW2(),
		op.NewNormalizeGrad(1), op.NewNormalizeGrad(2), op.NewMoments(false), op.NewMoments(true),
		op.NewWeightedSum([]float32{1, 2}), op.NewWeightedSum([]float32{2, 1}),
		op.NewPointwise(), op.NewCongruence(), op.NewSteadyNorm(false), op.NewSteadyNorm(true),
		op.NewSample(), op.NewNearest(false), op.NewNearest(true), op.NewCosine(false), op.NewCosine(true),
	}
	seen := map[uint32]string{}
	for _, o := range variants {
		if other, ok := seen[o.Hashcode()]; ok {
			t.Errorf("%v and %v have one hash", o, other)
		}
		seen[o.Hashcode()] = o.String()
	}
}

func TestShapes(t *testing.T) {
	s := func(d ...int) G.DimSizer { return tensor.Shape(d) }
	for _, tt := range []struct {
		name string
		o    G.Op
		in   []G.DimSizer
	}{
		{"too few inputs", op.NewConv(true, op.Zero), []G.DimSizer{s(1, 3, 4, 4)}},
		{"channels differ", op.NewConv(true, op.Zero), []G.DimSizer{s(1, 3, 4, 4), s(8, 4, 3, 3), s(8)}},
		{"biases differ", op.NewConv(true, op.Zero), []G.DimSizer{s(1, 3, 4, 4), s(8, 3, 3, 3), s(7)}},
		{"filter of five", op.NewConv(true, op.Zero), []G.DimSizer{s(1, 3, 4, 4), s(8, 3, 5, 5), s(8)}},
		{"two pictures", op.NewConv(true, op.Zero), []G.DimSizer{s(2, 3, 4, 4), s(8, 3, 3, 3), s(8)}},
		{"nothing left", op.NewPool(op.Max, 1), []G.DimSizer{s(1, 3, 1, 4)}},
		{"four channels", op.NewAffine([3]float32{}, [3]float32{}, false), []G.DimSizer{s(1, 4, 4, 4)}},
		{"flat features", op.NewGram(false), []G.DimSizer{s(3, 4)}},
		{"shapes differ", op.NewMeanSquare(2), []G.DimSizer{s(3, 3), s(4, 4)}},
		{"guide of another size", op.NewMoments(true), []G.DimSizer{s(1, 3, 4, 4), s(4, 5)}},
		{"guide of another size for gram", op.NewGram(true), []G.DimSizer{s(1, 3, 4, 4), s(5, 4)}},
		{"matrix of others", op.NewPointwise(), []G.DimSizer{s(1, 3, 4, 4), s(4, 4)}},
		{"no square matrix", op.NewPointwise(), []G.DimSizer{s(1, 3, 4, 4), s(3, 4)}},
		{"congruence of another size", op.NewCongruence(), []G.DimSizer{s(3, 3), s(4, 4)}},
		{"no moments", op.NewW2(), []G.DimSizer{s(3, 3), s(3, 3)}},
		{"moments of others", op.NewW2(), []G.DimSizer{s(4, 3), s(5, 4)}},
		{"moments of other channels", op.NewSteadyNorm(true), []G.DimSizer{s(1, 3, 4, 4), s(2, 3), s(2, 3), s(2, 4), s()}},
		{"neighbours of other channels", op.NewNearest(false), []G.DimSizer{s(1, 3, 4, 4), s(5, 4)}},
		{"no neighbours", op.NewNearest(false), []G.DimSizer{s(1, 3, 4, 4), s(1, 3)}},
		{"guide of another size for neighbours", op.NewNearest(true), []G.DimSizer{s(1, 3, 4, 4), s(5, 3), s(4, 5)}},
		{"cosine of other channels", op.NewCosine(false), []G.DimSizer{s(1, 3, 4, 4), s(5, 4), s(4, 4)}},
		{"matches of another size", op.NewCosine(false), []G.DimSizer{s(1, 3, 4, 4), s(5, 3), s(4, 5)}},
		{"one row", op.NewTV(op.Quadratic, 1), []G.DimSizer{s(1, 3, 1, 4)}},
	} {
		if shape, err := tt.o.InferShape(tt.in...); err == nil {
			t.Errorf("%s: got %v, want an error", tt.name, shape)
		}
	}
}

// TestW2Gradient holds the gradient of W2 to features, through their moments,
// against differences: of a statistic alone they would leave the symmetric matrices.
func TestW2Gradient(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	x, other := random(r, []int{1, 3, 5, 4}), random(r, []int{1, 3, 5, 4})
	distance := func(x *tensor.Dense, wrt bool) (float64, []float32) {
		g := G.NewGraph()
		nodes := make([]*G.Node, 2)
		for i, v := range []*tensor.Dense{x, other} {
			f := G.NewTensor(g, tensor.Float32, 4, G.WithShape(v.Shape()...), G.WithName(string(rune('a'+i))), G.WithValue(v))
			var err error
			if nodes[i], err = op.Apply("m"+f.Name(), op.NewMeanGram(false), f); err != nil {
				t.Fatal(err)
			}
		}
		y, err := op.Apply("y", op.NewW2(), nodes...)
		if err != nil {
			t.Fatal(err)
		}
		var out, grad G.Value
		if wrt {
			seed := G.NewScalar(g, tensor.Float32, G.WithName("seed"), G.WithValue(float32(1)))
			ds, err := G.Backpropagate(G.Nodes{y}, G.Nodes{seed}, G.Nodes{g.ByName("a")[0]})
			if err != nil {
				t.Fatal(err)
			}
			G.Read(ds[0], &grad)
		}
		G.Read(y, &out)
		vm := G.NewTapeMachine(g)
		defer vm.Close()
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		return float64(floats(out)[0]), floatsOrNil(grad)
	}
	_, got := distance(x, true)
	for i := range got {
		at := func(d float32) float64 {
			moved := x.Clone().(*tensor.Dense)
			add(moved, i, d)
			v, _ := distance(moved, false)
			return v
		}
		want := (at(2e-3) - at(-2e-3)) / 4e-3
		if math.Abs(float64(got[i])-want) > 1e-3 {
			t.Errorf("gradient at %d is %g, differences say %g", i, got[i], want)
		}
	}
}

// TestNormalizeGrad looks that the values pass and that the gradient has the L1 norm
// asked for and keeps its direction.
func TestNormalizeGrad(t *testing.T) {
	x := random(rand.New(rand.NewPCG(1, 2)), []int{1, 3, 5, 4})
	sum, got := evaluate(t, op.NewNormalizeGrad(3), []*tensor.Dense{x}, 0)
	want := 0.0
	for i, v := range floats(x) {
		want += float64(v) * float64(i+1)
	}
	if math.Abs(sum-want) > 1e-4 {
		t.Errorf("the output is not the input")
	}
	total := float64(len(got)*(len(got)+1)) / 2 // evaluate's gradient is 1, 2, 3 ...
	for i, v := range got {
		if want := 3 * float64(i+1) / total; math.Abs(float64(v)-want) > 1e-6 {
			t.Fatalf("gradient at %d is %v, want %v", i, v, want)
		}
	}
}
