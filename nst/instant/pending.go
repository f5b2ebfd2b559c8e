package instant

import (
	"context"
	"errors"

	"nst/imgio"
	"nst/nst"
)

// ErrNoUniversal tells that the program was built without a network for any painting.
var ErrNoUniversal = errors.New("nst: this program has no network for any painting")

// UniversalModel is a network that paints in the style of any picture.
type UniversalModel struct{}

// Universal returns the network that is part of the program. The error is [ErrNoUniversal] if
// there is none.
func Universal() (*UniversalModel, error) { return nil, ErrNoUniversal }

// Apply paints content in a blend of the styles of pictures, and returns a picture of its
// size.
func (*UniversalModel) Apply(context.Context, *imgio.Planar, []nst.StylePicture, ApplyOptions) (*imgio.Planar, error) {
	return nil, ErrNoUniversal
}
