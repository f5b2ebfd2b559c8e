package exec

// layout says where the tensors of a schedule lie. Each device has its own steps and its
// own type V of values; layout is the part that manages memory, which they share.
type layout[V located] struct {
	schedule *schedule
	values   map[*Node]V
	buffers  []*buffer
}

// located is a value that lies in a buffer. The zero value lies in none.
type located interface {
	comparable
	memory() *buffer
}

func newLayout[V located](s *schedule) layout[V] {
	return layout[V]{schedule: s, values: map[*Node]V{}}
}

// buffer adds a buffer of floats numbers; its method touch says how long it is in use.
func (l *layout[V]) buffer(floats int) *buffer {
	b := &buffer{floats: floats, first: -1, last: -1}
	l.buffers = append(l.buffers, b)
	return b
}

// begun returns the value of the sum that node n is part of; n is then added to it. It
// returns the zero value and false if n is part of no sum, or the first part of one. The
// caller then makes a value and calls begin.
func (l *layout[V]) begun(n *Node) (v V, ok bool) {
	var none V
	if v = l.values[l.schedule.root(n)]; v == none {
		return none, false
	}
	l.values[n] = v
	return v, true
}

// begin records that node n, and the sum that it is part of, lies at v.
func (l *layout[V]) begin(n *Node, v V) {
	l.values[l.schedule.root(n)], l.values[n] = v, v
}

// rest gives the sum n its value and returns those of its operands that were not added to
// it when they were computed.
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

// input gives input n a value, made by take, that stays in use forever: its contents must
// outlast a run. Filters have no value, because they are read from the node.
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

// keepOutputs keeps the outputs in use after a run.
func (l *layout[V]) keepOutputs() {
	var none V
	for n := range l.schedule.outputs {
		if v := l.values[n]; v != none {
			v.memory().touch(forever)
		}
	}
}

// guideOf returns the value of the guide in[at], or the zero value if there is none.
func (l *layout[V]) guideOf(in []*Node, at int) (guide V) {
	if at < len(in) {
		guide = l.values[in[at]]
	}
	return guide
}
