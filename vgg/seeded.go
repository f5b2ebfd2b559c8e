package vgg

import "math"

// Seeded returns network n with random weights, down to layer last, for tests and
// benchmarks. Filters are uniform with the variance 2/(9C) of He et al. (2015), which keeps
// features of the same size from layer to layer; biases are in [-0.1, 0.1). testdata/torch
// draws the same numbers in Python. The error is an [UnknownLayerError].
func Seeded(n *Network, conv Convention, last string, seed uint64) (*Weights, error) {
	end, err := n.Index(last)
	if err != nil {
		return nil, err
	}
	w := &Weights{Network: n, Convention: conv, Source: "seeded random numbers", Licence: "none", Filters: map[string]Filter{}}
	stream := uint64(0)
	for _, l := range n.Layers[:end+1] {
		if l.Kind != Conv {
			continue
		}
		f := Filter{K: l.K, C: l.C, W: make([]float32, l.K*l.C*9), B: make([]float32, l.K)}
		fillUniform(f.W, seed, 2*stream, math.Sqrt(6/float64(9*l.C)))
		fillUniform(f.B, seed, 2*stream+1, 0.1)
		w.Filters[l.Name] = f
		stream++
	}
	return w, nil
}

// fillUniform fills dst with numbers in [-bound, bound): value i is the i-th of
// SplitMix64 (Steele et al. 2014) started at a hash of seed and stream.
func fillUniform(dst []float32, seed, stream uint64, bound float64) {
	start := mix64(seed ^ (stream+1)*0xD1B54A32D192ED03)
	for i := range dst {
		u := float64(mix64(start+uint64(i+1)*0x9E3779B97F4A7C15)>>40) / (1 << 24)
		dst[i] = float32((2*u - 1) * bound)
	}
}

// mix64 is the output function of SplitMix64.
func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
