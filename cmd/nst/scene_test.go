package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

// tiny are flags for runs that take no time, with the network of newScene.
const tiny = " --network net.safetensors --content-layers relu1_2 --style-layers relu1_1 --size 32 --log run.jsonl"

// newScene returns a new folder with pictures and a network.
func newScene(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"c.png", "d.png", "s.png", "t.png"} {
		p := imgio.NewPlanar(40, 32)
		for i := range p.Pix {
			p.Pix[i] = random.Float32()
		}
		if err := imgio.Save(filepath.Join(dir, name), p, imgio.Encoding{}); err != nil {
			t.Fatal(err)
		}
	}
	w, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv1_2", 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "net.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(vgg.Write(f, w, true), f.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}
