package vgg

import (
	"math"
	"slices"
)

// oxford identifies the weights of Simonyan and Zisserman: the first biases of conv1_1, and
// the top left value of each input channel of its first filter, blue first. Every conversion
// has these numbers, up to rounding; weights of other origin do not.
type oxford struct {
	bias [4]float32
	bgr  [3]float32
}

// oxfords returns the two networks by name. The order of the channels is known from
// MatConvNet's copy: it is documented as RGB, and its first filter has the three numbers in
// reverse.
func oxfords() map[string]oxford {
	return map[string]oxford{
		"vgg19": {[4]float32{0.7301776, 0.06493629, 0.03428847, 0.8260386}, [3]float32{0.34119523, 0.46418372, 0.39416704}},
		"vgg16": {[4]float32{0.73429835, 0.093403675, 0.06775674, 0.8862966}, [3]float32{0.42947057, 0.55037946, 0.4800154}},
	}
}

// knowOxford reports whether ws are Oxford's weights. If they are, it reorders the input
// channels of conv1_1 to BGR if they are RGB.
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
	// 8-bit copies differ by about 0.01 here, the two orders by 0.05.
	far := func(order ...int) (d float64) {
		for c, i := range order {
			d += math.Abs(float64(f.W[9*c] - o.bgr[i]))
		}
		return d
	}
	if far(2, 1, 0) < far(0, 1, 2) {
		for k := range f.K {
			w := f.W[27*k:][:27]
			w0 := slices.Clone(w[:9])
			copy(w[:9], w[18:])
			copy(w[18:], w0)
		}
	}
	return true
}
