package vgg_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"nst/vgg"
	"nst/vgg/safetensors"
)

func tiny(t testing.TB, last string) *vgg.Weights {
	t.Helper()
	ws, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), last, 7)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

func write(t testing.TB, ws *vgg.Weights, half bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := vgg.Write(&b, ws, half); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (*vgg.Weights, error) {
	return vgg.Read(bytes.NewReader(b), int64(len(b)))
}

func TestWriteRead(t *testing.T) {
	custom := vgg.Convention{Name: "mine", Scale: 2, Mean: [3]float32{.1, 1. / 3, 3e-9}, Std: [3]float32{1, 2.5, 0.225}}
	for _, conv := range []vgg.Convention{vgg.Caffe(), vgg.Torchvision(), custom} {
		for _, last := range []string{"conv1_1", "conv5_1", "conv5_4"} {
			ws := tiny(t, last)
			ws.Convention, ws.SHA256 = conv, "abc"
			got, err := read(write(t, ws, false))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, ws) {
				t.Errorf("%s up to %s: got other weights back", conv.Name, last)
			}
		}
	}
}

func TestWriteHalf(t *testing.T) {
	ws := tiny(t, "conv5_1")
	full, b := write(t, ws, false), write(t, ws, true)
	if len(b) > len(full)*6/10 {
		t.Errorf("float16 takes %d bytes, float32 %d", len(b), len(full))
	}
	if !bytes.Equal(b, write(t, ws, true)) {
		t.Error("the same weights give other bytes the second time")
	}
	got, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range ws.Filters {
		for i, x := range f.W {
			if y := got.Filters[name].W[i]; y != safetensors.FromHalf(safetensors.ToHalf(x)) {
				t.Fatalf("%s: weight %d: %v became %v", name, i, x, y)
			}
		}
		if !reflect.DeepEqual(got.Filters[name].B, f.B) {
			t.Fatalf("%s: biases were rounded", name)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		x    float32
		half bool
		want string
	}{
		{nan, false, "conv1_2.weight: value 5 is NaN"},
		{nan, true, "conv1_2.weight: value 5 is NaN"},
		{float32(math.Inf(-1)), false, "-Inf, want finite"},
		{70000, true, "70000, too large for float16"},
	} {
		ws := tiny(t, "conv2_1")
		ws.Filters["conv1_2"].W[5] = c.x
		if err := vgg.Write(io.Discard, ws, c.half); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.x, err, c.want)
		}
	}
	ws := tiny(t, "conv2_1")
	delete(ws.Filters, "conv1_2")
	if err := vgg.Write(io.Discard, ws, false); err == nil {
		t.Error("weights with a gap were written")
	}
	if err := vgg.Write(failing{}, tiny(t, "conv5_4"), false); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want the writer's error", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// edit decodes the header of a file, lets f change it, and puts it back.
func edit(t testing.TB, b []byte, f func(h map[string]any)) []byte {
	t.Helper()
	n := binary.LittleEndian.Uint64(b)
	var h map[string]any
	if err := json.Unmarshal(b[8:8+n], &h); err != nil {
		t.Fatal(err)
	}
	f(h)
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(out, text...), b[8+n:]...)
}

