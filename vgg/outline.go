package vgg

import (
	"errors"
	"os"

	"nst/vgg/safetensors"
)

// errNoOutline means that only reading all of a file tells what it holds.
var errNoOutline = errors.New("vgg: no outline")

// Outline returns the weights with a name as [Store.Load] does, but reads only the header of
// a native file: its filters are zeros that nothing has touched, so that they take addresses
// but no memory. That is enough to plan a run. Weights in other files, and those with
// projections, are loaded; whole is true then.
func (s Store) Outline(name string) (w *Weights, whole bool, err error) {
	if name != EmbeddedName {
		if w, err = outline(s.File(name)); err == nil {
			return w, false, nil
		}
	}
	w, err = s.Load(name)
	return w, true, err
}

// outline is Outline of a file.
func outline(path string) (*Weights, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var start [9]byte
	if _, err := f.ReadAt(start[:], 0); err != nil || start[8] != '{' {
		return nil, errNoOutline
	}
	header, err := safetensors.Open(f, info.Size())
	if err != nil {
		return nil, err
	}
	w, err := parseMetadata(header.Meta)
	if err != nil {
		return nil, err
	}
	w.Filters = map[string]Filter{}
	for _, l := range w.Network.Convs() {
		if _, ok := header.Tensors[l.Name+".weight"]; ok {
			w.Filters[l.Name] = Filter{K: l.K, C: l.C, W: make([]float32, 9*l.K*l.C), B: make([]float32, l.K)}
		}
	}
	if len(w.Filters) == 0 || 2*len(w.Filters) != len(header.Tensors) {
		return nil, errNoOutline
	}
	return w, w.Check()
}
