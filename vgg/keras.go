package vgg

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nst/vgg/internal/hdf5"
)

// openKeras opens the HDF5 file of a keras.applications VGG. Arrays are named
// block1_conv1/block1_conv1_W_1:0 and ..._b_1:0 in files of Keras 1, which are still the
// ones for download, and block1_conv1/block1_conv1/kernel:0 and bias:0 in those of Keras 2.
// Kernels are (3, 3, C, K), or (K, C, 3, 3) in files of the backend Theano, and their first
// input channel is blue, as in the "caffe" mode of Keras's preprocess_input.
func openKeras(r io.ReaderAt, size int64) (archive, error) {
	f, err := hdf5.Open(r, size)
	if err != nil {
		return archive{}, err
	}
	all := map[string]tensor{}
	if err := f.Walk(func(path string, d *hdf5.Dataset) { all[path] = tensor{d.Shape, d.Read} }); err != nil {
		return archive{}, err
	}
	a := archive{format: "Keras HDF5", tensors: map[string]tensor{}}
	layer := regexp.MustCompile(`^block\d+_conv\d+$`)
	for path, t := range all {
		parts := strings.Split(path, "/")
		i, leaf := slices.IndexFunc(parts, layer.MatchString), parts[len(parts)-1]
		if i < 0 {
			continue
		}
		switch {
		case strings.HasPrefix(leaf, "kernel"), strings.Contains(leaf, "_W"), leaf == "0":
			a.tensors[parts[i]+".weight"] = oihw(t)
		case strings.HasPrefix(leaf, "bias"), strings.Contains(leaf, "_b"), leaf == "1":
			a.tensors[parts[i]+".bias"] = t
		}
	}
	if len(a.tensors) == 0 {
		a = keras3(all)
	}
	if len(a.tensors) == 0 {
		return archive{}, errors.New("hdf5: holds no layer block1_conv1 of a Keras VGG")
	}
	return a, nil
}

// keras3 takes the layers of a file of Keras 3, layers/conv2d/vars/0 (kernel) and 1 (bias),
// then conv2d_1, conv2d_2 ... in the order of the network.
func keras3(all map[string]tensor) archive {
	var order []tensor
	for i := range len(all) {
		name := "conv2d"
		if i > 0 {
			name += "_" + strconv.Itoa(i)
		}
		for _, dir := range []string{"layers/", "_layer_checkpoint_dependencies/"} {
			if kernel, ok := all[dir+name+"/vars/0"]; ok {
				order = append(order, kernel)
				if bias, ok := all[dir+name+"/vars/1"]; ok {
					order = append(order, bias)
				}
			}
		}
	}
	return inOrder("Keras HDF5", order)
}

// openKerasZip opens a .keras file: a zip archive with the weights in a file of HDF5.
func openKerasZip(r io.ReaderAt, weights *zip.File) (archive, error) {
	in, err := stored(r, weights)
	if err == nil {
		err = verify(weights)
	}
	if err != nil {
		return archive{}, fmt.Errorf("keras: %w", err)
	}
	return openKeras(in, in.Size())
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
