package exec_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/internal/reftest"
)

// drawing is a graph of the operations of a feed-forward network, with random inputs. After
// the first error it does nothing.
type drawing struct {
	t     *testing.T
	g     *exec.Graph
	r     *rand.Rand
	given map[*exec.Node][]float32
}

func newDrawing(t *testing.T) *drawing {
	return &drawing{t, exec.NewGraph(), rand.New(rand.NewPCG(5, 5)), map[*exec.Node][]float32{}}
}

func (d *drawing) input(shape ...int) *exec.Node {
	n := exec.Input(d.g, fmt.Sprintf("input%d", len(d.given)), shape...)
	x := make([]float32, n.Shape().TotalSize())
	for i := range x {
		x[i] = float32(d.r.NormFloat64())
	}
	d.given[n] = x
	return n
}

func (d *drawing) apply(o G.Op, in ...*exec.Node) *exec.Node {
	d.t.Helper()
	n, err := op.Apply(fmt.Sprintf("node%d", d.g.AllNodes().Len()), o, in...)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func (d *drawing) conv(x *exec.Node, k, stride int) *exec.Node {
	w := d.input(k, x.Shape()[1], 3, 3)
	for i := range d.given[w] {
		d.given[w][i] /= 3 * float32(math.Sqrt(float64(x.Shape()[1]))) // keeps values near 1
	}
	return d.apply(op.NewMirrorConv(stride), x, w)
}

func (d *drawing) norm(x *exec.Node, relu bool) *exec.Node {
	return d.apply(op.NewInstanceNorm(relu), x, d.input(2, x.Shape()[1]))
}

func (d *drawing) scaleShift(x *exec.Node, relu bool) *exec.Node {
	return d.apply(op.NewScaleShift(relu), x, d.input(2, x.Shape()[1]))
}

func (d *drawing) up(x *exec.Node) *exec.Node { return d.apply(op.NewUpsample(), x) }

func (d *drawing) sigmoid(x *exec.Node) *exec.Node {
	return d.apply(op.NewSigmoid(), x, d.input(x.Shape()[1]))
}

func (d *drawing) add(x, y *exec.Node) *exec.Node {
	d.t.Helper()
	n, err := G.Add(x, y)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// drawings are networks whose steps can be fused, and others that look alike and whose steps
// cannot.
var drawings = map[string]func(d *drawing, w, h int) []*exec.Node{
	"network": func(d *drawing, w, h int) []*exec.Node {
		x := d.norm(d.conv(d.input(1, 3, h, w), 8, 1), true)
		x = d.norm(d.conv(x, 20, 2), true)
		x = d.norm(d.conv(x, 33, 2), true)
		for range 2 {
			x = d.add(x, d.norm(d.conv(d.norm(d.conv(x, 33, 1), true), 33, 1), false))
		}
		x = d.norm(d.conv(d.up(x), 20, 1), true)
		x = d.norm(d.conv(d.up(x), 8, 1), true)
		return []*exec.Node{d.sigmoid(d.conv(x, 3, 1))}
	},
	"scales and shifts": func(d *drawing, w, h int) []*exec.Node {
		x := d.scaleShift(d.conv(d.input(1, 3, h, w), 8, 1), true)
		x = d.scaleShift(d.conv(x, 20, 2), false)
		return []*exec.Node{d.sigmoid(d.conv(d.scaleShift(d.conv(d.up(x), 5, 1), true), 3, 1))}
	},
	"outputs on the way": func(d *drawing, w, h int) []*exec.Node {
		first := d.conv(d.input(1, 3, h, w), 8, 1)
		normal := d.norm(first, true)
		second := d.conv(normal, 4, 1)
		up := d.up(d.norm(second, false))
		third := d.conv(up, 3, 1)
		return []*exec.Node{first, normal, up, third, d.sigmoid(third)}
	},
	"several readers": func(d *drawing, w, h int) []*exec.Node {
		first := d.conv(d.input(1, 3, h, w), 8, 1)
		a, b := d.norm(first, true), d.norm(first, false)
		c := d.conv(a, 8, 1)
		up := d.up(a)
		return []*exec.Node{d.add(d.conv(up, 5, 2), d.conv(c, 5, 1)), d.conv(d.add(b, c), 4, 1), d.conv(up, 2, 1)}
	},
	"sums of convolutions": func(d *drawing, w, h int) []*exec.Node {
		picture := d.input(1, 3, h, w)
		x := d.add(d.conv(picture, 8, 1), d.conv(picture, 8, 1))
		y := d.add(d.conv(x, 9, 2), d.conv(picture, 9, 2))
		z := d.add(d.norm(d.conv(y, 9, 1), false), d.norm(d.conv(y, 9, 1), false))
		return []*exec.Node{d.add(d.add(y, d.norm(d.conv(z, 9, 1), false)), z)}
	},
	"a picture from repeated positions": func(d *drawing, w, h int) []*exec.Node {
		x := d.norm(d.conv(d.input(1, 3, h, w), 8, 1), true)
		return []*exec.Node{d.sigmoid(d.conv(d.up(x), 3, 1)), d.sigmoid(d.conv(d.input(1, 3, h, w), 3, 1))}
	},
}

// TestPaintingOracle holds graphs without gradients on our machine against Gorgonia's.
func TestPaintingOracle(t *testing.T) {
	for name, draw := range drawings {
		t.Run(name, func(t *testing.T) {
			for _, size := range [][2]int{{24, 16}, {20, 36}, {12, 8}} {
				d := newDrawing(t)
				outputs := draw(d, size[0], size[1])
				want, got := d.oracle(outputs), d.run(outputs)
				for i, n := range outputs {
					if off := reftest.RelMax(got[i], want[i]); !(off < 2e-5) {
						t.Errorf("%v: output %d of shape %v is %.2g off", size, i, n.Shape(), off)
					}
				}
			}
		})
	}
}

// run evaluates outputs on our machine, twice, for a buffer that is not left as it was found.
func (d *drawing) run(outputs []*exec.Node) (values [][]float32) {
	d.t.Helper()
	cpu, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		d.t.Fatal(err)
	}
	defer cpu.Close()
	m, err := exec.New(cpu, outputs...)
	if err != nil {
		d.t.Fatal(err)
	}
	defer m.Close()
	for n, x := range d.given {
		if err := m.Set(n, x); err != nil {
			d.t.Fatal(err)
		}
	}
	for range 2 {
		if err := m.RunAll(); err != nil {
			d.t.Fatal(err)
		}
	}
	for _, n := range outputs {
		x := make([]float32, n.Shape().TotalSize())
		if err := m.Get(x, n); err != nil {
			d.t.Fatal(err)
		}
		values = append(values, x)
	}
	return values
}

// oracle evaluates outputs on Gorgonia's machine.
func (d *drawing) oracle(outputs []*exec.Node) (values [][]float32) {
	d.t.Helper()
	for n, x := range d.given {
		if err := G.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(slices.Clone(x)))); err != nil {
			d.t.Fatal(err)
		}
	}
	read := make([]G.Value, len(outputs))
	for i, n := range outputs {
		G.Read(n, &read[i])
	}
	vm := G.NewTapeMachine(d.g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		d.t.Fatal(err)
	}
	for _, v := range read {
		values = append(values, slices.Clone(op.Floats(v)))
	}
	return values
}
