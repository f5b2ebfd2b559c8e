package vgg

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"nst/vgg/internal/hdf5"
	"nst/vgg/internal/mat"
)

// openMatConvNet opens a network of MatConvNet, such as imagenet-vgg-verydeep-19.mat. Its
// variable layers is a cell array of structs with the fields type, name and weights, which
// holds filters and biases; before version 1.0-beta8 these are two fields of their own.
// Filters are (3, 3, C, K), and their first input channel is red.
func openMatConvNet(r io.ReaderAt, size int64) (archive, error) {
	f, err := mat.Read(r, size, func(path string, shape []int) bool {
		n := 1
		for _, d := range shape {
			n *= d
		}
		filter := (len(shape) == 3 || len(shape) == 4) && shape[0] == 3 && shape[1] == 3
		return strings.HasPrefix(path, "layers/") && (filter || n == slices.Max(shape) && n <= 4096)
	})
	if err != nil {
		return archive{}, err
	}
	a := archive{format: "MatConvNet", tensors: map[string]tensor{}, rgb: true}
	for i := range layersOf(f.Texts) {
		layer := "layers/" + strconv.Itoa(i)
		w, okW := firstOf(f.Arrays, layer+"/weights/0", layer+"/filters")
		b, okB := firstOf(f.Arrays, layer+"/weights/1", layer+"/biases")
		if f.Texts[layer+"/type"] == "conv" && okW && len(w.Shape) > 2 {
			a.add(f.Texts[layer+"/name"], matFilter(w), matBias(b, okB))
		}
	}
	if len(a.tensors) == 0 {
		err = errors.New("mat: holds no layers of a MatConvNet network")
	}
	return a, err
}

// layersOf returns how many layers have a type.
func layersOf(texts map[string]string) int {
	n := 0
	for path := range texts {
		if s, ok := strings.CutSuffix(path, "/type"); ok {
			if i, err := strconv.Atoi(strings.TrimPrefix(s, "layers/")); err == nil {
				n = max(n, i+1)
			}
		}
	}
	return n
}

func firstOf(arrays map[string]mat.Array, paths ...string) (mat.Array, bool) {
	for _, p := range paths {
		if a, ok := arrays[p]; ok {
			return a, true
		}
	}
	return mat.Array{}, false
}

// matFilter is a filter (h, w, C, K) as a tensor (K, C, h, w), which is read once: all filters of
// the file are in memory, and one that is read leaves it. MATLAB drops the last dimension if it
// is 1.
func matFilter(a mat.Array) tensor {
	shape := a.Shape
	if len(shape) == 3 {
		shape = append(slices.Clone(shape), 1)
	}
	h, w, c, k := shape[0], shape[1], shape[2], shape[3]
	values := a.Values
	return tensor{[]int{k, c, h, w}, func(dst []float32) error {
		if values == nil {
			return errors.New("mat: a filter is read twice")
		}
		for kc := range k * c {
			for y := range h {
				for x := range w {
					dst[(kc*h+y)*w+x] = values[(kc*w+x)*h+y]
				}
			}
		}
		values = nil
		return nil
	}}
}

// matBias is a row or a column of biases as a tensor; without any, nil.
func matBias(a mat.Array, ok bool) *tensor {
	if !ok {
		return nil
	}
	return &tensor{[]int{len(a.Values)}, func(dst []float32) error {
		copy(dst, a.Values)
		return nil
	}}
}

// openMatConvNet73 opens a network of MatConvNet that MATLAB saved with -v7.3, as HDF5. Cells
// are references to other objects of the file, structs are groups, and arrays have their
// dimensions in reverse: a filter is (K, C, w, h).
func openMatConvNet73(r io.ReaderAt, size int64) (archive, error) {
	f, err := hdf5.Open(r, size)
	if err != nil {
		return archive{}, err
	}
	var layers []uint64
	if err := f.Walk(func(path string, d *hdf5.Dataset) {
		if path == "layers" && d.Class == hdf5.Reference {
			layers, err = d.Words()
		}
	}); err != nil {
		return archive{}, err
	}
	if err != nil {
		return archive{}, err
	}
	a := archive{format: "MatConvNet", tensors: map[string]tensor{}, rgb: true}
	for _, reference := range layers {
		l := layer73{arrays: map[string]*hdf5.Dataset{}}
		if err := l.read(f, reference); err != nil {
			return archive{}, err
		}
		w, b := l.arrays["filters"], l.arrays["biases"]
		if text73(l.arrays["type"]) != "conv" || w == nil || b == nil || len(w.Shape) != 4 || w.Shape[2] != 3 {
			continue
		}
		bias := tensor{[]int{slices.Max(b.Shape)}, b.Read}
		a.add(text73(l.arrays["name"]), tensor{w.Shape, func(dst []float32) error {
			err := w.Read(dst)
			Filter{W: dst}.reorder(orientations()[1]) // width and height
			return err
		}}, &bias)
	}
	if len(a.tensors) == 0 {
		err = errors.New("hdf5: holds no layers of a MatConvNet network")
	}
	return a, err
}

// layer73 is a layer of openMatConvNet73.
type layer73 struct {
	arrays map[string]*hdf5.Dataset // by field; the two weights as filters and biases
}

func (l layer73) read(f *hdf5.File, reference uint64) error {
	if err := f.WalkAt(reference, "", func(path string, d *hdf5.Dataset) { l.arrays[path] = d }); err != nil {
		return err
	}
	weights := l.arrays["weights"]
	if weights == nil || weights.Class != hdf5.Reference {
		return nil
	}
	cells, err := weights.Words()
	if err != nil || len(cells) != 2 {
		return err
	}
	for i, field := range []string{"filters", "biases"} {
		if err := f.WalkAt(cells[i], field, func(path string, d *hdf5.Dataset) { l.arrays[path] = d }); err != nil {
			return err
		}
	}
	return nil
}

// text73 returns a text, which is an array of UTF-16; of anything else, nothing.
func text73(d *hdf5.Dataset) string {
	if d == nil || d.Class != hdf5.Integer {
		return ""
	}
	words, err := d.Words()
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, w := range words {
		b.WriteRune(rune(w))
	}
	return b.String()
}
