package feedforward

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// universalHidden is the width of the predictor's hidden layers.
const universalHidden = 256

// Universal is a network whose scales and shifts are predicted for any painting.
type Universal struct {
	Architecture
	Hidden         int       // width of the predictor's hidden layers, 1 to 1024
	Centre, Spread []float32 // of descriptors, see [Normalise]
	Params         []float32 // those that all styles share, then those of the predictor
	Training       Training
	Losses         Losses
	Licence        string // a note for people; may be empty
}

// NewUniversal returns a network with the parameters that training starts with.
func NewUniversal(a Architecture, centre, spread []float32, seed uint64) *Universal {
	u := &Universal{Architecture: a, Hidden: universalHidden, Centre: centre, Spread: spread}
	first := a.Init(1, seed)
	u.Params = append(first[:a.Shared():a.Shared()], u.Predictor().Init(a.styleOf(first, 0), seed)...)
	return u
}

// Predictor returns the sizes of the predictor.
func (u *Universal) Predictor() Predictor {
	return Predictor{DescriptorLen, u.Hidden, u.PerStyle()}
}

// SharedParams returns the parameters that all styles share. It shares their memory.
func (u *Universal) SharedParams() []float32 { return u.Params[:u.Shared():u.Shared()] }

// PredictorParams returns the parameters of the predictor. It shares their memory.
func (u *Universal) PredictorParams() []float32 { return u.Params[u.Shared():] }

// Predict returns the scales and shifts for a descriptor of a painting, as [Architecture.Norms]
// lays them out.
func (u *Universal) Predict(descriptor []float32) []float32 {
	normal := slices.Clone(descriptor)
	Normalise(normal, u.Centre, u.Spread)
	return u.Predictor().NewPrediction().Run(u.PredictorParams(), normal)
}

// Shares divides weights by their sum. It is an error if a weight is negative or not finite,
// or if all are 0.
func Shares(weights []float64) ([]float64, error) {
	most := 0.0
	for _, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("feedforward: weight %v, want a finite number of at least 0", w)
		}
		most = max(most, w)
	}
	if most == 0 {
		return nil, errors.New("feedforward: all weights are 0")
	}
	total := 0.0
	for _, w := range weights {
		total += w / most // so that the sum is finite
	}
	shares := make([]float64, len(weights))
	for i, w := range weights {
		shares[i] = w / most / total
	}
	return shares, nil
}
