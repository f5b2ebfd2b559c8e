package feedforward

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Model is a network with its parameters, and what is known about them.
type Model struct {
	Architecture
	Styles   []Style   // 1 to 4096, with different names
	Params   []float32 // all parameters, as the package comment says
	Training Training
	Losses   Losses
	Licence  string // a note for people; may be empty
}

// Style is a painting that a model was taught.
type Style struct {
	Name    string `json:"name"` // what to call it, see [CheckStyleName]
	Title   string `json:"title,omitempty"`
	Painter string `json:"painter,omitempty"`
	Year    string `json:"year,omitempty"`
	SHA256  string `json:"sha256,omitempty"` // of the picture's file, 64 hexadecimal digits
}

// Training is what a model was taught with. Zero means unknown.
type Training struct {
	Network       string  `json:"network"` // the loss network, such as slim
	ContentWeight float64 `json:"content_weight"`
	StyleWeight   float64 `json:"style_weight"`
	TVWeight      float64 `json:"tv_weight"`
	Size          int     `json:"size"`  // width and height of the pictures, in pixels
	Batch         int     `json:"batch"` // pictures in a step
	Steps         int     `json:"steps"`
	Seconds       float64 `json:"seconds"`             // that it took
	Photographs   int     `json:"photographs"`         // that it was taught on
	Paintings     int     `json:"paintings,omitempty"` // that a network for any painting was taught on
	Seed          uint64  `json:"seed"`
	Program       string  `json:"program"` // version of nst
}

// Losses are the losses at the end of a training. Zero means unknown.
type Losses struct {
	Training   Terms `json:"training"`   // on photographs it was taught on
	Validation Terms `json:"validation"` // on photographs that were held back
}

// Terms are the terms of an objective, without their weights.
type Terms struct {
	Content float64 `json:"content"`
	Style   float64 `json:"style"`
	TV      float64 `json:"tv"`
}

// New returns a model with the parameters of [Architecture.Init]. Errors are those of
// [Model.Check].
func New(a Architecture, styles []Style, seed uint64) (*Model, error) {
	m := &Model{Architecture: a, Styles: slices.Clone(styles)}
	if err := m.checkText(); err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	m.Params = a.Init(len(styles), seed)
	return m, nil
}

// SharedParams returns the parameters that all styles share. It shares their memory.
func (m *Model) SharedParams() []float32 { return m.Params[:m.Shared():m.Shared()] }

// StyleParams returns the parameters of style i, as [Architecture.Norms] lays them out. It
// shares their memory.
func (m *Model) StyleParams(i int) []float32 {
	n := m.PerStyle()
	from := m.Shared() + i*n
	return m.Params[from : from+n : from+n]
}

// Blend returns parameters of a style between those of the model: the mean of the styles'
// parameters, weighted (Dumoulin et al. 2017, section 3.2). It is an error if there is not
// one weight for each style, if a weight is negative or not finite, or if all are 0. A style
// that has the only weight above 0 is returned exactly.
func (m *Model) Blend(weights []float64) ([]float32, error) {
	if len(weights) != len(m.Styles) {
		return nil, fmt.Errorf("feedforward: blend: %d weights for %d styles", len(weights), len(m.Styles))
	}
	most := 0.0
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("feedforward: blend: weight of %s is %v, want a finite number of at least 0", m.Styles[i].Name, w)
		}
		most = max(most, w)
	}
	if most == 0 {
		return nil, errors.New("feedforward: blend: all weights are 0")
	}
	total, sums := 0.0, make([]float64, m.PerStyle())
	for i, w := range weights {
		if w == 0 {
			continue
		}
		w /= most // so that the sum is finite
		total += w
		for j, x := range m.StyleParams(i) {
			sums[j] += w * float64(x)
		}
	}
	out := make([]float32, len(sums))
	for j, s := range sums {
		out[j] = float32(s / total)
	}
	return out, nil
}

// StyleIndex returns the position of the style with a name, whatever its case. The error is
// an [UnknownStyleError].
func (m *Model) StyleIndex(name string) (int, error) {
	known, key := make([]string, len(m.Styles)), strings.ToLower(name)
	for i, s := range m.Styles {
		if strings.ToLower(s.Name) == key {
			return i, nil
		}
		known[i] = s.Name
	}
	return 0, &UnknownStyleError{name, nearest(name, known)}
}
