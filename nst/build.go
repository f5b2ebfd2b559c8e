package nst

import (
	"fmt"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/loss"
)

// build draws the graph; given receives the numbers of its inputs.
func (t *Transfer) build(o *objective, content *imgio.Planar, targets map[string][]tensor, style []target, all bool, given map[*exec.Node][]float32) error {
	g := exec.NewGraph()
	o.pixels = exec.Input(g, "pixels", 1, 3, content.H, content.W)
	keep := func(weight float64) bool { return all || weight > 0 }
	var taps []string
	for _, l := range t.options.Objective.ContentLayers {
		if w := o.contentWeight * l.Weight; keep(w) {
			o.content = append(o.content, layerTerm{layer: l.Layer, weight: w, strength: w})
			taps = append(taps, l.Layer)
		}
	}
	for _, l := range t.options.Objective.StyleLayers {
		w := t.options.Objective.StyleWeight * l.Weight
		if !keep(w) {
			continue
		}
		taps = append(taps, l.Layer)
		for i, s := range style {
			guide, ok := s.where.guide(t.places(l.Layer, content.W, content.H))
			for _, of := range t.options.statistics() {
				if !ok || s.lacks(source{l.Layer, of.name}) {
					continue
				}
				weight := w * s.share * of.factor(t.weights.Channels(l.Layer))
				o.style = append(o.style, layerTerm{
					layer: l.Layer, weight: weight, strength: w * s.share,
					statistic: of, target: i, region: s.region, guide: guide,
				})
			}
		}
	}
	features, err := t.centred.Features(o.pixels, taps, t.features)
	if err != nil {
		return err
	}
	styled := map[string]*exec.Node{}
	for _, term := range o.style {
		if styled[term.layer] == nil {
			if styled[term.layer], err = t.styled(term.layer, features[term.layer]); err != nil {
				return err
			}
		}
	}
	// Terms of one name, which are those of a style at a layer, have their gradient
	// normalised together. A score has no gradient.
	normalised := map[string]*exec.Node{}
	seen := func(name string, term *layerTerm, features *exec.Node) (n *exec.Node, err error) {
		if !t.options.Objective.NormalizeGradients || all {
			return features, nil
		}
		if n = normalised[name]; n == nil {
			n, err = loss.NormalizeGrad(name+"/normalised", features, term.strength)
			normalised[name] = n
		}
		return n, err
	}
	for i := range o.content {
		term := &o.content[i]
		name := "content/" + term.layer
		f, err := seen(name, term, features[term.layer])
		if err != nil {
			return err
		}
		p := targets[term.layer][0]
		target := exec.Input(g, name+"/target", p.shape...)
		given[target] = p.data
		if term.node, err = loss.Content(name, f, target); err != nil {
			return err
		}
	}
	for i := range o.style {
		term := &o.style[i]
		of := term.statistic
		name := fmt.Sprintf("style%d/%s", term.target+1, term.layer)
		f, err := seen(name, term, styled[term.layer])
		if err != nil {
			return err
		}
		name += "/" + of.name
		c := t.channels(term.layer)
		target := exec.Input(g, name+"/target", of.rows(c), c)
		given[target] = style[term.target].values[source{term.layer, of.name}]
		var guide *exec.Node
		if term.guide != nil {
			w, h := t.places(term.layer, content.W, content.H)
			guide = exec.Input(g, name+"/guide", h, w)
			given[guide] = term.guide
		}
		if term.node, err = of.loss(name, f, guide, target); err != nil {
			return err
		}
	}
	o.tv.weight = t.options.Objective.TVWeight
	if o.tv.node, err = loss.TVOf("tv", t.options.tvForm(), o.pixels); err != nil {
		return err
	}
	var sum []loss.Term
	for _, term := range o.terms() {
		if term.weight > 0 {
			sum = append(sum, loss.Term{Node: term.node, Weight: term.weight})
		}
	}
	if o.total, err = loss.Sum("total", sum...); err != nil || all {
		return err
	}
	o.gradient, err = exec.Gradient(o.total, o.pixels)
	return err
}

// tvForm returns the form of the total variation that Validate has let pass.
func (o *Options) tvForm() loss.TVForm {
	for _, f := range []loss.TVForm{loss.Quadratic, loss.Absolute, loss.QuadraticSum, loss.AbsoluteSum} {
		if f.String() == string(o.Objective.TVForm) {
			return f
		}
	}
	return loss.NinePoint
}

// channels is the number of channels that a layer of the network has. What it stands
// for may be more, see [vgg.Weights.Channels].
func (t *Transfer) channels(layer string) int {
	i, err := t.weights.Network.Index(layer)
	if err != nil {
		panic(err) // New has checked the names
	}
	return t.weights.Network.Layers[i].K
}
