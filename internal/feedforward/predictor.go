package feedforward

import (
	"math"
	"math/rand/v2"
)

// Predictor predicts the scales and shifts of a style from the descriptor of a painting, as
// Ghiasi et al. (2017) do: two hidden layers with ReLU and a linear one. It says how a vector
// of parameters is read; it has none of its own.
type Predictor struct {
	In, Hidden, Out int
}

// Parameters returns the parameters in order and without gaps: hidden1.weight (Hidden, In),
// hidden1.bias and so on. Offsets count from the start of the predictor's own vector.
func (p Predictor) Parameters() []Parameter {
	var all []Parameter
	for _, l := range p.layers() {
		all = place(all, l.name+".weight", l.out, l.in)
		all = place(all, l.name+".bias", l.out)
	}
	return all
}

// Len returns the number of parameters.
func (p Predictor) Len() int { return end(p.Parameters()) }

// linear is a layer: y = W x + b.
type linear struct {
	name    string
	in, out int
}

func (p Predictor) layers() [3]linear {
	return [3]linear{{"hidden1", p.In, p.Hidden}, {"hidden2", p.Hidden, p.Hidden}, {"norms", p.Hidden, p.Out}}
}

// Init returns the parameters that training starts with: weights uniform within ±√(3/in), a
// tenth of it in the last layer, and no biases. The biases of the last layer are those that
// are given, so that all styles are close to them.
func (p Predictor) Init(bias []float32, seed uint64) []float32 {
	v := make([]float32, p.Len())
	r := rand.New(rand.NewPCG(seed, 1))
	layers, all := p.layers(), p.Parameters()
	for i, l := range layers {
		bound := math.Sqrt(3 / float64(l.in))
		if i == len(layers)-1 {
			bound *= 0.1
			copy(all[2*i+1].Of(v), bias)
		}
		w := all[2*i].Of(v)
		for j := range w {
			w[j] = float32((2*r.Float64() - 1) * bound)
		}
	}
	return v
}

// Prediction is a run of a predictor, with what its gradient needs.
type Prediction struct {
	predictor Predictor
	all       []Parameter
	values    [4][]float32 // the input, the hidden layers after their ReLU, and the output
	grads     [4][]float32
	sums      []float64
}

// NewPrediction returns room for runs of p.
func (p Predictor) NewPrediction() *Prediction {
	r := &Prediction{predictor: p, all: p.Parameters(), sums: make([]float64, max(p.In, p.Hidden))}
	for i, n := range [4]int{p.In, p.Hidden, p.Hidden, p.Out} {
		r.values[i], r.grads[i] = make([]float32, n), make([]float32, n)
	}
	return r
}

// Run returns the scales and shifts for a descriptor. The next call overwrites them.
func (r *Prediction) Run(params, descriptor []float32) []float32 {
	copy(r.values[0], descriptor)
	for i, l := range r.predictor.layers() {
		x, y := r.values[i], r.values[i+1]
		w, b := r.all[2*i].Of(params), r.all[2*i+1].Of(params)
		for o := range y {
			sum := float64(b[o])
			for j, v := range w[o*l.in:][:l.in] {
				sum += float64(v) * float64(x[j])
			}
			if i < 2 {
				sum = max(0, sum)
			}
			y[o] = float32(sum)
		}
	}
	return r.values[3]
}

// Add adds to gradient the gradient to the parameters of the last [Prediction.Run], where out
// is the gradient to its result.
func (r *Prediction) Add(gradient, params, out []float32) {
	layers := r.predictor.layers()
	copy(r.grads[3], out)
	for i := len(layers) - 1; i >= 0; i-- {
		x, l := r.values[i], layers[i]
		w, dw, db := r.all[2*i].Of(params), r.all[2*i].Of(gradient), r.all[2*i+1].Of(gradient)
		sums := r.sums[:l.in]
		clear(sums)
		for o, g := range r.grads[i+1] {
			if g == 0 {
				continue
			}
			db[o] += g
			row, drow := w[o*l.in:][:l.in], dw[o*l.in:][:l.in]
			for j, v := range x {
				drow[j] += float32(g * v)
				sums[j] += float64(g) * float64(row[j])
			}
		}
		for j, s := range sums {
			r.grads[i][j] = 0
			if x[j] > 0 { // the derivative of the ReLU; of no use for the input
				r.grads[i][j] = float32(s)
			}
		}
	}
}
