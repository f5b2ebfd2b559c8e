package feedforward

import (
	"context"
	"math"
	"os"
	"testing"

	"nst/internal/engine/exec"
)

// TestTasksSlope compares the gradient to the scales and shifts of a task with difference
// quotients along it, with the distance of colours.
func TestTasksSlope(t *testing.T) {
	l, examples, targets := smallLesson(t)
	l.ColourWeight = 3
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	teacher, err := NewTeacher(d, l)
	if err != nil {
		t.Fatal(err)
	}
	defer teacher.Close()
	params := l.Init(2, 3)
	var tasks []Task
	for i, e := range examples {
		task := Task{
			Photo: e.Photo, Norms: l.styleOf(params, e.Style), Grams: targets[0].Grams[e.Style],
			Colours: Colours(examples[len(examples)-1-i].Photo), Gradient: make([]float32, l.PerStyle()),
		}
		for _, g := range task.Grams {
			task.Sizes = append(task.Sizes, MeanSquare(g))
		}
		tasks = append(tasks, task)
	}
	total := func(gradient []float32) float64 {
		terms, err := teacher.StepTasks(context.Background(), params, gradient, tasks, 0, targets[0].Content)
		if err != nil {
			t.Fatal(err)
		}
		return l.ContentWeight*terms.Content + l.StyleWeight*terms.Style + l.TVWeight*terms.TV
	}
	total(make([]float32, l.Shared()))
	task := &tasks[0]
	length := math.Sqrt(MeanSquare(task.Gradient) * float64(len(task.Gradient)))
	norms, gradient := task.Norms, task.Gradient
	task.Gradient = nil
	moved := func(step float64) float64 {
		task.Norms = make([]float32, len(norms))
		for i, v := range norms {
			task.Norms[i] = v + float32(step/length*float64(gradient[i]))
		}
		return total(nil)
	}
	const step = 2e-3
	slope := (moved(step) - moved(-step)) / (2 * step)
	if math.Abs(slope-length) > 0.02*length {
		t.Errorf("the slope along the gradient is %v, the gradient has length %v", slope, length)
	}
}
