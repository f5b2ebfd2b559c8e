package vgg

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// openKeras opens the HDF5 file of a keras.applications VGG. Arrays are named
// block1_conv1/block1_conv1_W_1:0 and ..._b_1:0 in files of Keras 1, which are still the
// ones for download, and block1_conv1/block1_conv1/kernel:0 and bias:0 in later files.
// Kernels are (3, 3, C, K) and their first input channel is blue, as in the "caffe" mode of
// Keras's preprocess_input.
func openKeras(r io.ReaderAt, size int64) (archive, error) {
	a := archive{format: "Keras HDF5", tensors: map[string]tensor{}}
	layer := regexp.MustCompile(`^block\d+_conv\d+$`)
	err := walkH5(r, size, func(path string, t tensor) {
		parts := strings.Split(path, "/")
		i, leaf := slices.IndexFunc(parts, layer.MatchString), parts[len(parts)-1]
		if i < 0 {
			return
		}
		switch {
		case strings.HasPrefix(leaf, "kernel") || strings.Contains(leaf, "_W"):
			a.tensors[parts[i]+".weight"] = outputsFirst(t)
		case strings.HasPrefix(leaf, "bias") || strings.Contains(leaf, "_b"):
			a.tensors[parts[i]+".bias"] = t
		}
	})
	if err == nil && len(a.tensors) == 0 {
		err = errors.New("hdf5: holds no layer block1_conv1 of a Keras VGG")
	}
	return a, err
}

// outputsFirst transposes a kernel (h, w, C, K) to (K, C, h, w).
func outputsFirst(t tensor) tensor {
	if len(t.shape) != 4 {
		return t
	}
	h, w, c, k := t.shape[0], t.shape[1], t.shape[2], t.shape[3]
	return tensor{[]int{k, c, h, w}, func(dst []float32) error {
		src := make([]float32, len(dst))
		if err := t.read(src); err != nil {
			return err
		}
		for yx := range h * w {
			for ic := range c {
				for ik, v := range src[(yx*c+ic)*k:][:k] {
					dst[(ik*c+ic)*h*w+yx] = v
				}
			}
		}
		return nil
	}}
}
