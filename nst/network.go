package nst

import (
	"errors"
	"fmt"
	"slices"

	"nst/internal/engine/exec"
	"nst/vgg"
)

// network is a network as an objective uses it. It does not change.
type network struct {
	oriented []*vgg.Weights // the network in each orientation that a run cycles through
	centre   centre
	options  Objective // with the style layers of the network where none were named
	seed     uint64    // of the positions of StyleNeighbours; else 0

	calibration *calibration
}

// newNetwork prepares weights as the options say. The error is one of vgg for layers that
// the weights do not have, or an [OptionError].
func newNetwork(w *vgg.Weights, o *Options) (*network, error) {
	if err := reachable(w, &o.Objective); err != nil {
		return nil, err
	}
	w = prepared(w, o.Objective.Preprocessing)
	oriented, err := orientationsOf(w, o.Objective.Orientations)
	if err != nil {
		return nil, err
	}
	return &network{oriented, centreOf(w.Convention, o.Color), o.Objective, o.sampling(), new(calibration)}, nil
}

// retuned returns n with options that differ from those of n in what [Transfer.Retune] lets
// differ.
func (n *network) retuned(o *Options) *network {
	return &network{n.oriented, centreOf(n.weights().Convention, o.Color), o.Objective, o.sampling(), n.calibration}
}

// sampling is the seed that the targets of a style depend on.
func (o *Options) sampling() uint64 {
	if o.Objective.matches() {
		return o.Schedule.Seed
	}
	return 0
}

// weights returns the network as it was trained.
func (n *network) weights() *vgg.Weights { return n.oriented[0] }

// reachable returns an error for each layer that the weights have no use for, or end before.
func reachable(w *vgg.Weights, o *Objective) error {
	var errs []error
	for _, name := range layerNames(slices.Concat(o.ContentLayers, o.StyleLayersOf(w.Network))) {
		err := w.CheckTap(name)
		if err == nil {
			err = w.CheckDepth(name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// prepared returns weights that see pictures prepared in one of [Preprocessings].
func prepared(w *vgg.Weights, by Preprocessing) *vgg.Weights {
	own := *w
	switch by {
	case PrepareLevels:
		own.Convention = w.Convention.Levels()
	case PrepareLevels256:
		own.Convention = w.Convention.Levels256()
	}
	return &own
}

// featureOptions returns how the network departs from the one that was trained.
func (n *network) featureOptions() (f vgg.FeatureOptions, err error) {
	f.Rescale, f.Origin = n.options.Rescale, n.centre
	if f.Pooling, err = vgg.ParsePooling(string(n.options.Pooling)); err != nil {
		return f, err
	}
	f.Padding, err = vgg.ParsePadding(string(n.options.Padding))
	return f, err
}

// layer returns a layer, and how many pixels along one side each of its positions stands for.
func (n *network) layer(name string) (l vgg.Layer, stride int) {
	net := n.weights().Network
	i, err := net.Index(name)
	if err != nil {
		panic(err) // New has checked the names
	}
	return net.Layers[i], net.Stride(i)
}

// styleSize returns the size of a layer, as a style sees it, for a picture of w by h pixels.
func (n *network) styleSize(layer string, w, h int) (int, int) {
	_, stride := n.layer(layer)
	if !n.poolsStyle() {
		return w / stride, h / stride
	}
	return n.weights().StylePooledSize(layer, w/stride, h/stride)
}

// poolsStyle reports whether a style may see features averaged over some positions, see
// [vgg.Weights.StylePooled]. Gram matrices are of products of features, to which means matter
// most. Deviations and covariances are without the means.
func (n *network) poolsStyle() bool { return n.options.StyleLoss == StyleGram }

// styleFeatures returns features of a layer as a style sees them.
func (n *network) styleFeatures(layer string, features *exec.Node) (*exec.Node, error) {
	if !n.poolsStyle() {
		return features, nil
	}
	f, err := n.weights().StylePooled(layer, features)
	if err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	return f, nil
}

// layers returns the names of the content layers, then those of the style layers.
func (n *network) layers() []string {
	return layerNames(slices.Concat(n.options.ContentLayers, n.options.StyleLayers))
}

// layerNames returns the names of layers, in their order.
func layerNames(layers []LayerWeight) []string {
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = l.Layer
	}
	return names
}
