package vgg

import (
	"errors"
	"io"
	"os"
	"strings"

	"nst/vgg/safetensors"
)

// errNoOutline means that only reading all of a file tells what it holds.
var errNoOutline = errors.New("vgg: no outline")

// Outline returns the weights with a name as [Store.Load] does, but reads only the header of
// a native file: its filters and projections are zeros that nothing has touched, so that they
// take addresses but no memory. That is enough to plan a run. Weights in other files are
// loaded; whole is true then.
func (s Store) Outline(name string) (w *Weights, whole bool, err error) {
	if name == EmbeddedName {
		w, err = outline(strings.NewReader(embedded), int64(len(embedded)))
	} else {
		w, err = outlineFile(s.File(name))
	}
	if err == nil {
		return w, false, nil
	}
	w, err = s.Load(name)
	return w, true, err
}

// outlineFile is [outline] of a file.
func outlineFile(path string) (*Weights, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return outline(f, info.Size())
}

// outline is [Store.Outline] of a native file of the given size in bytes.
func outline(r io.ReaderAt, size int64) (*Weights, error) {
	var start [9]byte
	if _, err := r.ReadAt(start[:], 0); err != nil || start[8] != '{' {
		return nil, errNoOutline
	}
	header, err := safetensors.Open(r, size)
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
	for _, l := range w.Network.Layers {
		if t, ok := header.Tensors[projectionPrefix+l.Name]; ok && len(t.Shape) == 2 && t.Shape[1] == l.K {
			if w.Projections == nil {
				w.Projections = map[string]Projection{}
			}
			k, c := t.Shape[0], t.Shape[1]
			w.Projections[l.Name] = Projection{K: k, C: c, W: make([]float32, k*c), R: make([]float32, c*c)}
		}
	}
	if len(w.Filters) == 0 || 2*len(w.Filters)+len(w.Projections) != len(header.Tensors) {
		return nil, errNoOutline
	}
	return w, w.Check()
}
