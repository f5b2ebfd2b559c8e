package vgg_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nst/vgg"
	"nst/vgg/safetensors"
)

const fixtures = "../testdata/weights"

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// save writes b to a file whose name does not tell its format.
func save(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weights")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// The fixtures hold the same network, written by h5py, PyTorch and by hand.
func TestImport(t *testing.T) {
	same := func(x float32) float32 { return x }
	for _, c := range []struct {
		file, last, full string // deepest layers without and with Full
		convention       vgg.Convention
		format           string
		weight           func(float32) float32
	}{
		{"keras1.h5", "conv4_2", "conv4_2", vgg.Caffe(), "Keras HDF5", same},
		{"keras2.h5", "conv3_1", "conv3_1", vgg.Caffe(), "Keras HDF5", same},
		{"torch-legacy.pth", "conv5_1", "conv5_4", vgg.Torchvision(), "PyTorch", same},
		{"torch-zip.pth", "conv3_1", "conv3_1", vgg.Torchvision(), "PyTorch", same},
		{"torch-double.pt", "conv3_1", "conv3_1", vgg.Torchvision(), "PyTorch", same},
		{"torch-half.pth", "conv3_1", "conv3_1", vgg.Torchvision(), "PyTorch", func(x float32) float32 { return safetensors.FromHalf(safetensors.ToHalf(x)) }},
		{"torchvision.safetensors", "conv3_1", "conv3_1", vgg.Torchvision(), "safetensors", same},
		{"matconvnet.mat", "conv3_1", "conv3_1", vgg.Caffe(), "MatConvNet", same},
		{"matconvnet-old.mat", "conv3_1", "conv3_1", vgg.Caffe(), "MatConvNet", same},
		{"named.npz", "conv3_1", "conv3_1", vgg.Caffe(), "NumPy", same},
		{"plain.npz", "conv3_1", "conv3_1", vgg.Caffe(), "NumPy", same},
		{"pickled.npy", "conv3_1", "conv3_1", vgg.Caffe(), "NumPy", same},
		{"python2.npy", "conv3_1", "conv3_1", vgg.Caffe(), "NumPy", same},
		{"v1.caffemodel", "conv3_1", "conv3_1", vgg.Caffe(), "Caffe", same},
		{"v2.caffemodel", "conv3_1", "conv3_1", vgg.Caffe(), "Caffe", same},
		{"plain.onnx", "conv3_1", "conv3_1", vgg.Torchvision(), "ONNX", same},
		{"chunked.h5", "conv3_1", "conv3_1", vgg.Caffe(), "Keras HDF5", same},
		{"latest.h5", "conv3_1", "conv3_1", vgg.Caffe(), "Keras HDF5", same},
		{"keras3.keras", "conv3_1", "conv3_1", vgg.Caffe(), "Keras HDF5", same},
		{"v73.mat", "conv3_1", "conv3_1", vgg.Caffe(), "MatConvNet", same},
	} {
		t.Run(c.file, func(t *testing.T) {
			b := fixture(t, c.file)
			path, sum := save(t, b), sha256.Sum256(b)
			for full, last := range map[bool]string{false: c.last, true: c.full} {
				want := tiny(t, last)
				want.Convention, want.Licence = c.convention, "unknown"
				want.Source, want.SHA256 = "weights, through "+c.format, hex.EncodeToString(sum[:])
				for _, f := range want.Filters {
					for i, x := range f.W {
						f.W[i] = c.weight(x)
					}
					for i, x := range f.B {
						f.B[i] = c.weight(x)
					}
				}
				got, err := vgg.Import(t.Context(), path, vgg.ImportOptions{Network: "tiny", Full: full, Partial: true})
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want) {
					for name, f := range want.Filters {
						if !reflect.DeepEqual(got.Filters[name], f) {
							t.Errorf("full %v: %s differs", full, name)
						}
					}
					got.Filters, want.Filters = nil, nil
					t.Errorf("full %v: got %v, want %v", full, got, want)
				}
			}
		})
	}
}

// Batch normalisations become part of the convolutions.
func TestImportBatchNormalisation(t *testing.T) {
	want := tiny(t, "conv3_1")
	for file, names := range map[string]string{"bn.onnx": "ONNX", "bn.safetensors": "safetensors"} {
		got, err := vgg.Import(t.Context(), save(t, fixture(t, file)), vgg.ImportOptions{Network: "tiny", Partial: true})
		if err != nil {
			t.Fatal(err)
		}
		if got.Convention != vgg.Torchvision() || got.Source != "weights, through "+names {
			t.Errorf("%s: convention %s, source %s", file, got.Convention.Name, got.Source)
		}
		for name, w := range want.Filters {
			g := got.Filters[name]
			if !near(g.W, w.W) || !near(g.B, w.B) {
				t.Errorf("%s: %s differs", file, name)
			}
		}
	}
}

// near reports whether all numbers agree up to the rounding of a few operations.
func near(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return max(x-y, y-x) < 1e-6 })
}

