package feedforward

import (
	"context"
	"fmt"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/loss"
	"nst/vgg"
)

// MeasureStyle returns the Gram matrices (c, c) of a style picture (3, h, w), RGB in [0, 1],
// at the style layers of the lesson.
func (l *Lesson) MeasureStyle(ctx context.Context, d exec.Device, picture []float32, w, h int) ([][]float32, error) {
	grams := make([][]float32, 0, len(l.Style))
	err := measure(ctx, d, l.Loss, l.styleNames(), picture, w, h, func(layer string, features *exec.Node, _ inputs) ([]*exec.Node, error) {
		return one(loss.Gram(layer+"/gram", features))
	}, func(values []float32) { grams = append(grams, values) })
	return grams, err
}

// MeasureContent returns the mean square of the features of a photograph (3, h, w) at the
// content layer of the lesson.
func (l *Lesson) MeasureContent(ctx context.Context, d exec.Device, picture []float32, w, h int) (mean float64, err error) {
	err = measure(ctx, d, l.Loss, []string{l.Content}, picture, w, h, func(_ string, features *exec.Node, _ inputs) ([]*exec.Node, error) {
		return one(features, nil)
	}, func(values []float32) { mean = MeanSquare(values) })
	return mean, err
}

func one(n *exec.Node, err error) ([]*exec.Node, error) { return []*exec.Node{n}, err }

// inputs are the values of inputs that statistics have beside the features.
type inputs map[*exec.Node][]float32

// measure computes statistics of the features of a picture at each layer.
func measure(ctx context.Context, d exec.Device, network *vgg.Weights, layers []string, picture []float32, w, h int,
	statistics func(layer string, features *exec.Node, in inputs) ([]*exec.Node, error), put func(values []float32),
) error {
	pixels, outputs, in, err := measured(network, layers, w, h, statistics)
	if err != nil {
		return err
	}
	m, err := exec.New(d, outputs...)
	if err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	defer m.Close()
	in[pixels] = picture
	for node, values := range in {
		if err := m.Set(node, values); err != nil {
			return err
		}
	}
	if err := m.Run(ctx); err != nil {
		return err
	}
	for _, n := range outputs {
		values := make([]float32, n.Shape().TotalSize())
		if err := m.Get(values, n); err != nil {
			return err
		}
		put(values)
	}
	return nil
}

// OrientPicture writes the picture x (3, h, w) in an orientation, 0 to 7, to y, as the
// pictures of a step are oriented. With orientations from 4 the size of y is h by w.
func OrientPicture(y, x []float32, w, h, orientation int) {
	op.OrientPicture(y, x, 3, h, w, orientation)
}
