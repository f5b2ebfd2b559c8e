// Package loss builds the terms of the objective as graph nodes, from features to a scalar.
// There is one file for each term.
//
// Start with [Content], [Style] and [TV], then add the terms with [Sum]. Terms are means,
// so that a weight means the same at every size of the picture; the forms of total variation
// that are sums say so.
package loss

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// Term is a scalar loss with its weight in the objective.
type Term struct {
	Node   *G.Node
	Weight float64
}

// Sum returns the objective, the weighted sum of the terms: equation 7 of Gatys et al.
// (2016) with any number of terms. No terms are an error.
func Sum(name string, terms ...Term) (*G.Node, error) {
	if len(terms) == 0 {
		return nil, fmt.Errorf("loss: %s: no terms", name)
	}
	weights := make([]float32, len(terms))
	nodes := make([]*G.Node, len(terms))
	for i, t := range terms {
		weights[i], nodes[i] = float32(t.Weight), t.Node
	}
	return op.Apply(name, op.NewWeightedSum(weights), nodes...)
}
