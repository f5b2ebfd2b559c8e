package feedforward

import (
	"context"
	"fmt"
	"slices"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/loss"
	"nst/vgg"
)

// Lesson says what a network is taught by: the losses of Johnson et al. (2016) over the
// features of a loss network, which does not change.
type Lesson struct {
	Architecture
	Loss    *vgg.Weights // the loss network
	Content string       // the layer whose features a painted picture shares with its photograph
	// Style are the layers whose Gram matrices it shares with the style. The weights add up
	// to 1.
	Style []vgg.StyleLayer
	// ColourWeight, if not 0, adds the distance of colours to the style term, see
	// [Teacher.StepTasks].
	ColourWeight float64

	Batch, Size int // pictures of a step, and their width and height: a multiple of 16, from 32

	ContentWeight, StyleWeight, TVWeight float64 // of the terms, see [Teacher.Step]; 0 or more
}

// Example is a photograph of a step, with the style that it is painted in.
type Example struct {
	Photo []float32 // (3, Size, Size), RGB in [0, 1]
	Style int
}

// Targets is what the features of painted pictures are compared with.
type Targets struct {
	Content float64       // the usual mean square of the features of a photograph
	Grams   [][][]float32 // [style][layer]: A (c, c), of the style picture
}

// Teacher computes the objective of a batch and its gradient to the parameters of the
// network. Only one of its methods may be called at a time.
type Teacher struct {
	lesson       Lesson
	shared       []Parameter
	norms        []Parameter
	machine      *exec.Machine
	tasks        []Task // of Step
	sharedInputs []*exec.Node
	sharedGrads  []*exec.Node
	pictures     []lessonPicture
	orientation  *exec.Node
	content      *exec.Node
	style        *exec.Node
	tv           *exec.Node
}

// lessonPicture is the nodes of a picture of the batch.
type lessonPicture struct {
	photo         *exec.Node
	norms, grads  []*exec.Node
	grams         []*exec.Node // targets
	gramFactors   []*exec.Node // 1/mean A², or 1/Task.Sizes
	colours       *exec.Node   // target, nil without a weight
	contentFactor *exec.Node
	content, tv   *exec.Node
	style         []*exec.Node
}

// NewTeacher builds the graph of a lesson for device d. Close frees it.
func NewTeacher(d exec.Device, l Lesson) (*Teacher, error) {
	t, err := newTeacher(l)
	if err != nil {
		return nil, err
	}
	if t.machine, err = exec.New(d, t.outputs()...); err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	return t, nil
}

// newTeacher is NewTeacher without a machine.
func newTeacher(l Lesson) (*Teacher, error) {
	if l.Batch < 1 || l.Size < 32 || l.Size%16 != 0 {
		return nil, fmt.Errorf("feedforward: %d pictures of %d pixels, want at least 1 of a multiple of 16 from 32", l.Batch, l.Size)
	}
	t := &Teacher{lesson: l, shared: l.Parameters(), norms: l.Norms(), tasks: make([]Task, l.Batch)}
	for i := range t.tasks {
		t.tasks[i].Sizes, t.tasks[i].Gradient = make([]float64, len(l.Style)), make([]float32, l.PerStyle())
	}
	if err := exec.Build(t.draw); err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	return t, nil
}

// Close frees the memory.
func (t *Teacher) Close() error { return t.machine.Close() }

// draw adds everything to the graph.
func (t *Teacher) draw() error {
	g := exec.NewGraph()
	t.sharedInputs = Inputs(g, "shared", t.shared)
	t.orientation = exec.Input(g, "orientation")
	var content, style, tv []loss.Term
	for i := range t.lesson.Batch {
		p, err := t.picture(g, fmt.Sprintf("picture%d", i+1))
		if err != nil {
			return err
		}
		t.pictures = append(t.pictures, p)
		share := 1 / float64(t.lesson.Batch)
		content = append(content, loss.Term{Node: p.content, Weight: share})
		tv = append(tv, loss.Term{Node: p.tv, Weight: share})
		for j, s := range p.style {
			weight := t.lesson.ColourWeight
			if j < len(t.lesson.Style) {
				weight = t.lesson.Style[j].Weight
			}
			style = append(style, loss.Term{Node: s, Weight: share * weight})
		}
	}
	return t.total(content, style, tv)
}

// total adds the objective and its gradients.
func (t *Teacher) total(content, style, tv []loss.Term) (err error) {
	l := &t.lesson
	var terms []loss.Term
	for _, part := range []struct {
		name   string
		node   **exec.Node
		terms  []loss.Term
		weight float64
	}{
		{"content", &t.content, content, l.ContentWeight},
		{"style", &t.style, style, l.StyleWeight},
		{"tv", &t.tv, tv, l.TVWeight},
	} {
		if *part.node, err = loss.Sum(part.name, part.terms...); err != nil {
			return err
		}
		terms = append(terms, loss.Term{Node: *part.node, Weight: part.weight})
	}
	sum, err := loss.Sum("total", terms...)
	if err != nil {
		return err
	}
	wrt := slices.Clone(t.sharedInputs)
	for _, p := range t.pictures {
		wrt = append(wrt, p.norms...)
	}
	grads, err := exec.Gradients(sum, wrt...)
	if err != nil {
		return err
	}
	t.sharedGrads, grads = grads[:len(t.shared)], grads[len(t.shared):]
	for i := range t.pictures {
		t.pictures[i].grads, grads = grads[:len(t.norms)], grads[len(t.norms):]
	}
	return nil
}

