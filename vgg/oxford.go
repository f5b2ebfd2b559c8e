package vgg

import "math"

// oxford identifies the weights of Simonyan and Zisserman: the first biases of conv1_1, and
// the 3x3 values of its first filter for blue. Every conversion has these numbers, up to
// rounding; weights of other origin do not.
type oxford struct {
	bias [4]float32
	blue [9]float32
}

// oxfords returns the two networks by name. The numbers are those of Keras's files, which
// agree with MatConvNet's.
func oxfords() map[string]oxford {
	return map[string]oxford{
		"vgg19": {
			[4]float32{0.7301776, 0.06493629, 0.03428847, 0.8260386},
			[9]float32{0.34119523, 0.33999205, -0.0448442, 0.232159, 0.0897821, -0.303314, -0.0726092, -0.246675, -0.336833},
		},
		"vgg16": {
			[4]float32{0.73429835, 0.093403675, 0.06775674, 0.8862966},
			[9]float32{0.42947057, 0.373467, -0.061360113, 0.27476987, 0.038680777, -0.36722335, -0.05746817, -0.26224968, -0.35009676},
		},
	}
}

// orientations are the orders of the values of a 3x3 filter that converters have left: as
// they should be, transposed (MATLAB's order of indices), rotated by 180 degrees (Theano's
// convolution, where others correlate), and both.
func orientations() [4][9]int {
	return [4][9]int{
		{0, 1, 2, 3, 4, 5, 6, 7, 8},
		{0, 3, 6, 1, 4, 7, 2, 5, 8},
		{8, 7, 6, 5, 4, 3, 2, 1, 0},
		{8, 5, 2, 7, 4, 1, 6, 3, 0},
	}
}

// knowOxford reports whether ws are Oxford's weights. If they are, it puts the filters in
// the right orientation, and the input channels of conv1_1 in the order BGR.
func knowOxford(ws *Weights) bool {
	o, ok := oxfords()[ws.Network.Name]
	f := ws.Filters["conv1_1"]
	if !ok || len(f.B) < len(o.bias) {
		return false
	}
	for i, b := range o.bias {
		if math.Abs(float64(f.B[i]-b)) > 1e-3*math.Abs(float64(b)) { // float16 rounds by half that
			return false
		}
	}
	// 8-bit copies differ by less than 0.01 in all; the channels by 0.3, the orientations by more.
	best, order, red := math.Inf(1), [9]int{}, false
	for _, p := range orientations() {
		for _, first := range []int{0, 18} {
			var d float64
			for i, from := range p {
				d += math.Abs(float64(f.W[first+from] - o.blue[i]))
			}
			if d < best {
				best, order, red = d, p, first > 0
			}
		}
	}
	for _, f := range ws.Filters {
		f.reorder(order)
	}
	if red {
		f.swapChannels()
	}
	return true
}

// reorder moves value order[i] of each 3x3 filter to i.
func (f Filter) reorder(order [9]int) {
	if order == orientations()[0] {
		return
	}
	var old [9]float32
	for ; len(f.W) > 0; f.W = f.W[9:] {
		copy(old[:], f.W)
		for i, from := range order {
			f.W[i] = old[from]
		}
	}
}

// swapChannels swaps the first and the last of three input channels.
func (f Filter) swapChannels() {
	for k := range f.K {
		w := f.W[27*k:][:27]
		for i := range 9 {
			w[i], w[18+i] = w[18+i], w[i]
		}
	}
}
