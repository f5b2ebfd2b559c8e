package feedforward

import (
	"fmt"
	"iter"
	"strconv"

	"nst/vgg/safetensors"
)

// Bounds of what a model may be. They are far above what is of use and keep a hostile file
// from asking for much memory.
const (
	maxWidth  = 256
	maxBlocks = 16
	maxStyles = 4096
)

// kernel is the width and height of every convolution.
const kernel = 3

// Architecture is the size of a network.
type Architecture struct {
	Widths [3]int `json:"widths"` // channels at full, half and quarter resolution, 1 to 256
	Blocks int    `json:"blocks"` // residual blocks, 0 to 16
}

// DefaultArchitecture returns a small network: half the width of Johnson's, and four blocks
// instead of five. It has 343,203 parameters with one style, and 1344 more for each other.
func DefaultArchitecture() Architecture {
	return Architecture{Widths: [3]int{16, 32, 64}, Blocks: 4}
}

// Validate returns an error if a width or the number of blocks is out of range.
func (a Architecture) Validate() error {
	if err := a.validate(); err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	return nil
}

func (a Architecture) validate() error {
	for _, w := range a.Widths {
		if w < 1 || w > maxWidth {
			return fmt.Errorf("architecture: width %d, want 1 to %d", w, maxWidth)
		}
	}
	if a.Blocks < 0 || a.Blocks > maxBlocks {
		return fmt.Errorf("architecture: %d residual blocks, want 0 to %d", a.Blocks, maxBlocks)
	}
	return nil
}

// Layer is one convolution of a network with what comes before and after it: upsampling,
// the convolution (3x3, reflection padding 1), instance normalisation, then an activation.
type Layer struct {
	Name     string // conv1, block1.a, up1 or out
	In, Out  int    // channels
	Stride   int    // of the convolution, 1 or 2
	Upsample bool   // the input is doubled in size first, each pixel becoming 2x2 equal ones
	Norm     bool   // instance normalisation with scale and shift; else the layer has a bias
	ReLU     bool   // max(0, x) at the end
	Sigmoid  bool   // 1 / (1 + exp(-x)) at the end, which makes a picture in [0, 1]

	// Residual means that the input of the layer before is added at the end, so that the
	// two layers of a block compute y = x + b(a(x)).
	Residual bool
}

// Layers returns the layers from the photograph to the picture. They are those of the
// supplementary material of Johnson et al. (2016), with these departures: all filters are
// 3x3; padding reflects; nearest-neighbour upsampling and a convolution replace the
// transposed convolutions, which leave a chequered pattern (Odena et al. 2016); a sigmoid
// replaces the scaled tanh.
func (a Architecture) Layers() []Layer {
	full, half, quarter := a.Widths[0], a.Widths[1], a.Widths[2]
	layers := []Layer{
		{Name: "conv1", In: 3, Out: full, Stride: 1, Norm: true, ReLU: true},
		{Name: "conv2", In: full, Out: half, Stride: 2, Norm: true, ReLU: true},
		{Name: "conv3", In: half, Out: quarter, Stride: 2, Norm: true, ReLU: true},
	}
	for i := range a.Blocks {
		name := "block" + strconv.Itoa(i+1)
		layers = append(
			layers,
			Layer{Name: name + ".a", In: quarter, Out: quarter, Stride: 1, Norm: true, ReLU: true},
			Layer{Name: name + ".b", In: quarter, Out: quarter, Stride: 1, Norm: true, Residual: true},
		)
	}
	return append(
		layers,
		Layer{Name: "up1", In: quarter, Out: half, Stride: 1, Upsample: true, Norm: true, ReLU: true},
		Layer{Name: "up2", In: half, Out: full, Stride: 1, Upsample: true, Norm: true, ReLU: true},
		Layer{Name: "out", In: full, Out: 3, Stride: 1, Sigmoid: true},
	)
}

// Parameter is a tensor within a flat vector.
type Parameter struct {
	Name   string
	Shape  []int
	Offset int // of the first value in the vector
}

// Len returns the number of values.
func (p Parameter) Len() int { return safetensors.Count(p.Shape) }

// Of returns the values of p within a vector, in row-major order. It shares their memory.
func (p Parameter) Of(vector []float32) []float32 {
	return vector[p.Offset : p.Offset+p.Len() : p.Offset+p.Len()]
}

// Parameters returns the parameters that all styles share, in order and without gaps:
// conv1.weight (Out, In, 3, 3), conv2.weight and so on, out.weight, out.bias (3). Offsets
// count from the start of a model's vector.
func (a Architecture) Parameters() []Parameter {
	var all []Parameter
	for _, l := range a.Layers() {
		all = place(all, l.Name+".weight", l.Out, l.In, kernel, kernel)
		if !l.Norm {
			all = place(all, l.Name+".bias", l.Out)
		}
	}
	return all
}

// Norms returns the parameters of one style, in order and without gaps: conv1.norm (2, c)
// and so on up to up2.norm, one for each layer that normalises its c channels. Row 0 has the
// scales, row 1 the shifts. Offsets count from the start of a style's own vector.
func (a Architecture) Norms() []Parameter {
	var all []Parameter
	for _, l := range a.Layers() {
		if l.Norm {
			all = place(all, l.Name+".norm", 2, l.Out)
		}
	}
	return all
}

// place appends a parameter that begins where the last one ends.
func place(all []Parameter, name string, shape ...int) []Parameter {
	return append(all, Parameter{name, shape, end(all)})
}

// end returns the length of the vector that these parameters fill.
func end(all []Parameter) int {
	if len(all) == 0 {
		return 0
	}
	last := all[len(all)-1]
	return last.Offset + last.Len()
}

// Shared returns how many parameters all styles share.
func (a Architecture) Shared() int { return end(a.Parameters()) }

// PerStyle returns how many parameters each style has of its own.
func (a Architecture) PerStyle() int { return end(a.Norms()) }

// Count returns how many parameters a model with n styles has: Shared() + n PerStyle().
func (a Architecture) Count(n int) int { return a.Shared() + n*a.PerStyle() }

// tensors returns all parameters of a model with n styles, by their names in a file: those
// of Parameters, then style.0.conv1.norm and so on. Offsets are those in the model's vector.
func (a Architecture) tensors(n int) iter.Seq[Parameter] {
	return func(yield func(Parameter) bool) {
		shared := a.Parameters()
		for _, p := range shared {
			if !yield(p) {
				return
			}
		}
		norms := a.Norms()
		for i := range n {
			prefix, start := "style."+strconv.Itoa(i)+".", end(shared)+i*end(norms)
			for _, p := range norms {
				if !yield(Parameter{prefix + p.Name, p.Shape, start + p.Offset}) {
					return
				}
			}
		}
	}
}
