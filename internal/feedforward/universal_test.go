package feedforward_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/vgg"
	"nst/vgg/safetensors"
)

// anyPainting returns a network with all fields set.
func anyPainting(a feedforward.Architecture) *feedforward.Universal {
	r := rand.New(rand.NewPCG(8, 8))
	centre, spread := random(r, feedforward.DescriptorLen), random(r, feedforward.DescriptorLen)
	for i, v := range spread {
		spread[i] = v + 1.5
	}
	u := feedforward.NewUniversal(a, centre, spread, 3)
	u.Training = feedforward.Training{Network: "slim", StyleWeight: 10, Steps: 3, Seed: 1}
	u.Losses.Validation = feedforward.Terms{Content: 1, Style: 2, TV: 3}
	u.Licence = "for all"
	return u
}

// narrow returns a small network, whose file a fuzzer changes quickly.
func narrow() *feedforward.Universal {
	u := anyPainting(feedforward.Architecture{Widths: [3]int{1, 1, 1}})
	u.Hidden = 1
	u.Params = append(slices.Clip(u.SharedParams()), u.Predictor().Init(nil, 1)...)
	return u
}

func writeUniversal(t testing.TB, u *feedforward.Universal, half bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := u.Write(&b, half); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readUniversal(b []byte) (*feedforward.Universal, error) {
	return feedforward.ReadUniversal(bytes.NewReader(b), int64(len(b)))
}

func TestUniversalFile(t *testing.T) {
	u := anyPainting(small())
	b := writeUniversal(t, u, false)
	got, err := readUniversal(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, u) {
		t.Error("got another network back")
	}
	if !bytes.Equal(writeUniversal(t, got, false), b) {
		t.Error("the same network gives other bytes")
	}
	half := writeUniversal(t, u, true)
	if got, err = readUniversal(half); err != nil {
		t.Fatal(err)
	}
	for i, x := range u.Params {
		if y := got.Params[i]; y != x && y != safetensors.FromHalf(safetensors.ToHalf(x)) {
			t.Fatalf("parameter %d is %v, was %v", i, y, x)
		}
	}
	if !slices.Equal(got.Centre, u.Centre) || !slices.Equal(got.Spread, u.Spread) {
		t.Error("what normalises descriptors is rounded")
	}
	path := filepath.Join(t.TempDir(), "u")
	if err := u.Save(path, true); err != nil {
		t.Fatal(err)
	}
	if loaded, err := feedforward.LoadUniversal(path); err != nil || !reflect.DeepEqual(loaded, got) {
		t.Errorf("got another network from the file, %v", err)
	}
	if n := len(writeUniversal(t, anyPainting(feedforward.DefaultArchitecture()), true)); n > 3<<20 {
		t.Errorf("a network takes %d bytes", n)
	}
}

func TestUniversalRefuses(t *testing.T) {
	b := writeUniversal(t, anyPainting(small()), false)
	meta := func(key, value string) func(h map[string]any) {
		return func(h map[string]any) { h["__metadata__"].(map[string]any)[key] = value }
	}
	for want, f := range map[string]func(h map[string]any){
		"hidden layers of width 0":            meta("hidden", "0"),
		"hidden layers of width 4096":         meta("hidden", "4096"),
		"metadata: hidden":                    meta("hidden", "x"),
		"width 0":                             meta("architecture", `{"widths":[0,1,1],"blocks":0}`),
		"tensor conv1.weight is":              meta("architecture", `{"widths":[256,256,256],"blocks":16}`),
		"text \"\\x1b\"":                      meta("licence", "\x1b"),
		"made by a newer nst":                 meta("version", "7"),
		"wrong kind of file":                  meta("format", "nst-feedforward"),
		"tensor descriptor.spread is missing": func(h map[string]any) { h["x"] = h["descriptor.spread"]; delete(h, "descriptor.spread") },
		"metadata: training is missing":       func(h map[string]any) { delete(h["__metadata__"].(map[string]any), "training") },
		"want (255, 969)":                     meta("hidden", "255"),
	} {
		if _, err := readUniversal(edit(t, b, f)); err == nil {
			t.Errorf("%s: no error", want)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	if _, err := readUniversal(b[:len(b)-5]); err == nil {
		t.Error("a truncated file is read")
	}
	if _, err := readUniversal(write(t, model(t, small(), "a"), false)); !errors.Is(err, feedforward.ErrForeign) {
		t.Errorf("a model is read as a network for any painting: %v", err)
	}
	if _, err := read(b); !errors.Is(err, feedforward.ErrForeign) || !strings.Contains(err.Error(), "any painting") {
		t.Errorf("a network for any painting is read as a model: %v", err)
	}
	u := anyPainting(small())
	u.Spread[4] = 0
	if err := u.Write(&bytes.Buffer{}, false); err == nil {
		t.Error("a spread of 0 is written")
	}
	u = anyPainting(small())
	u.Params = u.Params[1:]
	if err := u.Write(&bytes.Buffer{}, false); err == nil {
		t.Error("too few parameters are written")
	}
}

func FuzzReadUniversal(f *testing.F) {
	b := writeUniversal(f, narrow(), true)
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Add(edit(f, b, func(h map[string]any) { h["x"] = h["out.bias"] }))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := readUniversal(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "feedforward: ") {
				t.Errorf("error without the package's name: %v", err)
			}
			return
		}
		again, err := readUniversal(writeUniversal(t, u, false))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, u) {
			t.Error("a network changed when it was written")
		}
	})
}

