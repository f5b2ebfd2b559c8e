package instant

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
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

// universalStyle is the longest side that a style picture is scaled down to, in pixels. The
// network was taught paintings of about this size, and paints strokes as wide as theirs are.
const universalStyle = 512

// Apply paints content in a blend of the styles of pictures, and returns a picture of its
// size. Pictures of styles are scaled down to 512 pixels; their Weight is as in
// [Model.Apply], and Mask must be nil. What else is said there holds too. The model remembers
// what it finds in the last paintings, so that more photographs in their styles take less
// time.
func (m *UniversalModel) Apply(ctx context.Context, content *imgio.Planar, styles []nst.StylePicture, o ApplyOptions) (*imgio.Planar, error) {
	weights, err := styleWeightsOf(styles)
	if err != nil {
		return nil, err
	}
	if err := o.check(content); err != nil {
		return nil, err
	}
	e, err := m.engines.take(o.Threads)
	if err != nil {
		return nil, err
	}
	defer m.engines.give(e)
	sums := make([]float64, m.network.PerStyle())
	for i, s := range styles {
		if weights[i] == 0 {
			continue
		}
		norms, err := m.norms(ctx, e, s.Picture)
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
	return e.paint(ctx, m.network.Architecture, m.network.SharedParams(), style, content, o)
}

// Close frees the memory that [UniversalModel.Apply] keeps for the next picture. The model
// can still be used.
func (m *UniversalModel) Close() { m.engines.close() }

// norms predicts the scales and shifts for a style picture, which it then remembers.
func (m *UniversalModel) norms(ctx context.Context, e *engine, p *imgio.Planar) ([]float32, error) {
	if p.W < MinContent || p.H < MinContent {
		return nil, &SizeError{p.W, p.H}
	}
	key := m.styles.key(p, e.kernels)
	if norms := m.styles.find(key); norms != nil {
		return norms, nil
	}
	if w, h := imgio.FitLongest(p.W, p.H, universalStyle); w < p.W {
		p = p.Resize(max(w, MinContent), max(h, MinContent))
	}
	descriptor, err := m.describer.Describe(ctx, e.device, p.Pix, p.W, p.H)
	if err != nil {
		return nil, err
	}
	norms := m.network.Predict(descriptor)
	m.styles.add(key, norms)
	return norms, nil
}

// styleWeightsOf returns the weights of style pictures, which then add up to 1.
func styleWeightsOf(styles []nst.StylePicture) ([]float64, error) {
	weights := make([]float64, len(styles))
	for i, s := range styles {
		if s.Mask != nil {
			return nil, errors.New("nst: a network for any painting takes the style of a whole picture, without a mask")
		}
		weights[i] = s.Weight
	}
	return feedforward.Shares(weights)
}
