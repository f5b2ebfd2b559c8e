package mat_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"os"
	"reflect"
	"strings"
	"testing"

	"nst/vgg/internal/mat"
)

func all(string, []int) bool { return true }

func read(b []byte) (*mat.File, error) { return mat.Read(bytes.NewReader(b), int64(len(b)), all) }

// element is a data element in the long form.
func element(kind uint32, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), data...)
	for kind != 15 && len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

// matrix is an array of a class, with what follows its header.
func matrix(class byte, name string, shape []uint32, rest ...byte) []byte {
	var dims []byte
	for _, d := range shape {
		dims = binary.LittleEndian.AppendUint32(dims, d)
	}
	b := element(6, class, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, element(5, dims...)...)
	b = append(b, element(1, []byte(name)...)...)
	return element(14, append(b, rest...)...)
}

func file(elements ...[]byte) []byte {
	b := append(bytes.Repeat([]byte{' '}, 124), 0, 1, 'I', 'M')
	return append(b, bytes.Join(elements, nil)...)
}

func deflated(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b)
	z.Close()
	return element(15, out.Bytes()...)
}

func TestRead(t *testing.T) {
	short := []byte{2, 0, 3, 0, 7, 8, 9, 0} // three numbers of type uint8 in the short form
	row := matrix(6, "row", []uint32{1, 3}, short...)
	word := matrix(4, "word", []uint32{1, 2}, element(4, 'h', 0, 'i', 0)...)
	inner := matrix(9, "", []uint32{2, 1}, element(1, 0xff, 3)...)
	cell := matrix(1, "cell", []uint32{1, 2}, append(element(14), inner...)...)
	record := matrix(2, "record", []uint32{1, 1}, bytes.Join([][]byte{
		{5, 0, 4, 0, 2, 0, 0, 0}, element(1, 'a', 0, 'b', 0), inner, matrix(4, "", []uint32{1, 1}, element(16, 'x')...),
	}, nil)...)
	for name, b := range map[string][]byte{
		"plain": file(row, word, cell, record), "compressed": file(deflated(row), word, deflated(cell), deflated(record)),
	} {
		got, err := read(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := &mat.File{
			Arrays: map[string]mat.Array{
				"row": {[]int{1, 3}, []float32{7, 8, 9}}, "cell/1": {[]int{2, 1}, []float32{-1, 3}}, "record/a": {[]int{2, 1}, []float32{-1, 3}},
			},
			Texts: map[string]string{"word": "hi", "record/b": "x"},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	row := matrix(6, "row", []uint32{1, 3}, element(2, 7, 8, 9)...)
	deep := matrix(6, "", []uint32{1, 1}, element(2, 1)...)
	for range 40 {
		deep = matrix(1, "x", []uint32{1, 1}, deep...)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"cut short":      {file(row)[:160], "cut short"},
		"wrong count":    {file(matrix(6, "row", []uint32{1, 4}, element(2, 7, 8, 9)...)), "damaged"},
		"negative shape": {file(matrix(6, "row", []uint32{1, 1 << 31}, element(2, 7)...)), "damaged"},
		"huge shape":     {file(matrix(6, "row", []uint32{1 << 20, 1 << 20}, element(2, 7)...)), "damaged"},
		"huge array":     {file(matrix(6, "row", []uint32{1 << 15, 1 << 15}, element(2, 7)...)), "million numbers"},
		"huge cell":      {file(matrix(1, "c", []uint32{1 << 15, 1 << 15}, row...)), "cut short"},
		"deep":           {file(deep), "too many arrays"},
		"no zlib":        {file(element(15, 1, 2, 3, 4)), "zlib"},
		"checksum":       {file(deflated(row)[:len(deflated(row))-1], []byte{0}), "zlib"},
	} {
		if _, err := read(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// FuzzRead checks that a shape fits its values, and that no error lacks the package's name.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"matconvnet.mat", "matconvnet-old.mat"} {
		b, err := os.ReadFile("../../../testdata/weights/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(file(matrix(6, "row", []uint32{1, 3}, element(2, 7, 8, 9)...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := read(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "mat: ") {
				t.Errorf("error without the package's name: %v", err)
			}
			return
		}
		for path, a := range got.Arrays {
			n := 1
			for _, d := range a.Shape {
				n *= d
			}
			if n != len(a.Values) {
				t.Errorf("%s: %d values of shape %v", path, len(a.Values), a.Shape)
			}
		}
	})
}
