package reftest_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nst/internal/reftest"
)

// The values are printed from model.picture(97, 61, s) of testdata/torch.
func TestPicture(t *testing.T) {
	at := []int{0, 1, 96, 97, 97 * 61, 3*97*61 - 1}
	tests := []struct {
		s    uint64
		want []uint32
		sum  float64
	}{
		{0, []uint32{0x3ee605bf, 0x3be18b20, 0x3f22ddbd, 0x3ef29882, 0x3ed8dfed, 0x3f555da5}, 8815.18864266295},
		{1, []uint32{0x3c45b240, 0x3deed426, 0x3f07512e, 0x3e4bf66c, 0x3db7f500, 0x3f32c324}, 8802.307984093204},
		{2, []uint32{0x3e7527be, 0x3ea36ea2, 0x3eb7d9b1, 0x3e5f3d5a, 0x3e959089, 0x3f1f5a21}, 8801.065708352253},
	}
	for _, tt := range tests {
		p := reftest.Picture(97, 61, tt.s)
		for j, i := range at {
			if got := math.Float32bits(p[i]); got != tt.want[j] {
				t.Errorf("picture %d, value %d is %#x, want %#x", tt.s, i, got, tt.want[j])
			}
		}
		if sum, _ := reftest.Sums(p); reftest.Rel(sum, tt.sum) > 1e-12 {
			t.Errorf("picture %d sums to %v, want %v", tt.s, sum, tt.sum)
		}
	}
}

func TestLoad(t *testing.T) {
	f, err := reftest.Load("../../testdata/torch/vgg19-97x61-avg.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Meta["network"] + " " + f.Meta["pool"] + " " + f.Meta["shape.relu2_1"]; got != "vgg19 avg 128,30,48" {
		t.Errorf("metadata: %s", got)
	}
	p, w, h, err := f.Picture("style")
	if err != nil || w != 80 || h != 72 || !slices.Equal(p, reftest.Picture(80, 72, 1)) {
		t.Errorf("style picture: %d x %d, %v", w, h, err)
	}
	if _, _, _, err := f.Picture("frame"); err == nil {
		t.Error("frame picture: no error")
	}
	g := f.Tensors["gradient"]
	if !slices.Equal(g.Shape, []int{3, 61, 97}) || len(g.Data) != 3*61*97 || g.F64 != nil {
		t.Errorf("gradient: shape %v, %d values", g.Shape, len(g.Data))
	}
	if total := f.Tensors["loss.total"].F64; len(total) != 1 || !(total[0] > 0) {
		t.Errorf("loss.total: %v", total)
	}
}

func TestLoadRefuses(t *testing.T) {
	head := func(json string) string { return string([]byte{byte(len(json)), 0, 0, 0, 0, 0, 0, 0}) + json }
	tests := map[string]string{
		"not a file": "",
		"type":       head(`{"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}`) + "x",
	}
	for name, content := range tests {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := reftest.Load(path); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRelMax(t *testing.T) {
	nan := float32(math.NaN())
	tests := []struct {
		name      string
		got, want []float32
		rel       float64
	}{
		{"equal", []float32{1, -2}, []float32{1, -2}, 0},
		{"scale is the largest wanted value", []float32{1, -4.5}, []float32{1.25, -4}, 0.125},
		{"zeros", []float32{0}, []float32{0}, 0},
		{"wanted zero", []float32{1}, []float32{0}, math.Inf(1)},
		{"lengths", []float32{1}, []float32{1, 2}, math.Inf(1)},
		{"NaN", []float32{nan}, []float32{1}, math.Inf(1)},
	}
	for _, tt := range tests {
		if rel := reftest.RelMax(tt.got, tt.want); rel != tt.rel {
			t.Errorf("%s: %v, want %v", tt.name, rel, tt.rel)
		}
	}
}

func TestSample(t *testing.T) {
	x := make([]float32, 10000)
	for i := range x {
		x[i] = float32(i)
	}
	if got := reftest.Sample(x[:4096]); !slices.Equal(got, x[:4096]) {
		t.Error("4096 values must stay as they are")
	}
	got := reftest.Sample(x)
	if len(got) != 4096 || got[1] != 2 || got[4095] != 9997 {
		t.Errorf("%d values: %v, %v ... %v", len(got), got[0], got[1], got[len(got)-1])
	}
}
