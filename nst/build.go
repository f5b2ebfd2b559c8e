package nst

import (
	"fmt"

	"nst/internal/engine/exec"
	"nst/loss"
)

// outline is all that the graph of an objective depends on.
type outline struct {
	w, h          int // of the pictures, pixels
	contentWeight float64
	scale         float64             // of the features, see [Objective].Calibrate; 0 stands for 1
	content       map[string][]tensor // one for each content layer
	style         []target
	calm          *Mask // see calmOf
	score         bool  // see comparison
}

// builder draws the graph of an objective.
type builder struct {
	evaluator
	outline
	objective *objective
	graph     *exec.Graph

	features   map[string]*exec.Node // by layer
	styled     map[string]*exec.Node // the same as a style sees them
	normalised map[string]*exec.Node // by name of the loss
}

// build returns an objective without a machine.
func (e evaluator) build(of outline) (*objective, error) {
	o := &objective{centre: e.centre, contentWeight: of.contentWeight, inputs: inputs{}}
	b := &builder{
		evaluator: e, outline: of, objective: o,
		styled: map[string]*exec.Node{}, normalised: map[string]*exec.Node{},
	}
	if err := exec.Build(b.draw); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	o.reach = b.reach()
	return o, nil
}

// draw adds everything to the graph.
func (b *builder) draw() error {
	b.graph = exec.NewGraph()
	b.objective.pixels = b.input("pixels", nil, 1, 3, b.h, b.w)
	b.listContent()
	b.listStyle()
	if err := b.addFeatures(); err != nil {
		return err
	}
	for i := range b.objective.content {
		if err := b.addContent(&b.objective.content[i]); err != nil {
			return err
		}
	}
	for i := range b.objective.style {
		if err := b.addStyle(&b.objective.style[i]); err != nil {
			return err
		}
	}
	return b.addTotal()
}

// contentSquare is the mean square of the features of the content layers, by which the loss of
// neighbours is multiplied: of all losses only it does not grow with the features. It is 1
// where there are none.
func (b *builder) contentSquare() float64 {
	sum, count := 0.0, 0
	for _, l := range b.options.ContentLayers {
		for _, t := range b.content[l.Layer] {
			for _, v := range t.data {
				sum += float64(v) * float64(v)
			}
			count += len(t.data)
		}
	}
	if sum == 0 {
		return 1
	}
	return sum / float64(count)
}

// keeps reports whether a term of that weight belongs to the objective.
func (b *builder) keeps(weight float64) bool { return b.score || weight > 0 }

// listContent lists the terms of the content.
func (b *builder) listContent() {
	for _, l := range b.options.ContentLayers {
		if w := b.contentWeight * l.Weight; b.keeps(w) {
			b.objective.content = append(b.objective.content, layerTerm{layer: l.Layer, weight: b.calibrated(w, 2), strength: w})
		}
	}
}

// listStyle lists the terms of the style: for each layer, each target and each statistic,
// unless a mask selects too little there.
func (b *builder) listStyle() {
	square := 1.0
	if b.options.matches() {
		square = b.contentSquare()
	}
	for _, l := range b.options.StyleLayers {
		w := b.options.StyleWeight * l.Weight
		if !b.keeps(w) {
			continue
		}
		for i, s := range b.style {
			atW, atH := b.styleSize(l.Layer, b.w, b.h)
			guide, ok := s.where.guide(atW, atH)
			share := s.share
			if ok {
				var left float64
				guide, left = b.calm.temper(guide, atW, atH)
				share *= left
			}
			guided := guide != nil || s.values == nil && (s.region > 0 || b.options.Calm > 0) // a plan
			for _, of := range b.options.statistics() {
				if !ok || s.lacks(source{l.Layer, of.name}) {
					continue
				}
				times := 1.0
				switch {
				case of.name == statisticNeighbours:
					times = neighbourWeight * b.weights().Network.NeighbourWeight * square
				case b.options.matches():
					times = besideNeighbours * b.weights().Network.BesideNeighbours * b.gramWeight(l.Layer)
				}
				weight := b.calibrated(times*w*share*of.factor(b.weights().Channels(l.Layer)), of.order)
				b.objective.style = append(b.objective.style, layerTerm{
					layer: l.Layer, weight: weight, strength: w * share,
					statistic: of, target: i, region: s.region, guided: guided, guide: guide,
				})
			}
		}
	}
}

