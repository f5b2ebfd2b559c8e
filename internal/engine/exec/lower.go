package exec

import (
	"fmt"

	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// lowering turns a schedule into steps for the processor, node by node.
type lowering struct {
	layout[*value]
	device  *CPU
	scalars map[*Node]*float32
	relu    map[*Node]*mask // by the node of the convolution or ReLU
	pooled  map[*Node]*mask // by the node of the pooling: where each maximum was

	distances map[*Node]*distance // by the node of the distance
	filters   map[*Node]*trained  // by the input of filters
	mirrors   map[*Node]*value    // by the features that have their reflection around them
	norms     map[*Node]*norm     // by the node of the normalisation
	stats     map[*Node][]float32 // by the convolution whose step measures its result
	summed    map[*Node]*Node     // by the sum: an operand that a normalisation added
	masks     []*mask
	needs     []filterNeed   // fixed filters
	scratch   kernel.Scratch // of the kernels
	steps     []lowered
}

// lowered is a step that waits for its buffers to have a place.
type lowered struct {
	name string
	make func() func()
}

// value is where the tensor of a node is.
type value struct {
	buf     *buffer
	shape   kernel.Shape // of a blocked tensor
	blocked bool         // the layout of package kernel; else plain, in order

	mirrored bool // its border has its reflection, or part of one, not zeros

	// Of a tensor that is never written, because its readers compute it from buf: what a
	// normalisation makes of each channel, and whether each position stands for 2x2.
	channels *kernel.ChannelMap
	repeated bool

	// For a gradient of full resolution that is never written: buf has the pooled
	// shape, and the mask spreads it. Only the gradient of a convolution reads this.
	spread kernel.Pooling
	scale  float32
	mask   *mask
}

func (v *value) memory() *buffer { return v.buf }

// mask is a bit for each element of a blocked tensor.
type mask struct {
	words int
	bits  []uint16
}

// floats is the memory of a mask, in whole cache lines.
func (m *mask) floats() int { return ((m.words+1)/2 + align - 1) / align * align }

func newLowering(d *CPU, s *schedule) *lowering {
	return &lowering{
		layout: newLayout[*value](s), device: d, scalars: map[*Node]*float32{},
		relu: map[*Node]*mask{}, pooled: map[*Node]*mask{},
		distances: map[*Node]*distance{}, filters: map[*Node]*trained{},
		mirrors: map[*Node]*value{}, norms: map[*Node]*norm{},
		stats: map[*Node][]float32{}, summed: map[*Node]*Node{},
	}
}

// lower adds the steps of node n, whose operands have been lowered.
func (c *lowering) lower(n *Node) error {
	in := operands(n)
	if err := c.checkBorders(n, in); err != nil {
		return err
	}
	switch o := n.Op().(type) {
	case nil:
		if !n.IsScalar() {
			return c.input(n, c.inputValue)
		}
		c.scalarOf(n)
	case *op.Affine:
		c.affine(n, o, in[0])
	case *op.Conv:
		return c.conv(n, o, in[0], in[1], in[2])
	case *op.ConvGrad:
		c.convGrad(n, o, in[0], in[1], in[2])
	case *op.ReLU:
		c.reluAlone(n, in[0])
	case *op.ReLUGrad:
		c.reluGrad(n, in[0], in[1])
	case *op.Pool:
		c.pool(n, o, in[0])
	case *op.PoolGrad:
		c.poolGrad(n, o, in[0], in[1])
	case *op.Gram:
		c.gram(n, in)
	case *op.GramGrad:
		c.gramGrad(n, in)
	case *op.Pointwise:
		c.pointwise(n, in[0], in[1], false)
	case *op.PointwiseGrad:
		c.pointwise(n, in[0], in[1], true)
	case *op.Congruence:
		c.congruence(n, in[0], in[1], false)
	case *op.CongruenceGrad:
		c.congruence(n, in[0], in[1], true)
	case *op.MeanSquare:
		c.meanSquare(n, in[0], in[1])
	case *op.MeanSquareGrad:
		c.meanSquareGrad(n, in[0], in[1], in[2])
	case *op.Moments:
		c.moments(n, in)
	case *op.MomentsGrad:
		c.momentsGrad(n, o, in)
	case *op.MeanGram:
		c.meanGram(n, in)
	case *op.MeanGramGrad:
		c.meanGramGrad(n, in)
	case *op.W2:
		c.w2(n, in[0], in[1])
	case *op.W2Grad:
		c.w2Grad(n, in[0], in[1], in[2], in[3])
	case *op.Cosine:
		c.cosine(n, in)
	case *op.CosineGrad:
		c.cosineGrad(n, in[0], in[1:])
	case *op.NormalizeGrad:
		c.reads(in[0])
		c.values[n] = c.values[in[0]]
	case *op.NormalizedGrad:
		c.normalizedGrad(n, o, in[0])
	case *op.TV:
		c.tv(n, o, in[0])
	case *op.TVGrad:
		c.tvGrad(n, o, in[0], in[1])
	case *op.WeightedSum:
		c.weightedSum(n, o, in)
	case *op.Scale:
		c.scale(n, o, in[0])
	default:
		if !isSum(n) {
			return c.lowerSearch(n, in)
		}
		c.sum(n, in)
	}
	return nil
}

// checkBorders returns an error if n takes features for a tensor with a border of zeros that
// a mirrored convolution has given another border.
func (c *lowering) checkBorders(n *Node, in []*Node) error {
	switch n.Op().(type) {
	case *op.Conv, *op.MeanSquare, *op.MeanSquareGrad, *op.NormalizedGrad:
		for _, o := range in {
			if v := c.values[o]; v != nil && v.mirrored {
				return fmt.Errorf("cpu: no kernel for %v of %s, which a mirrored convolution reads too", n.Op(), o.Name())
			}
		}
	}
	return nil
}

// lowerFeedForward is lower for the operations of a feed-forward network.
func (c *lowering) lowerFeedForward(n *Node, in []*Node) error {
	switch o := n.Op().(type) {
	case *op.MirrorConv:
		c.mirrorConv(n, o, in[0], in[1])
	case *op.MirrorConvGrad:
		c.mirrorConvGrad(n, o, in[0], in[1])
	case *op.MirrorConvWeights:
		c.mirrorConvWeights(n, o, in[0], in[1])
	case *op.InstanceNorm:
		c.instanceNorm(n, o, in[0], in[1])
	case *op.InstanceNormSums:
		c.instanceNormSums(n, in[0], in[1], in[2])
	case *op.InstanceNormGrad:
		c.instanceNormGrad(n, in[0], in[1], in[2], in[3], in[4])
	case *op.ScaleShift:
		c.scaleShift(n, o, in[0], in[1])
	case *op.SteadyNorm:
		c.steadyNorm(n, o, in)
	case *op.Upsample:
		c.upsample(n, in[0])
	case *op.UpsampleGrad:
		c.upsampleGrad(n, in[0])
	case *op.Sigmoid:
		c.sigmoid(n, in[0], in[1])
	case *op.SigmoidGrad:
		c.sigmoidGrad(n, in[0], in[1])
	case *op.ChannelSums:
		c.channelSums(n, in[0])
	case *op.ScaleBy:
		c.scaleBy(n, in[0], in[1])
	case *op.Orient:
		c.orient(n, in[0], in[1], false)
	case *op.OrientGrad:
		c.orient(n, in[0], in[1], true)
	default:
		return fmt.Errorf("cpu: no kernel for %v, the operation of %s", n.Op(), n.Name())
	}
	return nil
}

// step adds a step. make is called once all buffers have their places.
func (c *lowering) step(name string, make func() func()) {
	c.steps = append(c.steps, lowered{name, make})
}

// reads records that the next step reads the values of nodes.
func (c *lowering) reads(nodes ...*Node) {
	for _, n := range nodes {
		if v := c.values[n]; v != nil {
			v.buf.touch(len(c.steps))
		}
	}
}

// buffer adds a buffer of floats numbers that the next step writes.
func (c *lowering) buffer(floats int) *buffer {
	b := c.layout.buffer(floats)
	b.touch(len(c.steps))
	return b
}

// works records that a step takes working memory.
func (c *lowering) works(s kernel.Scratch) { c.scratch = c.scratch.Max(s) }

// maskBytes is the memory of the masks.
func (c *lowering) maskBytes() (bytes int64) {
	for _, m := range c.masks {
		bytes += 4 * int64(m.floats())
	}
	return bytes
}

// newMask adds the mask of a blocked tensor.
func (c *lowering) newMask(s kernel.Shape) *mask {
	m := &mask{words: s.MaskLen()}
	c.masks = append(c.masks, m)
	return m
}

// features returns the shape of an activation node, as the kernels describe it.
func features(n *Node) kernel.Shape {
	s := n.Shape()
	return kernel.Shape{C: s[1], H: s[2], W: s[3]}
}

// newValue adds a buffer for the tensor of n.
func (c *lowering) newValue(n *Node, blocked bool) *value {
	if !blocked {
		return &value{buf: c.buffer(size(n))}
	}
	s := features(n)
	return &value{blocked: true, shape: s, buf: c.buffer(s.Len())}
}

// result makes the value that the next step writes for node n, and reports whether the
// step must add to what is there. If n is part of a sum, both share a buffer.
func (c *lowering) result(n *Node, blocked bool) (v *value, add bool) {
	if v, add = c.begun(n); !add {
		v = c.newValue(n, blocked)
		c.begin(n, v)
	}
	v.buf.touch(len(c.steps))
	return v, add
}

// inputValue adds a buffer for the tensor of input n.
func (c *lowering) inputValue(n *Node) (*value, error) {
	switch s := n.Shape(); {
	case s.Dims() == 4 && s[1] == 3, s.Dims() <= 2, c.schedule.isTrained(n):
		return c.newValue(n, false), nil
	case s.Dims() == 4:
		return c.newValue(n, true), nil
	default:
		return nil, fmt.Errorf("cpu: input %s of shape %v is neither picture, features, filters, matrix nor vector", n.Name(), s)
	}
}

// sum adds those operands of n that are not yet in its buffer.
func (c *lowering) sum(n *Node, in []*Node) {
	for _, o := range c.rest(n, in) {
		if c.summed[n] == o {
			continue
		}
		c.reads(o)
		from := c.values[o]
		to, add := c.result(n, from.blocked)
		to.mirrored = to.mirrored || from.mirrored
		c.step(n.Name()+" += "+o.Name(), func() func() {
			dst, src := to.buf.data, from.buf.data
			if !add {
				return func() { copy(dst, src) }
			}
			return func() { c.device.engine.Axpy(1, src, dst) }
		})
	}
}
