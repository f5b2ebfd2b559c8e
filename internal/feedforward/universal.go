package feedforward

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