func TestReadRefuses(t *testing.T) {
	good := write(t, tiny(t, "conv2_1"), false)
	size := len(good) - 8 - int(binary.LittleEndian.Uint64(good)) // of the numbers
	at := func(h map[string]any, name string) map[string]any { return h[name].(map[string]any) }
	meta := func(key string, value any) func(map[string]any) {
		return func(h map[string]any) { at(h, "__metadata__")[key] = value }
	}
	tensor := func(name, key string, value any) func(map[string]any) {
		return func(h map[string]any) { at(h, name)[key] = value }
	}
	for _, c := range []struct {
		edit func(h map[string]any)
		want string
	}{
		{tensor("conv1_2.weight", "shape", []int{4, 2, 3, 6}), "vgg: conv1_2: weight is (4, 2, 3, 6), want (4, 4, 3, 3)"},
		{tensor("conv1_2.bias", "shape", []int{2, 2}), "vgg: conv1_2: bias is (2, 2), want (4)"},
		{tensor("conv1_2.weight", "shape", []int{4, 4, 3, 4}), "bytes 448 to 1024 do not hold (4, 4, 3, 4) values of F32"},
		{tensor("conv1_2.weight", "dtype", "I32"), "conv1_2: weight: numbers are of type I32, want floating point"},
		{tensor("conv2_1.bias", "data_offsets", []int{size, size + 16}), "belong to no tensor"},
		{func(h map[string]any) {
			h["x"] = map[string]any{"dtype": "U8", "shape": []int{3}, "data_offsets": []int{size, size + 3}}
		}, "cut short"},
		{func(h map[string]any) {
			h["x"] = map[string]any{"dtype": "U8", "shape": []int{0}, "data_offsets": []int{size, size}}
		}, `tensor "x" that is not of this network`},
		{func(h map[string]any) { delete(h, "conv2_1.bias") }, "belong to no tensor"},
		{func(h map[string]any) { h["conv9_1.bias"] = h["conv2_1.bias"]; delete(h, "conv2_1.bias") }, "conv2_1: weight and bias must both be there"},
		{func(h map[string]any) {
			h["conv2_2.weight"], h["conv2_2.bias"] = h["conv1_2.weight"], h["conv1_2.bias"]
			delete(h, "conv1_2.weight")
			delete(h, "conv1_2.bias")
		}, "tiny weights lack conv1_2 though they have conv2_1"},
		{meta("format", "pt"), "not a native file"},
		{meta("network", "alexnet"), `unknown network "alexnet"`},
		{meta("network", "vgg16"), "conv1_1: weight is (4, 3, 3, 3), want (64, 3, 3, 3)"},
		{meta("channels", "GBR"), `channels "GBR", want RGB or BGR`},
		{meta("mean", "1,2"), "2 numbers, want 3"},
		{meta("std", "1,NaN,1"), "not a finite number"},
		{meta("std", "1,0,1"), "must be above 0"},
		{meta("scale", 5), "header"},
	} {
		if _, err := read(edit(t, good, c.edit)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestReadDamaged(t *testing.T) {
	good := write(t, tiny(t, "conv2_1"), true)
	for n := 0; n < len(good); n += 7 {
		if _, err := read(good[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a file", n, len(good))
		}
	}
	if _, err := read(append(good[:len(good):len(good)], 0)); err == nil {
		t.Error("a byte too many was taken")
	}
	long := bytes.Clone(good)
	binary.LittleEndian.PutUint64(long, 1<<63)
	if _, err := read(long); err == nil || !strings.Contains(err.Error(), "header of") {
		t.Errorf("header too long: got %v", err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	if _, err := read(flipped); !errors.Is(err, vgg.ErrDamaged) {
		t.Errorf("flipped bit: got %v", err)
	}
	nan := edit(t, good, func(h map[string]any) { delete(h["__metadata__"].(map[string]any), safetensors.ChecksumKey) })
	start := 8 + binary.LittleEndian.Uint64(nan)
	binary.LittleEndian.PutUint16(nan[start+2*107:], 0x7c00)
	if _, err := read(nan); err == nil || !strings.Contains(err.Error(), "conv1_1: weight: value 107 is +Inf") {
		t.Errorf("infinity: got %v", err)
	}
}

// FuzzRead checks that weights that can be read survive being written and read again.
func FuzzRead(f *testing.F) {
	for _, half := range []bool{false, true} {
		b := write(f, tiny(f, "conv1_2"), half)
		f.Add(b)
		f.Add(b[:len(b)-3])
		f.Add(edit(f, b, func(h map[string]any) { h["x"] = h["conv1_1.bias"] }))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ws, err := read(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "vgg: ") {
				t.Errorf("error without the package's name: %v", err)
			}
			return
		}
		if err := ws.Check(); err != nil {
			t.Fatal(err)
		}
		again, err := read(write(t, ws, false))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, ws) {
			t.Error("weights changed when they were written")
		}
	})
}

func BenchmarkRead(b *testing.B) {
	ws, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, half := range []bool{true, false} {
		file := write(b, ws, half)
		b.Run(fmt.Sprintf("half=%v", half), func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := read(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestReadMemory checks that Read does not hold a copy of the file.
func TestReadMemory(t *testing.T) {
	ws, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv4_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	file, values := write(t, ws, true), 0
	for _, f := range ws.Filters {
		values += len(f.W) + len(f.B)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := read(file); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(4*values+4<<20); got > most {
		t.Errorf("reading %d values allocates %d bytes, want at most %d", values, got, most)
	}
}
