package feedforward

import (
	"math/rand/v2"
	"testing"
)

// TestAlong compares variances with the formula, sum by sum: they must have the same bits.
func TestAlong(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 20; n++ {
		u, means, gram := make([]float32, n), make([]float32, n), make([]float64, n*n)
		for i := range n {
			u[i], means[i] = float32(r.NormFloat64()), r.Float32()/10
		}
		for i := range n {
			for j := range i + 1 { // that of features which vary by themselves
				g := means[i] * means[j]
				if i == j {
					g++
				}
				gram[i*n+j], gram[j*n+i] = float64(g), float64(g)
			}
		}
		var square, mean float64
		for i, a := range u {
			var row float64
			for j, b := range u {
				row += gram[i*n+j] * float64(b)
			}
			square += float64(a) * row
			mean += float64(a) * float64(means[i])
		}
		if got, want := along(u, means, gram), square-mean*mean; got != want || want <= 0 {
			t.Errorf("%d channels: %v, want %v", n, got, want)
		}
	}
}
