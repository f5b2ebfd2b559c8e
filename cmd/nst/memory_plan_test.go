//go:build linux && !race

package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nst/internal/headroom"
	"nst/vgg"
)

// moreMemory is what a refusal says of a plan, in MB.
var moreMemory = regexp.MustCompile(`takes (\d+) MB more of memory`)

// TestPlanOfApply holds the plans of pictures that are painted in one pass against the most
// memory that the process has.
func TestPlanOfApply(t *testing.T) {
	dir := newScene(t)
	for name, size := range map[string]image.Point{"256.jpg": {256, 192}, "512.jpg": {512, 384}, "1024.jpg": {1024, 768}, "large.jpg": {4800, 3200}} {
		m := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
		for i := range m.Y {
			m.Y[i] = uint8(i * 7919 >> 4)
		}
		savePhoto(t, filepath.Join(dir, name), m)
	}
	for _, args := range []string{
		"apply 512.jpg 256.jpg", "apply 512.jpg 512.jpg", "apply 512.jpg 1024.jpg", "apply 512.jpg 512.jpg --color luma",
		"apply 512.jpg large.jpg --size 512", "apply large.jpg 512.jpg", "apply starry-night 1024.jpg",
	} {
		comparePlan(t, dir, args, "out.png")
	}
}

// TestPlanOfTraining is TestPlanOfApply for nst train: most is taken by its steps, and with small
// crops by the comparison at the end.
func TestPlanOfTraining(t *testing.T) {
	dir := newScene(t)
	m := image.NewYCbCr(image.Rect(0, 0, 512, 384), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = uint8(i%512/9 ^ i/512*7)
	}
	savePhoto(t, filepath.Join(dir, "512.jpg"), m)
	if err := os.Mkdir(filepath.Join(dir, "photos"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		savePhoto(t, filepath.Join(dir, "photos", fmt.Sprintf("%d.jpg", i)), m.SubImage(image.Rect(8*i, 0, 8*i+300, 260+i)))
	}
	for _, args := range []string{"--crop 64 --batch 1 --style-size 64", "--crop 128 --batch 4"} {
		comparePlan(t, dir, "train 512.jpg --photos photos --steps 1 "+args, "out.safetensors")
	}
}

// comparePlan compares the memory that a command plans, which it says where there is not as much,
// with what it takes.
func comparePlan(t *testing.T, dir, args, out string) {
	t.Helper()
	p := command(t, dir, args+" --threads 2 --overwrite -o "+out)
	taken, err := p.peak()
	if err != nil {
		t.Fatalf("%s: %v:\n%s", args, err, p.stderr.String())
	}
	words := strings.Fields(args + " --threads 2 -o other-" + out)
	for i, w := range words {
		if strings.Contains(w, ".") || w == "photos" {
			words[i] = filepath.Join(dir, w)
		}
	}
	_, messages := runIn(t, systems(50 << 20)[headroom.Machine], words...)
	found := moreMemory.FindStringSubmatch(messages)
	if found == nil {
		t.Fatalf("%s: no refusal:\n%s", args, messages)
	}
	more, _ := strconv.Atoi(found[1])
	planned := int64(more)<<20 + counted
	ratio := float64(planned) / float64(taken)
	t.Logf("%s: planned %d MB, taken %d MB: %.2f", args, planned>>20, taken>>20, ratio)
	if ratio < 0.9 || ratio > 1.1 {
		t.Errorf("%s: planned %d MB, taken %d MB", args, planned>>20, taken>>20)
	}
}

// TestImportMemory imports a file of VGG-19 with layers that nst does not use, which are most of
// it: it takes little memory. Where there is not even that, the import is refused.
func TestImportMemory(t *testing.T) {
	dir := newScene(t)
	writeWhole(t, filepath.Join(dir, "whole.safetensors"))
	const args = "weights import whole.safetensors --full --name whole"
	p := limited(t, dir, 850<<10, args)
	err := p.Run()
	// Go begins its heap at a random place: in some runs it leaves too little for nst itself.
	refused := regexp.MustCompile(`^nst: error: (importing a network|nst itself) takes \d+ MB more of memory`)
	if messages := p.stderr.String(); err == nil || !refused.MatchString(messages) || strings.Contains(messages, "--force") || strings.Count(messages, "\n") > 2 {
		t.Errorf("850 MB of addresses: %v:\n%s", err, messages)
	}
	p = limited(t, dir, 1<<20, args)
	most, err := p.peak()
	if err != nil || most > 128<<20 {
		t.Errorf("%v, %d MB:\n%s", err, most>>20, p.stderr.String())
	}
}

// writeWhole writes a safetensors file with VGG-19 and a fully connected layer of zeros.
func writeWhole(t *testing.T, path string) {
	t.Helper()
	w, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_4", 1)
	if err != nil {
		t.Fatal(err)
	}
	type span struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	header, end := map[string]span{}, 0
	var data []byte
	add := func(name string, values []float32, shape ...int) {
		n := 4
		for _, d := range shape {
			n *= d
		}
		header[name] = span{"F32", shape, [2]int{end, end + n}}
		end += n
		data, _ = binary.Append(data, binary.LittleEndian, values)
	}
	for _, l := range w.Network.Convs() {
		f := w.Filters[l.Name]
		add(l.Name+".weight", f.W, f.K, f.C, 3, 3)
		add(l.Name+".bias", f.B, f.K)
	}
	add("fc6.weight", nil, 4096, 25088)
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	whole := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	if err := os.WriteFile(path, append(whole, data...), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(whole)+end)); err != nil { // zeros, which take no disk
		t.Fatal(err)
	}
}