// picture adds a photograph, the network that paints it, and the losses.
func (t *Teacher) picture(g *exec.Graph, name string) (p lessonPicture, err error) {
	l := &t.lesson
	p.photo = exec.Input(g, name+"/photo", 1, 3, l.Size, l.Size)
	p.norms = Inputs(g, name, t.norms)
	p.contentFactor = exec.Input(g, name+"/contentfactor")
	picture, err := l.Paint(name, p.photo, t.sharedInputs, p.norms)
	if err != nil {
		return p, err
	}
	painted, err := t.features(name+"/painted", picture, append(l.styleNames(), l.Content))
	if err != nil {
		return p, err
	}
	photo, err := t.features(name+"/photo", p.photo, []string{l.Content})
	if err != nil {
		return p, err
	}
	if p.content, err = loss.Content(name+"/content", painted[l.Content], photo[l.Content]); err == nil {
		p.content, err = op.Apply(name+"/content/relative", op.NewScaleBy(), p.content, p.contentFactor)
	}
	if err == nil {
		p.tv, err = op.Apply(name+"/tv", op.NewTV(op.Quadratic, 1), picture)
	}
	for _, layer := range l.styleNames() {
		if err != nil {
			return p, err
		}
		err = p.addStyle(g, name+"/"+layer, painted[layer])
	}
	if err == nil && l.ColourWeight > 0 {
		err = p.addColours(g, name+"/colours", picture)
	}
	return p, err
}

// styleNames lists the style layers.
func (l *Lesson) styleNames() []string {
	names := make([]string, len(l.Style))
	for i, s := range l.Style {
		names[i] = s.Layer
	}
	return names
}

// features returns the features of a picture in the orientation of the step. To turn the
// picture is to turn the filters of the loss network: a distilled one does not see the same
// detail in every orientation.
func (t *Teacher) features(name string, picture *exec.Node, layers []string) (map[string]*exec.Node, error) {
	turned, err := op.Apply(name+"/turned", op.NewOrient(), picture, t.orientation)
	if err != nil {
		return nil, err
	}
	return t.lesson.Loss.Features(turned, layers, vgg.FeatureOptions{})
}

// addStyle adds the loss of a style layer.
func (p *lessonPicture) addStyle(g *exec.Graph, name string, features *exec.Node) error {
	channels := features.Shape()[1]
	target, factor := exec.Input(g, name+"/target", channels, channels), exec.Input(g, name+"/factor")
	n, err := loss.Style(name, features, target)
	if err != nil {
		return err
	}
	n, err = op.Apply(name+"/relative", op.NewScaleBy(), n, factor)
	p.grams, p.gramFactors, p.style = append(p.grams, target), append(p.gramFactors, factor), append(p.style, n)
	return err
}

// outputs lists the outputs, gradients of the last layers first.
func (t *Teacher) outputs() []*exec.Node {
	out := []*exec.Node{t.content, t.style, t.tv}
	for i := range slices.Backward(t.norms) {
		for _, p := range t.pictures {
			out = append(out, p.grads[i])
		}
	}
	for _, g := range slices.Backward(t.sharedGrads) {
		out = append(out, g)
	}
	return out
}

// Step computes the terms of a batch in an orientation, 0 to 7, means over its pictures:
//
//	content  mean (F - P)², divided by Targets.Content
//	style    weighted mean over the layers of mean (G - A)² / mean A²
//	tv       mean squared difference of neighbours, of levels 0 to 1
//
// Unless gradient is nil, it gets the gradient of their weighted sum to params, which is a
// vector for all styles, as in [Model].
func (t *Teacher) Step(ctx context.Context, params, gradient []float32, batch []Example, orientation int, targets Targets) (Terms, error) {
	for i, example := range batch {
		task := &t.tasks[i]
		task.Photo, task.Norms, task.Grams = example.Photo, t.lesson.styleOf(params, example.Style), targets.Grams[example.Style]
		for j, gram := range task.Grams {
			task.Sizes[j] = MeanSquare(gram)
		}
	}
	terms, err := t.StepTasks(ctx, params, gradient, t.tasks, orientation, targets.Content)
	if err == nil && gradient != nil {
		t.collect(gradient, batch)
	}
	return terms, err
}

// collect adds up the gradients to the scales and shifts of each style.
func (t *Teacher) collect(gradient []float32, batch []Example) {
	clear(gradient[t.lesson.Shared():])
	for i, example := range batch {
		style := t.lesson.styleOf(gradient, example.Style)
		for j, v := range t.tasks[i].Gradient {
			style[j] += v
		}
	}
}

// styleOf returns the parameters of a style within a vector for all styles.
func (a Architecture) styleOf(vector []float32, style int) []float32 {
	n := a.PerStyle()
	return vector[a.Shared()+style*n:][:n]
}

// MeanSquare returns the mean of the squares of x.
func MeanSquare(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum / float64(len(x))
}
