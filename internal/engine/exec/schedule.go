package exec

import (
	"fmt"
	"slices"

	"nst/internal/engine/op"
)

// schedule is the part of a graph that some outputs depend on, in the order in which it
// is run.
type schedule struct {
	nodes   []*Node
	outputs map[*Node]bool
	users   map[*Node][]*Node // the scheduled nodes that read a node
}

// newSchedule orders the nodes that outputs depend on. Inputs come before their users, and
// the order keeps few large values in use at a time: an operand is computed just before
// its first user. Of the two operands of a sum of gradients, the one from the deeper
// layers goes first. The contribution of a tap is added once that gradient is there.
func newSchedule(outputs []*Node) *schedule {
	s := &schedule{outputs: map[*Node]bool{}, users: map[*Node][]*Node{}}
	height := map[*Node]int{}
	done := map[*Node]bool{}
	var visit func(n *Node)
	visit = func(n *Node) {
		if done[n] {
			return
		}
		done[n] = true
		in := operands(n)
		for _, c := range in {
			s.users[c] = append(s.users[c], n)
		}
		if isSum(n) {
			slices.SortStableFunc(in, func(a, b *Node) int { return heightOf(b, height) - heightOf(a, height) })
		}
		for _, c := range in {
			visit(c)
		}
		s.nodes = append(s.nodes, n)
	}
	for _, n := range outputs {
		s.outputs[n] = true
		visit(n)
	}
	return s
}

// heightOf is the length of the longest path from n to an input.
func heightOf(n *Node, known map[*Node]int) int {
	if h, ok := known[n]; ok {
		return h
	}
	h := 0
	for _, c := range operands(n) {
		h = max(h, 1+heightOf(c, known))
	}
	known[n] = h
	return h
}

// operands returns the inputs of n in the order of its operation.
func operands(n *Node) []*Node {
	var in []*Node
	it := n.Graph().From(n.ID())
	if it == nil {
		return nil
	}
	for it.Next() {
		in = append(in, it.Node().(*Node))
	}
	return in
}

// isSum reports whether n is the elementwise sum that gorgonia.Backpropagate makes of the
// gradients of a node with several users. Gorgonia does not export the type of the sum,
// but it prints as "+ false", where false means that the operands are tensors.
func isSum(n *Node) bool { return n.Op() != nil && fmt.Sprint(n.Op()) == "+ false" }

// root returns the sum in whose buffer n is accumulated. If the only user of n is a sum of
// gradients, that is the root of the sum. Otherwise it is n itself.
func (s *schedule) root(n *Node) *Node {
	for {
		u := s.users[n]
		if len(u) != 1 || !isSum(u[0]) || n.Op() == nil || s.outputs[n] {
			return n
		}
		n = u[0]
	}
}

// isFilter reports whether n is used only as filters, biases or a fixed matrix. These are
// read from the value of n when the kernels are made.
func (s *schedule) isFilter(n *Node) bool {
	for _, u := range s.users[n] {
		switch u.Op().(type) {
		case *op.Conv, *op.ConvGrad, *op.Pointwise, *op.PointwiseGrad, *op.Congruence, *op.CongruenceGrad:
			if operands(u)[0] == n {
				return false
			}
		default:
			return false
		}
	}
	return n.Value() != nil && len(s.users[n]) > 0
}
