package instant

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nst/imgio"
	"nst/internal/feedforward"
	"nst/nst"
	"nst/vgg"
)

//go:embed universal.safetensors
var universal string

// ErrNoUniversal tells that the program was built without a network for any painting.
var ErrNoUniversal = errors.New("nst: this program has no network for any painting")

// UniversalModel is a network that paints in the style of any picture.
type UniversalModel struct {
	network   *feedforward.Universal
	describer *feedforward.Describer
	engines   *engines
	styles    *paintings
}

// Universal returns the network that is part of the program. The error is [ErrNoUniversal] if
// there is none.
func Universal() (*UniversalModel, error) {
	if universal == "" {
		return nil, ErrNoUniversal
	}
	u, err := feedforward.ReadUniversal(strings.NewReader(universal), int64(len(universal)))
	if err != nil {
		return nil, fmt.Errorf("%w (in the network that comes with the program)", err)
	}
	return newUniversal(u)
}

// LoadUniversal reads a network for any painting from a file, such as tools/universal writes.
func LoadUniversal(path string) (*UniversalModel, error) {
	u, err := feedforward.LoadUniversal(path)
	if err != nil {
		return nil, err
	}
	return newUniversal(u)
}

// About returns what is known of the network.
func (m *UniversalModel) About() About {
	n := m.network
	return About{n.Widths, n.Blocks, len(n.Params), n.Training, n.Losses, n.Licence}
}

func newUniversal(u *feedforward.Universal) (*UniversalModel, error) {
	slim, err := vgg.Embedded()
	if err != nil {
		return nil, err
	}
	describer, err := feedforward.NewDescriber(slim)
	if err != nil {
		return nil, err
	}
	m := &UniversalModel{network: u, describer: describer, styles: newPaintings()}
	m.engines = newEngines(m)
	return m, nil
}

// PaintingSize is the longest side that a style picture is scaled down to, in pixels. The
// network was taught paintings of about this size, and paints strokes as wide as theirs are.
const PaintingSize = 512

// Apply paints content in a blend of the styles of pictures, and returns a picture of its
// size. Pictures of styles are scaled down to 512 pixels; their Weight is as in
// [Model.Apply], and a Mask selects the part that is used: the error may be a
// [nst.MaskError]. What else is said there holds too. The model remembers what it finds in
// the last paintings without a mask, so that more photographs in their styles take less time.
func (m *UniversalModel) Apply(ctx context.Context, content *imgio.Planar, styles []nst.StylePicture, o ApplyOptions) (*imgio.Planar, error) {
	if err := o.check(content); err != nil {
		return nil, err
	}
	e, err := m.engines.take(o.threads())
	if err != nil {
		return nil, err
	}
	defer m.engines.give(e)
	style, err := m.blend(ctx, e, styles)
	if err != nil {
		return nil, err
	}
	return e.paint(ctx, m.network.Architecture, m.network.SharedParams(), style, content, o)
}

// Close frees the memory that [UniversalModel.Apply] keeps for the next picture. The model
// can still be used.
func (m *UniversalModel) Close() { m.engines.close() }

// style computes the scales and shifts for a blend of style pictures.
func (m *UniversalModel) style(ctx context.Context, styles []nst.StylePicture, o ApplyOptions) ([]float32, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	e, err := m.engines.take(o.threads())
	if err != nil {
		return nil, err
	}
	defer e.close() // for a film, which has a device of its own
	return m.blend(ctx, e, styles)
}

// blend computes them on an engine.
func (m *UniversalModel) blend(ctx context.Context, e *engine, styles []nst.StylePicture) ([]float32, error) {
	weights, err := styleWeightsOf(styles)
	if err != nil {
		return nil, err
	}
	sums := make([]float64, m.network.PerStyle())
	for i, s := range styles {
		if weights[i] == 0 {
			continue
		}
		norms, err := m.norms(ctx, e, s, i+1)
		if err != nil {
			return nil, err
		}
		for j, v := range norms {
			sums[j] += weights[i] * float64(v)
		}
	}
	style := make([]float32, len(sums))
	for j, v := range sums {
		style[j] = float32(v)
	}
	return style, nil
}

// norms predicts the scales and shifts for the style picture of that number, from 1. Without
// a mask it remembers them.
func (m *UniversalModel) norms(ctx context.Context, e *engine, s nst.StylePicture, number int) ([]float32, error) {
	p := s.Picture
	if p.W < MinContent || p.H < MinContent {
		return nil, &SizeError{p.W, p.H}
	}
	var key painting
	if s.Mask == nil {
		key = m.styles.key(p, e.kernels)
		if norms := m.styles.find(key); norms != nil {
			return norms, nil
		}
	}
	wide, high := p.Whole()
	if w, h := imgio.FitLongest(wide, high, PaintingSize); w < wide {
		p = p.Resize(max(w, MinContent), max(h, MinContent))
	}
	part, err := guideOf(s.Mask, number, p.W, p.H)
	if err != nil {
		return nil, err
	}
	// The two machines use the same memory in turn.
	if err := e.closePainter(); err != nil {
		return nil, err
	}
	descriptor, err := m.describer.Describe(ctx, e.device, p.Pix, p.W, p.H, part)
	if err != nil {
		return nil, err
	}
	norms := m.network.Predict(descriptor)
	if s.Mask == nil {
		m.styles.add(key, norms)
	}
	return norms, nil
}

// leastPositions is how many positions of the deepest layer that describes a style a mask must
// select, fractions included, as in package nst.
const leastPositions = 0.25

// guideOf returns the part of a style picture of w by h pixels that its mask selects. The
// error is a [nst.MaskError].
func guideOf(m *nst.Mask, number, w, h int) (feedforward.Guide, error) {
	if m == nil {
		return nil, nil
	}
	fitted, err := m.Fit("style mask", number, w, h)
	if err != nil {
		return nil, err
	}
	if slices.Min(fitted.Pix) == slices.Max(fitted.Pix) {
		return nil, nil // all of the picture
	}
	part := func(w, h int) []float32 { return imgio.ResizePlane(fitted.Pix, fitted.W, fitted.H, w, h) }
	sum := 0.0
	for _, v := range part(w/feedforward.DescriptorStride, h/feedforward.DescriptorStride) {
		sum += float64(v)
	}
	if sum < leastPositions {
		return nil, &nst.MaskError{What: "style mask", Index: number, Width: m.W, Height: m.H, PictureWidth: w, PictureHeight: h, Err: nst.ErrMaskSmall}
	}
	return part, nil
}

// styleWeightsOf returns the weights of style pictures, which then add up to 1.
func styleWeightsOf(styles []nst.StylePicture) ([]float64, error) {
	weights := make([]float64, len(styles))
	for i, s := range styles {
		weights[i] = s.Weight
	}
	return feedforward.Shares(weights)
}
