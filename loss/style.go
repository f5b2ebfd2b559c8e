package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/op"
)

// Gram returns the Gram matrix F Fᵀ/(h w), (c, c), of features (1, c, h, w):
// equation 3 of Gatys et al. (2016) over the number of positions.
func Gram(name string, features *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewGram(), features)
}

// Style returns the mean over the c² elements of (G - A)², for the Gram matrix G
// of features (1, c, h, w) and the target A (c, c) of the style picture. The E of
// equation 4 of Gatys et al. (2016) is a quarter of it, but for the division by
// the number of positions in [Gram].
func Style(name string, features, target *G.Node) (*G.Node, error) {
	gram, err := Gram(name+"/gram", features)
	if err != nil {
		return nil, err
	}
	return op.Apply(name, op.NewMeanSquare(2), gram, target)
}
