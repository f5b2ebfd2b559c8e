package exec

import (
	"fmt"
	"math"

	"nst/internal/engine/op"
)

// cudaLowering turns a schedule into launches for a card, node by node.
type cudaLowering struct {
	layout[*cudaValue]
	device  *CUDA
	scalars map[*Node]int // places
	places  int           // of scalars, in all
	steps   []*cudaStep
	tables  [][]float32 // constants of this program
}

// cudaValue is where the tensor of a node is.
type cudaValue struct {
	buf      *buffer
	c, h, w  int
	features bool    // as [h w][c]; else plain, in order
	last     *ending // of the step that wrote it last, if it can mask what it writes
}

func (v *cudaValue) memory() *buffer { return v.buf }

// cudaStep is a launch whose buffers have no place yet.
type cudaStep struct {
	node   string
	kernel string
	grid   int
	args   []any
}

// ending is how a kernel writes a gradient. It adds the value to what is there, if asked
// to, and then zeroes it where mask is not above zero. So the last step that adds to a
// gradient also applies the mask of the ReLU, and no separate step is needed.
type ending struct {
	out  *cudaValue
	add  bool
	mask *buffer
	step int
}

// Kinds of arguments: a scalar of the program by its place, one of its tables, and a
// table of the places of scalars.
type (
	scalarAt  int
	tableAt   int
	addresses []any
)

func newCUDALowering(d *CUDA, s *schedule) *cudaLowering {
	return &cudaLowering{layout: newLayout[*cudaValue](s), device: d, scalars: map[*Node]int{}}
}

// lower adds the steps of node n, whose operands have been lowered.
func (c *cudaLowering) lower(n *Node) error {
	in := operands(n)
	switch o := n.Op().(type) {
	case nil:
		if !n.IsScalar() {
			return c.input(n, c.newValue)
		}
		c.scalarOf(n)
	case *op.Affine:
		return c.affine(n, o, in[0])
	case *op.Conv:
		return c.conv(n, o, in[0], in[1], in[2])
	case *op.ConvGrad:
		return c.convGrad(n, o, in[0], in[1], in[2])
	case *op.ReLU:
		return c.relu(n, in[0])
	case *op.ReLUGrad:
		return c.reluGrad(n, in[0], in[1])
	case *op.Pool:
		return c.pool(n, o, in[0])
	case *op.PoolGrad:
		return c.poolGrad(n, o, in[0], in[1])
	case *op.Gram:
		return c.gram(n, in)
	case *op.GramGrad:
		return c.gramGrad(n, in)
	case *op.Pointwise:
		return c.pointwise(n, in[0], in[1], asIs)
	case *op.PointwiseGrad:
		return c.pointwise(n, in[0], in[1], transposed)
	case *op.Congruence:
		return c.congruence(n, in[0], in[1], false)
	case *op.CongruenceGrad:
		return c.congruence(n, in[0], in[1], true)
	case *op.MeanSquare:
		c.meanSquare(n, in[0], in[1])
	case *op.MeanSquareGrad:
		return c.meanSquareGrad(n, in[0], in[1], in[2])
	case *op.Moments:
		return c.moments(n, in)
	case *op.MomentsGrad:
		return c.momentsGrad(n, in)
	case *op.MeanGram:
		return c.meanGram(n, in)
	case *op.MeanGramGrad:
		return c.meanGramGrad(n, in)
	case *op.NormalizeGrad:
		c.values[n] = c.values[in[0]]
	case *op.NormalizedGrad:
		return c.normalizedGrad(n, o, in[0])
	case *op.TV:
		c.tv(n, o, in[0])
	case *op.TVGrad:
		return c.tvGrad(n, o, in[0], in[1])
	case *op.WeightedSum:
		c.weightedSum(n, o, in)
	case *op.Scale:
		c.scale(n, o, in[0])
	default:
		if !isSum(n) {
			return &UnsupportedError{n.Name(), fmt.Sprintf("has the operation %v, which cards have no kernel for", n.Op())}
		}
		return c.sum(n, in)
	}
	return nil
}

