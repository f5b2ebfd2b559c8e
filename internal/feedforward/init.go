package feedforward

import (
	"math"
	"math/rand/v2"
	"strings"
)

// Init returns the parameters that the training of n styles starts with. Filters and the
// bias are what PyTorch gives a convolution, kaiming_uniform with a = √5: uniform within
// ±1/√(9c), where c is the number of input channels. Scales are 1 and shifts are 0, for
// every style.
//
// The numbers depend on the architecture and the seed alone. The i-th of them, in the order
// of [Architecture.Parameters], is (2u-1)/√(9c), where u in [0, 1) is the upper 24 bits of
// the i-th output of [rand.PCG] with the seeds (seed, 0).
func (a Architecture) Init(n int, seed uint64) []float32 {
	v := make([]float32, a.Count(n))
	source := rand.NewPCG(seed, 0)
	bound := 0.0
	for p := range a.tensors(n) {
		switch values := p.Of(v); {
		case strings.HasSuffix(p.Name, ".norm"):
			for i := range values[:len(values)/2] {
				values[i] = 1
			}
		default:
			if len(p.Shape) == 4 { // a bias follows its filters and has their bound
				bound = 1 / math.Sqrt(float64(p.Shape[1]*kernel*kernel))
			}
			for i := range values {
				u := float64(source.Uint64()>>40) / (1 << 24)
				values[i] = float32((2*u - 1) * bound)
			}
		}
	}
	return v
}
