// Package loss holds the terms of the objective as graph nodes: features in,
// scalar out, one file for each term.
//
// Build the terms ([Content], [Style], [TV]), then add them up with [Sum]. Every
// term is a mean, so that a weight means the same at every size of the picture.
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

// Sum returns the objective, the sum of the terms times their weights: equation
// 7 of Gatys et al. (2016), with any number of terms. At least one is needed.
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
