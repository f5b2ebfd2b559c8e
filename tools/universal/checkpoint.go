package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"nst/internal/atomicfile"
	"nst/internal/feedforward"
	"nst/internal/optim"
	"nst/vgg/safetensors"
)

// save writes all that the training needs to go on, except the paintings that were measured.
func (t *trainer) save(path string) error {
	state := t.adam.State()
	typical := make([]float32, len(t.bank.typical))
	for i, v := range t.bank.typical {
		typical[i] = float32(v)
	}
	var entries []safetensors.Entry
	for _, v := range t.vectors(state, typical) {
		entries = append(entries, safetensors.Entry{Name: v.name, Shape: []int{len(v.values)}, Values: v.values})
	}
	about, err := json.Marshal(t.about())
	if err != nil {
		return err
	}
	reached, err := json.Marshal(t.reached)
	if err != nil {
		return err
	}
	meta := map[string]string{
		"training": string(about), "losses": string(reached),
		"format": "nst-universal-training", "step": strconv.Itoa(t.step),
		"length": strconv.FormatFloat(t.length, 'g', -1, 64), "mean": strconv.FormatFloat(t.mean, 'g', -1, 64),
	}
	return atomicfile.Write(path, func(w io.Writer) error { return safetensors.Write(w, entries, meta) })
}

type vector struct {
	name   string
	values []float32
}

func (t *trainer) vectors(state optim.State, typical []float32) []vector {
	return []vector{
		{"params", t.network.Params},
		{"average", t.average},
		{"m", state.Vectors[0]},
		{"v", state.Vectors[1]},
		{"centre", t.network.Centre},
		{"spread", t.network.Spread},
		{"typical", typical},
	}
}

// licence is a note in the file.
const licence = "The paintings and photographs are in the public domain or have a free licence. The network was taught with slim and has its licence, CC BY 4.0."

// export writes the network of a checkpoint: the running mean of the parameters.
func export(checkpoint, out string) error {
	f, file, err := openCheckpoint(checkpoint)
	if err != nil {
		return err
	}
	defer file.Close()
	n := feedforward.DescriptorLen
	u := feedforward.NewUniversal(feedforward.DefaultArchitecture(), make([]float32, n), make([]float32, n), 0)
	for _, v := range []vector{{"average", u.Params}, {"centre", u.Centre}, {"spread", u.Spread}} {
		if err := v.read(f); err != nil {
			return fmt.Errorf("%s: %w", checkpoint, err)
		}
	}
	u.Licence = licence
	if err := known(f, &u.Training, &u.Losses); err != nil {
		return fmt.Errorf("%s: %w", checkpoint, err)
	}
	return u.Save(out, true)
}

// known reads what a checkpoint knows about its training.
func known(f *safetensors.File, t *feedforward.Training, l *feedforward.Losses) error {
	return errors.Join(json.Unmarshal([]byte(f.Meta["training"]), t), json.Unmarshal([]byte(f.Meta["losses"]), l))
}

func openCheckpoint(path string) (*safetensors.File, *os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil {
		var f *safetensors.File
		if f, err = safetensors.Open(file, info.Size()); err == nil {
			return f, file, nil
		}
	}
	file.Close()
	return nil, nil, fmt.Errorf("%s: %w", path, err)
}

// read reads the values from a checkpoint.
func (v vector) read(f *safetensors.File) error {
	found, ok := f.Tensors[v.name]
	if !ok || safetensors.Count(found.Shape) != len(v.values) {
		return fmt.Errorf("no vector %s of %d values", v.name, len(v.values))
	}
	return found.Read(v.values)
}

// resume reads what save wrote. The paintings of later steps are others than without a break.
func (t *trainer) resume(path string) error {
	f, file, err := openCheckpoint(path)
	if err != nil {
		return err
	}
	defer file.Close()
	state, typical := t.adam.State(), make([]float32, len(t.bank.typical))
	for _, v := range t.vectors(state, typical) {
		if err := v.read(f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for i, v := range typical {
		t.bank.typical[i] = float64(v)
	}
	for _, number := range []struct {
		name string
		to   *float64
	}{{"length", &t.length}, {"mean", &t.mean}} {
		if *number.to, err = strconv.ParseFloat(f.Meta[number.name], 64); err != nil {
			return err
		}
	}
	if t.step, err = strconv.Atoi(f.Meta["step"]); err != nil {
		return err
	}
	state.Steps = t.step
	var before feedforward.Training
	if err := known(f, &before, &t.reached); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	t.seconds = before.Seconds
	return t.adam.Restore(state)
}
