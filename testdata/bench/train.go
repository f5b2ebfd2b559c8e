package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/internal/optim"
	"nst/internal/reftest"
	"nst/nst/instant"
	"nst/vgg"
)

// Pictures of a training: the style's longest side is that of the default options.
const styleW, styleH = 384, 288

// training is a network that is being taught, one style by slim, with the default settings.
type training struct {
	options          instant.Options
	teacher          *feedforward.Teacher
	adam             *optim.Adam
	params, gradient []float32
	batch            []feedforward.Example
	targets          [vgg.Orientations]feedforward.Targets
	steps            int
}

// train takes a step for each line that it reads, and answers as run does. First it writes
// the parameters to a file, for torch_training.py to start from.
func train(size, threads int, first string) error {
	device, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		return err
	}
	t, err := newTraining(device, size)
	if err != nil {
		return err
	}
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, t.params); err != nil {
		return err
	}
	if err := os.WriteFile(first, raw.Bytes(), 0o600); err != nil {
		return err
	}
	fmt.Println("ready", device.Name())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		began := time.Now()
		total, err := t.step()
		if err != nil {
			return err
		}
		fmt.Println(time.Since(began).Seconds(), peak(), total)
	}
	return nil
}

// newTraining measures the targets and makes the first parameters.
func newTraining(d *exec.CPU, size int) (*training, error) {
	slim, err := vgg.Embedded()
	if err != nil {
		return nil, err
	}
	o := instant.DefaultOptions()
	lesson := feedforward.Lesson{
		Architecture: feedforward.Architecture{Widths: o.Widths, Blocks: o.Blocks},
		Loss:         slim, Content: "relu4_2",
		Batch: o.Batch, Size: size,
		ContentWeight: o.ContentWeight, StyleWeight: o.StyleWeight, TVWeight: o.TVWeight,
	}
	for _, s := range slim.Network.StyleLayers[:4] {
		lesson.Style = append(lesson.Style, vgg.StyleLayer{Layer: s.Layer, Weight: 0.25})
	}
	t := &training{options: o, params: lesson.Init(1, reftest.Seed)}
	t.gradient = make([]float32, len(t.params))
	for i := range o.Batch {
		t.batch = append(t.batch, feedforward.Example{Photo: reftest.Picture(size, size, uint64(i))})
	}
	if err := t.measure(d, &lesson); err != nil {
		return nil, err
	}
	adam := optim.DefaultAdam()
	adam.LR = o.LearningRate
	if t.adam, err = optim.NewAdam(len(t.params), adam, d.Vectors()); err != nil {
		return nil, err
	}
	t.teacher, err = feedforward.NewTeacher(d, lesson)
	return t, err
}

// measure measures the style in each orientation, and the first photograph.
func (t *training) measure(d *exec.CPU, l *feedforward.Lesson) error {
	content, err := l.MeasureContent(context.Background(), d, t.batch[0].Photo, l.Size, l.Size)
	if err != nil {
		return err
	}
	picture := reftest.Picture(styleW, styleH, 2)
	turned := make([]float32, len(picture))
	for orientation := range t.targets {
		w, h := styleW, styleH
		feedforward.OrientPicture(turned, picture, w, h, orientation)
		if orientation >= 4 {
			w, h = h, w
		}
		grams, err := l.MeasureStyle(context.Background(), d, turned, w, h)
		if err != nil {
			return err
		}
		t.targets[orientation] = feedforward.Targets{Content: content, Grams: [][][]float32{grams}}
	}
	return nil
}

// step takes a step and returns the objective before it.
func (t *training) step() (total float64, err error) {
	turn, o := t.steps%vgg.Orientations, &t.options
	t.steps++
	terms, err := t.teacher.Step(context.Background(), t.params, t.gradient, t.batch, turn, t.targets[turn])
	if err != nil {
		return 0, err
	}
	total = o.ContentWeight*terms.Content + o.StyleWeight*terms.Style + o.TVWeight*terms.TV
	return total, t.adam.Step(t.params, t.gradient, total)
}
