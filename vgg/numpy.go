package vgg

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nst/vgg/internal/npy"
	"nst/vgg/safetensors"
)

// isNpz reports whether a zip file holds arrays of NumPy.
func isNpz(z *zip.Reader) bool {
	return slices.ContainsFunc(z.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, ".npy") })
}

// openNpz opens a file of numpy.savez or savez_compressed: an array for each weight and bias,
// named conv1_1_W and conv1_1_b (as in vgg16_weights.npz), block1_conv1/kernel,
// features.0.weight and the like. Arrays without names, arr_0, arr_1 ..., are weight and bias
// of each convolution in order.
func openNpz(z *zip.Reader) (archive, error) {
	all, objects := map[string]tensor{}, 0
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return archive{}, fmt.Errorf("npz: %s: %w", f.Name, err)
		}
		h, err := npy.ReadHeader(r)
		r.Close()
		switch {
		case err != nil:
			return archive{}, fmt.Errorf("npz: %s: %w", f.Name, err)
		case h.Object:
			objects++
		default:
			all[name] = array(h, &member{file: f})
		}
	}
	if len(all) == 0 && objects > 0 {
		return archive{}, errors.New("npz: holds Python objects instead of arrays: save a dictionary of arrays, as in numpy.savez(\"vgg.npz\", **arrays)")
	}
	if order := unnamed(all); order != nil {
		return inOrder("NumPy", order), nil
	}
	return archive{format: "NumPy", tensors: tidy(all)}, nil
}

// array is an array of NumPy whose file is r.
func array(h npy.Header, r io.ReaderAt) tensor {
	s := &storage{dtype: h.DType, n: safetensors.Count(h.Shape), r: r, off: h.Data}
	return tensor{h.Shape, strided{view{storage: s}, h.Shape, h.Strides()}.read}
}

// unnamed returns the arrays arr_0, arr_1 ... in order; nil if there are others.
func unnamed(all map[string]tensor) []tensor {
	var out []tensor
	for i := range len(all) {
		t, ok := all["arr_"+strconv.Itoa(i)]
		if !ok {
			return nil
		}
		out = append(out, t)
	}
	return out
}

// openNpy opens a file of numpy.save that holds a dictionary, such as vgg19.npy of
// tensorflow-vgg: {"conv1_1": [filters, biases], ...}. It is a pickle, like a file of PyTorch,
// and may build arrays, dictionaries and lists and nothing else.
func openNpy(r io.ReaderAt, size int64) (archive, error) {
	h, err := npy.ReadHeader(io.NewSectionReader(r, 0, size))
	if err != nil {
		return archive{}, err
	}
	if !h.Object {
		return archive{}, fmt.Errorf("npy: holds one array %s, want a dictionary of arrays", safetensors.Dims(h.Shape))
	}
	c := &counter{r: bufio.NewReaderSize(io.NewSectionReader(r, h.Data, size-h.Data), 64<<10), file: r, start: h.Data}
	u := &unpickler{r: c, global: numpyGlobal, persistent: func([]any) (any, error) {
		return nil, fmt.Errorf("a reference to something outside: %w", errPickle)
	}}
	v, err := u.load()
	if err != nil {
		return archive{}, fmt.Errorf("npy: %w", err)
	}
	w := &arrays{file: r, size: size, found: map[string]tensor{}, left: maxArrays}
	if err := w.walk("", v, 0); err != nil {
		return archive{}, fmt.Errorf("npy: %w", err)
	}
	return archive{format: "NumPy", tensors: tidy(w.found)}, nil
}

// numpyGlobal returns what pickled arrays of NumPy need.
func numpyGlobal(module, name string) (any, error) {
	switch strings.Replace(module, "numpy._core", "numpy.core", 1) + "." + name {
	case "numpy.core.multiarray._reconstruct":
		return callable(func([]any) (any, error) { return &ndarray{}, nil }), nil
	case "numpy.ndarray":
		return nil, nil // the first argument of _reconstruct
	case "numpy.dtype":
		return callable(func(args []any) (any, error) {
			if len(args) == 0 {
				return nil, fmt.Errorf("a type without a name: %w", errPickle)
			}
			kind, _ := args[0].(string)
			return &descr{kind: kind}, nil
		}), nil
	}
	return nil, fmt.Errorf("file asks for %s.%s, which a dictionary of arrays does not need: refused", module, name)
}

// descr is numpy.dtype: a kind such as f4 and an order such as <.
type descr struct{ kind, order string }

func (d *descr) build(state any) error {
	if t, ok := state.(tuple); ok && len(t) > 1 {
		d.order, _ = t[1].(string)
		return nil
	}
	return fmt.Errorf("a type without an order of bytes: %w", errPickle)
}

// ndarray is an array in a pickle. Its data are a blob, a string, or a list of objects.
type ndarray struct {
	npy.Header
	data any
}

// build takes (version, shape, type, Fortran order, data).
func (a *ndarray) build(state any) (err error) {
	t, ok := state.(tuple)
	if !ok || len(t) != 5 {
		return fmt.Errorf("an array without shape, type and data: %w", errPickle)
	}
	shape, okS := ints(t[1])
	d, okD := t[2].(*descr)
	if !okS || !okD || safetensors.Count(shape) < 0 {
		return fmt.Errorf("an array without shape and type: %w", errPickle)
	}
	a.Shape, a.data = shape, t[4]
	a.Fortran, _ = t[3].(bool)
	if n, ok := t[3].(int); ok {
		a.Fortran = n != 0
	}
	if a.Object = strings.HasPrefix(d.kind, "O"); !a.Object {
		a.DType, err = npy.DType(d.order + d.kind)
	}
	return err
}