// TestDescribe compares descriptors of the same picture by several numbers of threads, and
// checks that a scale of the colours is seen.
func TestDescribe(t *testing.T) {
	slim, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	d, err := feedforward.NewDescriber(slim)
	if err != nil {
		t.Fatal(err)
	}
	const w, h = 50, 37
	r := rand.New(rand.NewPCG(2, 2))
	picture := random(r, 3*w*h)
	for i, v := range picture {
		picture[i] = 0.5 + v/2
	}
	describe := func(threads int, picture []float32) []float32 {
		device, err := exec.OpenCPU(threads, os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		defer device.Close()
		x, err := d.Describe(context.Background(), device, picture, w, h, nil)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	first := describe(1, picture)
	if len(first) != feedforward.DescriptorLen {
		t.Fatalf("%d values, want %d", len(first), feedforward.DescriptorLen)
	}
	for threads := 2; threads <= 3; threads++ {
		if !slices.Equal(describe(threads, picture), first) {
			t.Errorf("%d threads describe another picture", threads)
		}
	}
	pale := make([]float32, len(picture))
	for i, v := range picture {
		pale[i] = 0.5 + (v-0.5)/4
	}
	less := 0
	for i, v := range describe(2, pale) {
		if math.IsNaN(float64(v)) {
			t.Fatal("value is not a number")
		}
		if v < first[i] {
			less++
		}
	}
	if less < len(first)/2 {
		t.Errorf("only %d of %d values are less for a pale picture", less, len(first))
	}
	other, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv4_2", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := feedforward.NewDescriber(other); err == nil {
		t.Error("another network describes pictures")
	}
}

// TestDescribePart compares the colours of the left half of a picture with those of a picture
// that is only that half.
func TestDescribePart(t *testing.T) {
	slim, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	d, err := feedforward.NewDescriber(slim)
	if err != nil {
		t.Fatal(err)
	}
	device, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	const w, h = 192, 96
	r := rand.New(rand.NewPCG(4, 4))
	picture, half := make([]float32, 3*w*h), make([]float32, 3*w/2*h)
	for i := range picture {
		if picture[i] = 0.3; i%w < w/2 {
			picture[i] = r.Float32()
			half[i/w*w/2+i%w] = picture[i]
		}
	}
	left := func(w, h int) []float32 {
		out := make([]float32, w*h)
		for i := range out {
			if i%w < w/2 {
				out[i] = 1
			}
		}
		return out
	}
	describe := func(picture []float32, w int, part feedforward.Guide) []float32 {
		x, err := d.Describe(context.Background(), device, picture, w, h, part)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	part, alone, whole := describe(picture, w, left), describe(half, w/2, nil), describe(picture, w, nil)
	const colours = 9
	near, far := 0.0, 0.0
	for i, v := range alone {
		if i >= len(alone)-colours && math.Abs(float64(v-part[i])) > 1e-4 {
			t.Errorf("colour statistic %d is %v in the part, %v of it alone", i, part[i], v)
		}
		near += math.Abs(float64(v-part[i])) / (1 + math.Abs(float64(v)))
		far += math.Abs(float64(v-whole[i])) / (1 + math.Abs(float64(v)))
	}
	if near > far/2 {
		t.Errorf("the part is %v from the half alone, the whole is %v", near, far)
	}
}

func TestShares(t *testing.T) {
	got, err := feedforward.Shares([]float64{1e308, 0, 1e308})
	if err != nil || !slices.Equal(got, []float64{0.5, 0, 0.5}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range [][]float64{nil, {0, 0}, {1, -1}, {math.NaN()}, {math.Inf(1)}} {
		if _, err := feedforward.Shares(bad); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}
