package instant

import (
	"io"

	"nst/internal/feedforward"
)

// Model is a network that was taught one or more styles.
type Model struct {
	network *feedforward.Model
	engines *engines
}

func newModel(network *feedforward.Model) *Model {
	m := &Model{network: network}
	m.engines = newEngines(m)
	return m
}

// Close frees the memory that [Model.Apply] keeps for the next picture. The model can still
// be used.
func (m *Model) Close() { m.engines.close() }

// StyleInfo is a style of a model, with what is known of the painting.
type StyleInfo = feedforward.Style

// Training is what a model was taught with.
type Training = feedforward.Training

// Losses are the losses of a model at the end of its training.
type Losses = feedforward.Losses

// UnknownStyleError tells that a model has no style of a name. It lists those that it has,
// the nearest first.
type UnknownStyleError = feedforward.UnknownStyleError

// ErrForeign is matched by the error of [Load] and [Resume] for a file that is something else
// than what was to be read. The error says what the file seems to be.
var ErrForeign = feedforward.ErrForeign

// StyleName returns the name that a style has by default, from the path of its picture: the
// file's name in lower case, its words joined by "-".
func StyleName(path string) string { return feedforward.StyleName(path) }

// Load reads a model from a file.
func Load(path string) (*Model, error) {
	m, err := feedforward.Load(path)
	if err != nil {
		return nil, err
	}
	return newModel(m), nil
}

// Read reads a model of size bytes.
func Read(r io.ReaderAt, size int64) (*Model, error) {
	m, err := feedforward.Read(r, size)
	if err != nil {
		return nil, err
	}
	return newModel(m), nil
}

// Save writes the model to a file, in half precision, which shows in no picture. The file
// appears whole or not at all.
func (m *Model) Save(path string) error { return m.network.Save(path, true) }

// SetValidation records the losses on photographs that were held back, means over the styles.
func (m *Model) SetValidation(t Terms) { m.network.Losses.Validation = t }

// Styles lists the styles of the model.
func (m *Model) Styles() []StyleInfo { return m.network.Styles }

// Index returns the position of the style of a name. The error is an [UnknownStyleError].
func (m *Model) Index(name string) (int, error) { return m.network.StyleIndex(name) }

// About is what is known of a [Model] or of a [UniversalModel].
type About struct {
	Widths     [3]int   // channels at full, half and quarter resolution
	Blocks     int      // residual blocks
	Parameters int      // of all styles, and of what predicts them
	Training   Training // zero where unknown
	Losses     Losses   // zero where unknown
	Licence    string
}

// About returns what is known of the model.
func (m *Model) About() About {
	n := m.network
	return About{n.Widths, n.Blocks, len(n.Params), n.Training, n.Losses, n.Licence}
}
