package vgg

import "fmt"

// DepthError means that weights end before a layer.
type DepthError struct {
	Network, Layer string
	Missing        string // the first convolution that the layer needs and the weights lack
}

// Error names the layer, the missing convolution and the network.
func (e *DepthError) Error() string {
	return fmt.Sprintf("vgg: layer %s needs %s, which the weights of %s do not reach", e.Layer, e.Missing, e.Network)
}

// CheckDepth returns a [DepthError] if the weights end before a layer, or an
// [UnknownLayerError] if the network lacks it.
func (w *Weights) CheckDepth(layer string) error {
	end, err := w.Network.Index(layer)
	if err != nil {
		return err
	}
	for _, l := range w.Network.Layers[:end+1] {
		if _, ok := w.Filters[l.Name]; l.Kind == Conv && !ok {
			return &DepthError{w.Network.Name, layer, l.Name}
		}
	}
	return nil
}