// step adds a launch. The buffers that its arguments name stay in use until then.
func (c *cudaLowering) step(n *Node, kernel string, grid int, args ...any) {
	at := len(c.steps)
	for _, a := range args {
		switch a := a.(type) {
		case *buffer:
			if a != nil {
				a.touch(at)
			}
		case *cudaValue:
			if a != nil {
				a.buf.touch(at)
			}
		case inside:
			a.v.buf.touch(at)
		case *ending:
			a.step = at
			a.out.buf.touch(at)
			a.out.last = a
		}
	}
	c.steps = append(c.steps, &cudaStep{n.Name(), kernel, grid, args})
}

// newValue allocates a buffer for the tensor of n. It stays in use until the last step
// that names it.
func (c *cudaLowering) newValue(n *Node) (*cudaValue, error) {
	v := &cudaValue{}
	switch s := n.Shape(); {
	case s.Dims() == 4 && s[1] == 3:
		v.c, v.h, v.w = s[1], s[2], s[3]
	case s.Dims() == 4 && s[1]%16 == 0:
		v.c, v.h, v.w, v.features = s[1], s[2], s[3], true
	case s.Dims() == 4:
		return nil, &UnsupportedError{n.Name(), fmt.Sprintf("has %d channels, want 3 or a multiple of 16", s[1])}
	case s.Dims() == 2:
		v.h, v.w = s[0], s[1]
	default:
		return nil, &UnsupportedError{n.Name(), fmt.Sprintf("has shape %v, want a picture, features or a matrix", s)}
	}
	if err := fits(n, size(n)); err != nil {
		return nil, err
	}
	v.buf = c.buffer(size(n))
	return v, nil
}

// mostItems is the most that kernels count to, in int32, minus the number of items by which
// the last block may go beyond the end.
const mostItems = math.MaxInt32 - blockSum

// fits returns an error if node n has more items than kernels can count.
func fits(n *Node, items int) error {
	if items > mostItems {
		return &UnsupportedError{n.Name(), fmt.Sprintf("has %d values, want at most %d", items, mostItems)}
	}
	return nil
}

// result makes the value that the next step writes for node n. If n is part of a sum, the
// value lies in the buffer of the sum and is added to what is there.
func (c *cudaLowering) result(n *Node) (*ending, error) {
	if v, ok := c.begun(n); ok {
		return &ending{out: v, add: true}, nil
	}
	v, err := c.newValue(n)
	if err != nil {
		return nil, err
	}
	c.begin(n, v)
	return &ending{out: v}, nil
}

// scalarOf gives node n, a scalar, its place.
func (c *cudaLowering) scalarOf(n *Node) scalarAt {
	c.scalars[n] = c.places
	c.places++
	return c.scalar(n)
}

// scalar returns the place of a scalar that was lowered.
func (c *cudaLowering) scalar(n *Node) scalarAt { return scalarAt(c.scalars[n]) }

// table takes memory for constants of this program.
func (c *cudaLowering) table(data []float32) tableAt {
	c.tables = append(c.tables, data)
	return tableAt(len(c.tables) - 1)
}

// masked returns the gradient of node grad, zeroed where y, the result of a ReLU, is not
// above zero. The step that wrote the gradient last does that if nothing else reads it.
func (c *cudaLowering) masked(n, grad, y *Node) (*cudaValue, error) {
	v, mask := c.values[grad], c.values[y].buf
	alone := len(c.schedule.users[grad]) == 1 && !c.schedule.outputs[grad]
	if e := v.last; alone && e != nil && e.mask == nil {
		e.mask = mask
		mask.touch(e.step)
		return v, nil
	}
	own, err := c.newValue(grad)
	if err != nil {
		return nil, err
	}
	e := &ending{out: own, mask: mask}
	c.add(n, v, e)
	mask.touch(e.step)
	return own, nil
}

// sum adds those operands of n that are not yet in its buffer.
func (c *cudaLowering) sum(n *Node, in []*Node) error {
	for _, o := range c.rest(n, in) {
		to, err := c.result(n)
		if err != nil {
			return err
		}
		c.add(n, c.values[o], to)
	}
	return nil
}
