package nst

import (
	"fmt"

	"nst/imgio"
	"nst/internal/exec"
	"nst/loss"
)

// build draws the graph; given receives the numbers of its inputs.
func (t *Transfer) build(o *objective, content *imgio.Planar, targets map[string][]tensor, style []target, all bool, given map[*exec.Node][]float32) error {
	g := exec.NewGraph()
	o.pixels = exec.Input(g, "pixels", 1, 3, content.H, content.W)
	keep := func(weight float64) bool { return all || weight > 0 }
	var taps []string
	for _, l := range t.options.ContentLayers {
		if w := t.options.ContentWeight * l.Weight; keep(w) {
			o.content = append(o.content, layerTerm{layer: l.Layer, weight: w})
			taps = append(taps, l.Layer)
		}
	}
	for _, l := range t.options.StyleLayers {
		w := t.options.StyleWeight * l.Weight
		if !keep(w) {
			continue
		}
		taps = append(taps, l.Layer)
		for i, s := range style {
			for _, of := range t.options.statistics() {
				weight := w * s.share * of.factor(t.channels(l.Layer))
				o.style = append(o.style, layerTerm{layer: l.Layer, weight: weight, statistic: of, target: i})
			}
		}
	}
	features, err := t.weights.Features(o.pixels, taps, t.features)
	if err != nil {
		return err
	}
	for i := range o.content {
		term := &o.content[i]
		name := "content/" + term.layer
		p := targets[term.layer][0]
		target := exec.Input(g, name+"/target", p.shape...)
		given[target] = p.data
		if term.node, err = loss.Content(name, features[term.layer], target); err != nil {
			return err
		}
	}
	for i := range o.style {
		term := &o.style[i]
		of := term.statistic
		name := fmt.Sprintf("style%d/%s/%s", term.target+1, of.name, term.layer)
		c := t.channels(term.layer)
		target := exec.Input(g, name+"/target", of.rows(c), c)
		given[target] = style[term.target].values[source{term.layer, of.name}]
		if term.node, err = of.loss(name, features[term.layer], target); err != nil {
			return err
		}
	}
	o.tv.weight = t.options.TVWeight
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
		if f.String() == o.TVForm {
			return f
		}
	}
	return loss.NinePoint
}

// channels is the number of channels of a layer of the network.
func (t *Transfer) channels(layer string) int {
	i, err := t.weights.Network.Index(layer)
	if err != nil {
		panic(err) // New has checked the names
	}
	return t.weights.Network.Layers[i].K
}