// named writes a float32 safetensors file of the convolutions of ws, renamed.
func named(t testing.TB, ws *vgg.Weights, rename func(i int, l vgg.Layer) string) []byte {
	t.Helper()
	return edit(t, write(t, ws, false), func(h map[string]any) {
		delete(h, "__metadata__")
		for i, l := range ws.Network.Layers {
			for _, part := range []string{".weight", ".bias"} {
				if v, ok := h[l.Name+part]; ok {
					delete(h, l.Name+part)
					h[rename(i, l)+part] = v
				}
			}
		}
	})
}

func features(i int, _ vgg.Layer) string { return fmt.Sprintf("features.%d", i) }

func TestImportDetects(t *testing.T) {
	seeded := func(n *vgg.Network, last string) *vgg.Weights {
		ws, err := vgg.Seeded(n, vgg.Caffe(), last, 3)
		if err != nil {
			t.Fatal(err)
		}
		return ws
	}
	// Layers of real size would be 40 MB a file: these end just after the first
	// difference between the two networks.
	for _, c := range []struct {
		ws         *vgg.Weights
		rename     func(int, vgg.Layer) string
		convention string
	}{
		{seeded(vgg.VGG19(), "conv3_4"), features, "torchvision"},
		{seeded(vgg.VGG16(), "conv4_1"), features, "torchvision"},
		{seeded(vgg.VGG19(), "conv3_4"), func(i int, _ vgg.Layer) string { return fmt.Sprint(i) }, "torchvision"},
		{seeded(vgg.VGG16(), "conv4_1"), func(_ int, l vgg.Layer) string { return l.Name }, "caffe"},
	} {
		got, err := vgg.Import(t.Context(), save(t, named(t, c.ws, c.rename)), vgg.ImportOptions{Partial: true})
		if err != nil {
			t.Error(err)
			continue
		}
		if got.Network.Name != c.ws.Network.Name || got.Convention.Name != c.convention || !reflect.DeepEqual(got.Filters, c.ws.Filters) {
			t.Errorf("got %s, %s, want %s, %s", got.Network.Name, got.Convention.Name, c.ws.Network.Name, c.convention)
		}
	}
	file := save(t, named(t, seeded(vgg.VGG19(), "conv2_1"), features))
	if _, err := vgg.Import(t.Context(), file, vgg.ImportOptions{}); err == nil || !strings.Contains(err.Error(), "could be the start of vgg19 or of vgg16") {
		t.Errorf("three layers: got %v", err)
	}
	got, err := vgg.Import(t.Context(), file, vgg.ImportOptions{Network: "vgg16", Convention: "caffe", Partial: true})
	if err != nil || got.Network.Name != "vgg16" || got.Convention != vgg.Caffe() {
		t.Errorf("told to be vgg16 and caffe: %v", err)
	}
}

// Oxford's weights are recognised by their first numbers, turned to the right orientation
// and reordered to BGR.
func TestImportKnowsOxford(t *testing.T) {
	ws, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv1_2", 3)
	if err != nil {
		t.Fatal(err)
	}
	f := ws.Filters["conv1_1"]
	copy(f.B, []float32{0.7301776, 0.06493629, 0.03428847, 0.8260386})
	copy(f.W, []float32{0.34119523, 0.33999205, -0.0448442, 0.232159, 0.0897821, -0.303314, -0.0726092, -0.246675, -0.336833})
	want := [][]float32{slices.Clone(f.W), slices.Clone(ws.Filters["conv1_2"].W)}
	for name, order := range map[string][9]int{
		"right":                  {0, 1, 2, 3, 4, 5, 6, 7, 8},
		"transposed":             {0, 3, 6, 1, 4, 7, 2, 5, 8},
		"rotated":                {8, 7, 6, 5, 4, 3, 2, 1, 0},
		"transposed and rotated": {8, 5, 2, 7, 4, 1, 6, 3, 0},
	} {
		for _, rgb := range []bool{false, true} {
			for i, layer := range []string{"conv1_1", "conv1_2"} {
				f := ws.Filters[layer]
				for j := range f.W {
					plane, from := j/9, order[j%9]
					if rgb && i == 0 {
						plane += 2 - 2*(plane%3) // first and last of three swapped
					}
					f.W[j] = want[i][9*plane+from]
				}
			}
			got, err := vgg.Import(t.Context(), save(t, named(t, ws, features)), vgg.ImportOptions{Network: "vgg19", Partial: true})
			if err != nil {
				t.Fatal(err)
			}
			if got.Convention != vgg.Caffe() || got.Licence != "CC BY 4.0" {
				t.Errorf("%s, RGB %v: convention %s, licence %q", name, rgb, got.Convention.Name, got.Licence)
			}
			for i, layer := range []string{"conv1_1", "conv1_2"} {
				if !slices.Equal(got.Filters[layer].W, want[i]) {
					t.Errorf("%s, RGB %v: %s differs", name, rgb, layer)
				}
			}
		}
	}
	f.B[3] += 0.01
	if vgg.KnowOxford(ws) {
		t.Error("other biases were taken for Oxford's")
	}
}
