package vgg

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

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
		err = fmt.Errorf("mat: holds no layers of a MatConvNet network")
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

// matFilter is a filter (h, w, C, K) as a tensor (K, C, h, w). MATLAB drops the last
// dimension if it is 1.
func matFilter(a mat.Array) tensor {
	shape := a.Shape
	if len(shape) == 3 {
		shape = append(slices.Clone(shape), 1)
	}
	h, w, c, k := shape[0], shape[1], shape[2], shape[3]
	return tensor{[]int{k, c, h, w}, func(dst []float32) error {
		for kc := range k * c {
			for y := range h {
				for x := range w {
					dst[(kc*h+y)*w+x] = a.Values[(kc*w+x)*h+y]
				}
			}
		}
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
