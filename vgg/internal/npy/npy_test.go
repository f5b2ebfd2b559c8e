package npy_test

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"nst/vgg/internal/npy"
	"nst/vgg/safetensors"
)

// header is a file of version 1 without numbers.
func header(text string) string {
	return npy.Magic + "\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
}

func TestReadHeader(t *testing.T) {
	const text = "{'descr': '<f4', 'fortran_order': True, 'shape': (3L, 5), }   \n"
	for version, file := range map[string]string{
		"1": header(text),
		"3": npy.Magic + "\x03\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(text)))) + text,
	} {
		h, err := npy.ReadHeader(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(h.Shape, []int{3, 5}) || !h.Fortran || h.DType.Name != "F32" || h.Data != int64(len(file)) ||
			!reflect.DeepEqual(h.Strides(), []int{1, 3}) {
			t.Errorf("version %s: got %+v", version, h)
		}
	}
	h, err := npy.ReadHeader(strings.NewReader(header("{'descr': '|O', 'fortran_order': False, 'shape': (), }")))
	if err != nil || !h.Object || len(h.Shape) != 0 {
		t.Errorf("object: got %+v, %v", h, err)
	}
	h, err = npy.ReadHeader(strings.NewReader(header("{'descr': '<f8', 'fortran_order': False, 'shape': (7, 2, 4), }")))
	if err != nil || !reflect.DeepEqual(h.Strides(), []int{8, 4, 1}) {
		t.Errorf("row-major: got %v, %v", h.Strides(), err)
	}
}

func TestReadHeaderRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"empty":      {"", "does not start"},
		"version":    {npy.Magic + "\x09\x00\x00\x00", "version 9"},
		"cut short":  {header("{'descr'")[:12], "cut short"},
		"long":       {npy.Magic + "\x02\x00\xff\xff\xff\xff", "header of 4294967295 bytes"},
		"record":     {header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }"), "not that of an array"},
		"big-endian": {header("{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }"), "not little-endian"},
		"text":       {header("{'descr': '<U5', 'fortran_order': False, 'shape': (3,), }"), "numbers of type"},
		"huge":       {header("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }"), "shape"},
	} {
		if _, err := npy.ReadHeader(strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// FuzzReadHeader checks that a header that is read describes an array.
func FuzzReadHeader(f *testing.F) {
	f.Add(header("{'descr': '<f4', 'fortran_order': True, 'shape': (3L, 5), }"))
	f.Add(header("{'descr': '|O', 'fortran_order': False, 'shape': (), }"))
	f.Fuzz(func(t *testing.T, file string) {
		h, err := npy.ReadHeader(strings.NewReader(file))
		if err != nil {
			return
		}
		if safetensors.Count(h.Shape) < 0 || len(h.Strides()) != len(h.Shape) || h.Data > int64(len(file)) || h.Object != (h.DType.Size == 0) {
			t.Errorf("got %+v", h)
		}
	})
}
