package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nst/vgg/safetensors"
)

func write(t testing.TB, meta map[string]string, entries ...safetensors.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, entries, meta); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(b []byte) (*safetensors.File, error) {
	return safetensors.Open(bytes.NewReader(b), int64(len(b)))
}

// file puts a file together from its header and its data.
func file(header, data string) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func TestWriteOpen(t *testing.T) {
	a := safetensors.Entry{Name: "a", Shape: []int{2, 3}, Values: []float32{1, -2, 3.5, 0, 1e-30, 1. / 3}}
	h := safetensors.Entry{Name: "h", Shape: []int{3}, Values: []float32{1, -0.5, 65504}, Half: true}
	meta := map[string]string{"key": "value"}
	f, err := open(write(t, meta, h, a))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f.Meta, meta) || len(f.Tensors) != 2 {
		t.Errorf("got %d tensors, metadata %v", len(f.Tensors), f.Meta)
	}
	for _, e := range []safetensors.Entry{a, h} {
		got, values := f.Tensors[e.Name], make([]float32, len(e.Values))
		if err := got.Read(values); err != nil || !slices.Equal(values, e.Values) || !slices.Equal(got.Shape, e.Shape) {
			t.Errorf("%s: %v of shape %v, %v", e.Name, values, got.Shape, err)
		}
	}
	if err := f.Tensors["a"].Read64(make([]float64, 6)); err == nil {
		t.Error("Read64 read numbers of type F32")
	}
}

func TestRead64(t *testing.T) {
	want := []float64{math.Pi, -1e300}
	var data []byte
	for _, x := range want {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(x))
	}
	f, err := open(file(`{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}`, string(data)))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 2)
	if err := f.Tensors["x"].Read64(got); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: %v", got, want, err)
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct {
		x    float32
		half bool
		want string
	}{
		{float32(math.NaN()), false, "tensor x: value 1 is NaN"},
		{float32(math.Inf(-1)), true, "-Inf, want finite"},
		{70000, true, "70000, too large for float16"},
	} {
		e := safetensors.Entry{Name: "x", Shape: []int{2}, Values: []float32{0, c.x}, Half: c.half}
		if err := safetensors.Write(io.Discard, []safetensors.Entry{e}, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.x, err, c.want)
		}
	}
	if err := safetensors.Write(failing{}, nil, nil); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want the writer's error", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestOpenRefuses(t *testing.T) {
	one := func(dtype, shape, offsets string) string {
		return `{"a":{"dtype":"` + dtype + `","shape":` + shape + `,"data_offsets":` + offsets + `}}`
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":           {nil, "shorter than 8 bytes"},
		"header too long": {[]byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "does not fit"},
		"no JSON":         {file("{", ""), "header"},
		"metadata":        {file(`{"__metadata__":{"a":5}}`, ""), "header"},
		"two objects":     {file("{}{}", ""), "something follows"},
		"list":            {file("[]", ""), "not a JSON object"},
		"many dimensions": {file(one("F32", "["+strings.Repeat("1,", 5000)+"1]", "[0,4]"), "1234"), "bytes about one tensor"},
		"many tensors":    {file("{"+strings.Repeat(`"a":{},`, 1<<16)+`"a":{}}`, ""), "more than 65536 entries"},
		"type":            {file(one("Q4", "[1]", "[0,1]"), "x"), `unknown type of number "Q4"`},
		"shape":           {file(one("F32", "[2]", "[0,4]"), "1234"), "bytes 0 to 4 do not hold (2) values of F32"},
		"negative shape":  {file(one("F32", "[-1,-1]", "[0,4]"), "1234"), "do not hold"},
		"overflow":        {file(one("F32", "[2147483648,2147483648,2147483648,0]", "[0,0]"), ""), "do not hold"},
		"before the data": {file(one("F32", "[1]", "[-4,0]"), "1234"), "do not hold"},
		"gap":             {file(one("F32", "[1]", "[4,8]"), "12345678"), "bytes 0 to 4, before"},
		"overlap": {file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}}`,
			"12345"), "overlaps"},
		"cut short": {file(one("F32", "[2]", "[0,8]"), "1234"), "cut short"},
		"left over": {file(one("F32", "[1]", "[0,4]"), "12345"), "1 bytes at the end belong to no tensor"},
	} {
		if _, err := open(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	f, err := open(file(one("I32", "[1]", "[0,4]"), "1234"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Tensors["a"].Read(make([]float32, 1)); err == nil || !strings.Contains(err.Error(), "type I32, want floating point") {
		t.Errorf("integers: got %v", err)
	}
}

// FuzzOpen checks that the tensors of a file that Open takes can be read, and that their
// shapes account for its size.
func FuzzOpen(f *testing.F) {
	b := write(f, map[string]string{"k": "v"}, safetensors.Entry{Name: "a", Shape: []int{2, 2}, Values: []float32{1, 2, 3, 4}})
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Add(file(`{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}`, "x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := open(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "safetensors: ") {
				t.Errorf("error without the package's name: %v", err)
			}
			return
		}
		size := 0
		for name, x := range got.Tensors {
			n := safetensors.Count(x.Shape)
			size += n * x.DType.Size
			if size > len(b) {
				t.Fatalf("tensors of %d bytes in a file of %d", size, len(b))
			}
			if err := x.Read(make([]float32, n)); err != nil && !strings.Contains(err.Error(), "want floating point") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestWriteHeader checks that Write makes no file that Open does not read.
func TestWriteHeader(t *testing.T) {
	if _, err := open(write(t, map[string]string{"x": strings.Repeat("y", 16<<20-100)})); err != nil {
		t.Error(err)
	}
	err := safetensors.Write(io.Discard, nil, map[string]string{"x": strings.Repeat("y", 16<<20)})
	if err == nil || !strings.Contains(err.Error(), "safetensors: header of") {
		t.Errorf("got %v", err)
	}
}
