package feedforward

import (
	"context"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/loss"
)

// Task is a photograph of a step with a style of its own, which no model has.
type Task struct {
	Photo []float32   // (3, Size, Size), RGB in [0, 1]
	Norms []float32   // scales and shifts of the style, as [Architecture.Norms] lays them out
	Grams [][]float32 // [layer]: A (c, c), of the style picture
	Sizes []float64   // [layer]: what mean (G - A)² is divided by, such as mean A²

	// Colours are those of the style picture, see [Colours], where the lesson has a
	// ColourWeight.
	Colours []float32

	// Gradient gets the gradient to Norms. It is as long, or nil.
	Gradient []float32
}

// StepTasks is [Teacher.Step] with a style for each picture. shared begins with the parameters
// that all styles share; unless gradient is nil, its first values get the gradient to them.
// content is Targets.Content. Lesson.ColourWeight times the distance of the colours of the
// painted picture and of Task.Colours, see [loss.W2], is part of the style term. The Gram
// matrices alone say little about hues, because brightness has most of their size.
func (t *Teacher) StepTasks(ctx context.Context, shared, gradient []float32, tasks []Task, orientation int, content float64) (Terms, error) {
	if err := t.fill(shared, tasks, orientation, content, t.machine.Set); err != nil {
		return Terms{}, err
	}
	if err := t.machine.Run(ctx); err != nil {
		return Terms{}, err
	}
	if gradient != nil {
		if err := t.gather(gradient, tasks, t.machine.Get); err != nil {
			return Terms{}, err
		}
	}
	return Terms{t.machine.Scalar(t.content), t.machine.Scalar(t.style), t.machine.Scalar(t.tv)}, nil
}

// fill gives all inputs to set.
func (t *Teacher) fill(shared []float32, tasks []Task, orientation int, content float64, set func(*exec.Node, []float32) error) (err error) {
	put := func(n *exec.Node, data ...float32) {
		if err == nil {
			err = set(n, data)
		}
	}
	put(t.orientation, float32(orientation))
	for i, n := range t.sharedInputs {
		put(n, t.shared[i].Of(shared)...)
	}
	for i, task := range tasks {
		p := &t.pictures[i]
		for j, n := range p.norms {
			put(n, t.norms[j].Of(task.Norms)...)
		}
		for j, gram := range task.Grams {
			put(p.grams[j], gram...)
			put(p.gramFactors[j], float32(1/task.Sizes[j]))
		}
		if p.colours != nil {
			put(p.colours, task.Colours...)
		}
		put(p.contentFactor, float32(1/content))
		put(p.photo, task.Photo...)
	}
	return err
}

// gather gets the gradients by get.
func (t *Teacher) gather(gradient []float32, tasks []Task, get func([]float32, *exec.Node) error) error {
	for i, n := range t.sharedGrads {
		if err := get(t.shared[i].Of(gradient), n); err != nil {
			return err
		}
	}
	for i, task := range tasks {
		if task.Gradient == nil {
			continue
		}
		for j, n := range t.pictures[i].grads {
			if err := get(t.norms[j].Of(task.Gradient), n); err != nil {
				return err
			}
		}
	}
	return nil
}

// addColours adds the distance of colours.
func (p *lessonPicture) addColours(g *exec.Graph, name string, picture *exec.Node) error {
	p.colours = exec.Input(g, name+"/target", 4, 3)
	pixels, err := asFeatures(g, name+"/pixels", picture)
	if err != nil {
		return err
	}
	n, err := loss.W2(name, pixels, nil, p.colours)
	p.style = append(p.style, n)
	return err
}

// asFeatures returns a picture as features, of which statistics can be taken, by a convolution
// that changes nothing.
func asFeatures(g *exec.Graph, name string, picture *exec.Node) (*exec.Node, error) {
	const c, middle = 3, kernel * kernel / 2
	filters := make([]float32, c*c*kernel*kernel)
	for i := range c {
		filters[(i*c+i)*kernel*kernel+middle] = 1
	}
	constant := func(name string, data []float32, shape ...int) *exec.Node {
		value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
		return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(value))
	}
	w, b := constant(name+"/w", filters, c, c, kernel, kernel), constant(name+"/b", make([]float32, c), c)
	return op.Apply(name, op.NewConv(false, op.Zero), picture, w, b)
}

// Colours returns the means of the channels of a picture (3, h, w), then their products
// (3, 3), as [loss.MeanGram] does.
func Colours(picture []float32) []float32 { return coloursOf(picture, nil) }

// coloursOf is [Colours] where pixel p has the weight guide[p]²; nil gives all pixels the same.
func coloursOf(picture, guide []float32) []float32 {
	n := len(picture) / 3
	weights, total := make([]float64, n), 0.0
	for i := range weights {
		weights[i] = 1
		if guide != nil {
			weights[i] = float64(guide[i]) * float64(guide[i])
		}
		total += weights[i]
	}
	out := make([]float32, 12)
	for a := range 3 {
		var mean float64
		for i, v := range picture[a*n:][:n] {
			mean += weights[i] * float64(v)
		}
		out[a] = float32(mean / total)
		for b := range 3 {
			var sum float64
			for i, v := range picture[a*n:][:n] {
				sum += weights[i] * float64(v) * float64(picture[b*n+i])
			}
			out[3+3*a+b] = float32(sum / total)
		}
	}
	return out
}