// addFeatures adds the network as deep as the terms need it.
func (b *builder) addFeatures() (err error) {
	var layers []string
	for _, term := range b.objective.terms() {
		if term.layer != "" {
			layers = append(layers, term.layer)
		}
	}
	if b.features, err = b.evaluator.features(b.objective.pixels, layers); err != nil {
		return err
	}
	for _, term := range b.objective.style {
		if b.styled[term.layer] != nil {
			continue
		}
		if b.styled[term.layer], err = b.styleFeatures(term.layer, b.features[term.layer]); err != nil {
			return err
		}
	}
	return nil
}

// addContent adds the loss of a content layer.
func (b *builder) addContent(term *layerTerm) error {
	name := "content/" + term.layer
	f, err := b.normalise(name, term, b.features[term.layer])
	if err != nil {
		return err
	}
	p := b.content[term.layer][0]
	target := b.input(name+"/target", p.data, p.shape...)
	term.node, err = loss.Content(name, f, target)
	return err
}

// addStyle adds the loss of a statistic of a style layer.
func (b *builder) addStyle(term *layerTerm) error {
	name := fmt.Sprintf("style%d/%s", term.target+1, term.layer)
	f, err := b.normalise(name, term, b.styled[term.layer])
	if err != nil {
		return err
	}
	of, s := term.statistic, &b.style[term.target]
	name += "/" + of.name
	l, _ := b.layer(term.layer)
	w, h := b.styleSize(term.layer, b.w, b.h)
	values := s.values[source{term.layer, of.name}]
	var guide *exec.Node
	if term.guided {
		guide = b.input(name+"/guide", term.guide, h, w)
	}
	if of.name == statisticNeighbours {
		target := b.input(name+"/target", values, s.rowsAt(term.layer, l.K), l.K)
		matches := b.input(name+"/matches", s.matches[term.layer], h, w)
		term.node, err = loss.Neighbours(name, f, guide, target, matches)
		return err
	}
	term.node, err = of.loss(name, f, guide, b.input(name+"/target", values, of.rows(l.K), l.K))
	return err
}

// addTotal adds the total variation, the sum of all terms and its gradient.
func (b *builder) addTotal() (err error) {
	o := b.objective
	o.tv.weight = b.options.TVWeight
	if b.options.TVForm == TVSmooth {
		o.tv.weight *= smooth
	}
	if o.tv.node, err = loss.TVOf("tv", b.options.tvForm(), o.pixels); err != nil {
		return err
	}
	var sum []loss.Term
	for _, term := range o.terms() {
		if term.weight > 0 {
			sum = append(sum, loss.Term{Node: term.node, Weight: term.weight})
		}
	}
	if o.total, err = loss.Sum("total", sum...); err != nil || b.score {
		return err
	}
	o.gradient, err = exec.Gradient(o.total, o.pixels)
	return err
}

// normalise returns the features that a loss is computed from. Where gradients are
// normalised, losses of one name, which are those of a style at a layer, are normalised
// together. A score has no gradient.
func (b *builder) normalise(name string, term *layerTerm, features *exec.Node) (n *exec.Node, err error) {
	if !b.options.NormalizeGradients || b.score {
		return features, nil
	}
	if n = b.normalised[name]; n == nil {
		n, err = loss.NormalizeGrad(name+"/normalised", features, term.strength)
		b.normalised[name] = n
	}
	return n, err
}

// input adds an input to the graph. Its numbers may be nil if nothing is evaluated, or if
// they are set later.
func (b *builder) input(name string, data []float32, shape ...int) *exec.Node {
	n := exec.Input(b.graph, name, shape...)
	if data != nil {
		b.objective.inputs[n] = data
	}
	return n
}

// smooth is how many times [TVQuadratic] is [TVSmooth].
const smooth = 1000

// tvForm returns the form of the total variation, which Validate has checked.
func (o *Objective) tvForm() loss.TVForm {
	if o.TVForm == TVSmooth {
		return loss.Quadratic
	}
	for _, f := range []loss.TVForm{loss.Quadratic, loss.Absolute, loss.QuadraticSum, loss.AbsoluteSum} {
		if f.String() == string(o.TVForm) {
			return f
		}
	}
	return loss.NinePoint
}
