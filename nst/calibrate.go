package nst

import (
	"context"
	"math"
	"sync"
)

// calibration is how large the features of a network are, once that was measured. It may be
// used by several Transfers at once.
type calibration struct {
	mu    sync.Mutex
	scale float64 // see featureScale; 0 is not known
}

// alike is the factor by which features may be larger or smaller than those of Oxford's
// VGG-19 and count as the same: that network, VGG-16 and slim keep their losses to the byte.
const alike = 4

// oxford has the root mean square of features of Oxford's VGG-19, for the picture that
// calibration measures.
func oxford() []LayerWeight {
	return []LayerWeight{{"relu1_1", 28.4}, {"relu2_1", 164}, {"relu3_1", 216}, {"relu4_1", 684}, {"relu5_1", 67.1}}
}

// featureScale returns how many times as large as those of Oxford's VGG-19 the features of the
// network are: a geometric mean over the layers that both have. It is 1 where they are alike,
// and where Objective.Calibrate is off.
func (e evaluator) featureScale(ctx context.Context) (float64, error) {
	c := e.calibration
	if !e.options.Calibrate {
		return 1, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.scale == 0 {
		scale, err := e.calibrate(ctx)
		if err != nil {
			return 0, err
		}
		c.scale = scale
	}
	return c.scale, nil
}

// calibrate measures what featureScale returns.
func (e evaluator) calibrate(ctx context.Context) (float64, error) {
	var layers []LayerWeight
	for _, l := range oxford() {
		if e.weights().CheckTap(l.Layer) == nil && e.weights().CheckDepth(l.Layer) == nil {
			layers = append(layers, l)
		}
	}
	const size, span = 64, 0.5
	trained := *e.network
	trained.options.Pooling, trained.options.Rescale, trained.options.Padding = PoolMax, false, PadZero
	e.network = &trained
	got, err := e.measure(ctx, noise(size, size, 0, span), layers, whole)
	if err != nil {
		return 0, err
	}
	sum, n := 0., 0
	for _, l := range layers {
		if p := power(got[l.Layer][0].data); p > 0 && !math.IsInf(p, 1) {
			sum, n = sum+math.Log(math.Sqrt(p)/l.Weight), n+1
		}
	}
	scale := math.Exp(sum / float64(max(1, n)))
	if n == 0 || scale > 1./alike && scale < alike {
		scale = 1
	}
	return scale, nil
}

// calibrated returns the weight of a loss that grows with that power (order) of the features, for a
// network whose features are of that scale: the loss times the weight is what it is with
// Oxford's.
func (b *builder) calibrated(weight, order float64) float64 {
	if b.scale == 0 || b.scale == 1 {
		return weight
	}
	return weight * math.Pow(b.scale, -order)
}