const maxArrays = 1 << 14

// arrays collects the arrays in a tree of dictionaries and lists.
type arrays struct {
	file  io.ReaderAt
	size  int64
	found map[string]tensor // by path: conv1_1/0
	left  int               // values that may still be visited: a limit for circular trees
}

func (w *arrays) walk(path string, v any, depth int) error {
	if w.left--; w.left < 0 || depth > 8 {
		return fmt.Errorf("too many arrays: %w", errPickle)
	}
	below := func(key string, v any) error {
		return w.walk(strings.TrimPrefix(path+"/"+key, "/"), v, depth+1)
	}
	each := func(items []any) error {
		if len(items) == 1 {
			return w.walk(path, items[0], depth+1)
		}
		for i, v := range items {
			if err := below(strconv.Itoa(i), v); err != nil {
				return err
			}
		}
		return nil
	}
	switch v := v.(type) {
	case *dict:
		for i, k := range v.keys {
			if key, ok := k.(string); ok {
				if err := below(key, v.values[i]); err != nil {
					return err
				}
			}
		}
	case *list:
		return each(v.items)
	case tuple:
		return each(v)
	case *ndarray:
		if items, ok := v.data.(*list); ok {
			return each(items.items)
		}
		return w.add(path, v)
	}
	return nil
}

// add adds an array of numbers.
func (w *arrays) add(path string, a *ndarray) error {
	if a.DType.Size == 0 {
		return nil
	}
	r, have := io.ReaderAt(nil), int64(0)
	h := a.Header
	switch d := a.data.(type) {
	case blob:
		r, h.Data, have = w.file, d.off, d.n
	case string:
		r, have = strings.NewReader(d), int64(len(d))
	}
	if r == nil || have != int64(safetensors.Count(h.Shape))*int64(h.DType.Size) || h.Data+have > w.size && h.Data > 0 {
		return fmt.Errorf("%s: data do not fit the shape %s: %w", path, safetensors.Dims(h.Shape), errPickle)
	}
	w.found[path] = array(h, r)
	return nil
}

// inOrder is an archive of arrays without names: weight and bias of each convolution.
func inOrder(format string, all []tensor) archive {
	a := archive{format: format, tensors: map[string]tensor{}}
	for _, t := range all {
		switch {
		case len(t.shape) == 4:
			a.order = append(a.order, fmt.Sprintf("convolution %d", len(a.order)+1))
			a.add(a.order[len(a.order)-1], oihw(t), nil)
		case len(t.shape) == 1 && len(a.order) > 0:
			last := a.order[len(a.order)-1]
			if _, taken := a.tensors[last+".bias"]; !taken && t.shape[0] == a.tensors[last+".weight"].shape[0] {
				a.tensors[last+".bias"] = t
			}
		}
	}
	return a
}

// tidy gives weights and biases the names STEM.weight and STEM.bias, whatever program named
// them, and puts filters in the order (K, C, 3, 3).
func tidy(all map[string]tensor) map[string]tensor {
	out := map[string]tensor{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t := all[name]
		stem, part := split(name, t)
		if part == "" {
			continue
		}
		if _, taken := out[stem+part]; taken {
			continue
		}
		switch part {
		case ".weight":
			t = oihw(t)
		case ".bias":
			if n := safetensors.Count(t.shape); len(t.shape) > 1 && n == slices.Max(t.shape) {
				t.shape = []int{n}
			}
		}
		out[stem+part] = t
	}
	return out
}

// split splits the name of an array into that of its layer and .weight, .bias or one of the
// four parts of a batch normalisation. The part is empty if the array is none of these.
func split(name string, t tensor) (stem, part string) {
	s := strings.TrimSuffix(name, ":0")
	i := strings.LastIndexAny(s, "./_")
	for _, known := range []struct{ part, ends string }{
		{".weight", " weight weights kernel filter filters W w W_1 gamma "},
		{".bias", " bias biases b b_1 beta "},
		{".running_mean", " running_mean moving_mean "},
		{".running_var", " running_var moving_variance "},
	} {
		for _, end := range strings.Fields(known.ends) {
			if rest, ok := strings.CutSuffix(s, end); ok && rest != "" && strings.ContainsAny(rest[len(rest)-1:], "./_") {
				return base(rest[:len(rest)-1]), known.part
			}
		}
	}
	if i > 0 && s[i:] == "/0" && len(t.shape) == 4 {
		return base(s[:i]), ".weight"
	}
	if i > 0 && s[i:] == "/1" && len(t.shape) < 4 {
		return base(s[:i]), ".bias"
	}
	return s, ""
}

// base returns the last part of a path, such as vgg_19/conv1/conv1_1.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// oihw returns a filter as (K, C, h, w), whether it is that or (h, w, C, K).
func oihw(t tensor) tensor {
	if s := t.shape; len(s) == 4 && s[0] == 3 && s[1] == 3 && (s[2] != 3 || s[3] != 3) {
		return outputsFirst(t)
	}
	return t
}
