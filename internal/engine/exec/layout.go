package exec

// layout is where the tensors of a schedule lie. Every device lowers a schedule to
// steps of its own, with values V of its own; what it does about memory is here.
type layout[V located] struct {
	schedule *schedule
	values   map[*Node]V
	buffers  []*buffer
}

// located is a value that lies in a buffer, or the zero value for none.
type located interface {
	comparable
	memory() *buffer
}

func newLayout[V located](s *schedule) layout[V] {
	return layout[V]{schedule: s, values: map[*Node]V{}}
}

// buffer takes memory for floats numbers; touch says how long it lives.
func (l *layout[V]) buffer(floats int) *buffer {
	b := &buffer{floats: floats, first: -1, last: -1}
	l.buffers = append(l.buffers, b)
	return b
}

// begun returns the value to which node n is to be added: where the sum lies that n is
// part of. The zero value says that n is the first part of it, or of no sum, and that
// its value is for begin.
func (l *layout[V]) begun(n *Node) (v V, ok bool) {
	var none V
	if v = l.values[l.schedule.root(n)]; v == none {
		return none, false
	}
	l.values[n] = v
	return v, true
}

// begin says that node n, and the sum that it is part of, lies at v.
func (l *layout[V]) begin(n *Node, v V) {
	l.values[l.schedule.root(n)], l.values[n] = v, v
}

// rest returns those operands of the sum n that were not gathered in its value as they
// were computed, and lays n out where the others were.
func (l *layout[V]) rest(n *Node, in []*Node) []*Node {
	l.begun(n)
	root := l.schedule.root(n)
	var out []*Node
	for _, o := range in {
		if l.schedule.root(o) != root {
			out = append(out, o)
		}
	}
	return out
}

// input lays the tensor of input n out for good, as take does: its contents must outlast
// a run. Filters are read from the node instead.
func (l *layout[V]) input(n *Node, take func(*Node) (V, error)) error {
	if l.schedule.isFilter(n) {
		return nil
	}
	v, err := take(n)
	if err != nil {
		return err
	}
	v.memory().touch(forever)
	v.memory().first = 0
	l.values[n] = v
	return nil
}

// keepOutputs lets the outputs outlast a run.
func (l *layout[V]) keepOutputs() {
	var none V
	for n := range l.schedule.outputs {
		if v := l.values[n]; v != none {
			v.memory().touch(forever)
		}
	}
}

// guideOf returns the value of a guide among the inputs in[at:], the zero value for none.
func (l *layout[V]) guideOf(in []*Node, at int) (guide V) {
	if at < len(in) {
		guide = l.values[in[at]]
	}
	return guide
}
