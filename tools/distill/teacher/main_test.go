package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nst/internal/engine/exec"
	"nst/vgg"
)

const seed = 5

// question is a picture of 24x20 pixels and the layers asked for.
func question(t *testing.T, asked ...int32) ([]byte, []float32) {
	t.Helper()
	picture := make([]float32, 3*20*24)
	for i := range picture {
		picture[i] = float32(i*7%255) / 255
	}
	var b bytes.Buffer
	for _, part := range []any{[]int32{20, 24, int32(len(asked) / 2)}, asked, picture} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes(), picture
}

// small is a file with the first layers of VGG-19's shape and random weights.
func small(t *testing.T) (string, *vgg.Weights) {
	t.Helper()
	w, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv2_1", seed)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "small.safetensors")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := vgg.Write(f, w, false); err != nil {
		t.Fatal(err)
	}
	return path, w
}

// TestServe compares answers with the features of a graph of one layer.
func TestServe(t *testing.T) {
	path, w := small(t)
	q, picture := question(t, 0, 2, 2, 1) // relu1_1 of every other row and column, relu2_1
	var out bytes.Buffer
	if err := serve(context.Background(), path, 1, bytes.NewReader(slices.Concat(q, q)), &out); err != nil {
		t.Fatal(err)
	}
	first, second := features(t, w, picture, "relu1_1", 64*20*24), features(t, w, picture, "relu2_1", 128*10*12)
	var want []float32
	for c := range 64 {
		for y := 0; y < 20; y += 2 {
			for x := 0; x < 24; x += 2 {
				want = append(want, first[c*20*24+y*24+x])
			}
		}
	}
	want = append(want, second...)
	got := make([]float32, 2*len(want))
	if out.Len() != 4*len(got) {
		t.Fatalf("two answers have %d bytes, want %d", out.Len(), 4*len(got))
	}
	if err := binary.Read(&out, binary.LittleEndian, got); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if e := want[i%len(want)]; math.Abs(float64(v-e)) > 1e-4*(1+math.Abs(float64(e))) {
			t.Fatalf("number %d is %v, want %v", i, v, e)
		}
	}
}

func features(t *testing.T, w *vgg.Weights, picture []float32, layer string, n int) []float32 {
	t.Helper()
	var pixels, seen *exec.Node
	err := exec.Build(func() error {
		pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, 20, 24)
		f, err := w.Features(pixels, []string{layer}, vgg.FeatureOptions{})
		seen = f[layer]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := exec.OpenCPU(1, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	m, err := exec.New(d, seen)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	out := make([]float32, n)
	if err := m.Set(pixels, picture); err != nil {
		t.Fatal(err)
	}
	if err := m.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := m.Get(out, seen); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestGraphsAreFew: pictures of many sizes do not fill the memory.
func TestGraphsAreFew(t *testing.T) {
	_, w := small(t)
	d, err := exec.OpenCPU(1, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	teach := newTeacher(w, d)
	defer teach.close()
	for i := range 2*maxGraphs + 1 {
		s, err := teach.graph(16+i, 16, 1)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := teach.graph(16+i, 16, 1); again != s {
			t.Error("a size that was just seen has another machine")
		}
		if len(teach.graphs) > maxGraphs {
			t.Fatalf("%d machines after %d sizes", len(teach.graphs), i+1)
		}
	}
}

// TestServeRefuses checks that malformed questions are errors.
func TestServeRefuses(t *testing.T) {
	path, _ := small(t)
	whole, _ := question(t, 0, 1)
	backwards, _ := question(t, 2, 0, 1, 1)
	never, _ := question(t, 0, 0)
	huge := slices.Concat([]byte{0, 0, 0, 1}, whole[4:])
	for _, tt := range []struct {
		in   []byte
		want string
	}{
		{whole[:len(whole)-1], "picture: "},
		{whole[:20], "picture: "}, // ends before the picture
		{whole[:12], "question: "},
		{whole[:4], "question: "},
		{backwards, "question: of layers [2 0]"},
		{never, "question: of layers [0] every [0]"},
		{huge, "question of a picture of 24x16777216"},
	} {
		err := serve(context.Background(), path, 1, bytes.NewReader(tt.in), io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%d bytes: error is %v, want %s...", len(tt.in), err, tt.want)
		}
	}
	if err := serve(context.Background(), path, 1, bytes.NewReader(nil), io.Discard); err != nil {
		t.Errorf("no question: %v", err)
	}
	if err := serve(context.Background(), "no/such.safetensors", 1, bytes.NewReader(nil), io.Discard); err == nil {
		t.Error("a file that is not there is no error")
	}
}
