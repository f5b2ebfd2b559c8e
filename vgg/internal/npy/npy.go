// Package npy reads the headers of NumPy's .npy files: "numpy.lib.format", versions 1 to 3.
package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"nst/vgg/safetensors"
)

// Magic is what every file starts with.
const Magic = "\x93NUMPY"

const maxHeader = 1 << 16 // bytes; usual are 118

// Header is what a file says about its array.
type Header struct {
	Shape   []int
	Fortran bool // the first index varies fastest
	DType   safetensors.DType
	Object  bool  // a pickle follows instead of numbers, and DType is empty
	Data    int64 // where the numbers or the pickle start, in bytes from the start of the file
}

// ReadHeader reads a header. Errors start with npy.
func ReadHeader(r io.Reader) (Header, error) {
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil || string(start[:6]) != Magic {
		return Header{}, errors.New("npy: file does not start as an array of NumPy")
	}
	var length [4]byte
	size := 4
	switch start[6] {
	case 1:
		size = 2
	case 2, 3:
	default:
		return Header{}, fmt.Errorf("npy: version %d is not supported", start[6])
	}
	if _, err := io.ReadFull(r, length[:size]); err != nil {
		return Header{}, errors.New("npy: header is cut short")
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > maxHeader {
		return Header{}, fmt.Errorf("npy: header of %d bytes", n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return Header{}, errors.New("npy: header is cut short")
	}
	h, err := parse(string(text))
	h.Data = int64(8+size) + int64(n)
	return h, err
}

// parse parses the header, the text of a Python dictionary such as
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 3, 64), }.
func parse(text string) (h Header, err error) {
	descr := value(text, "descr", `'([^']*)'`)
	order := value(text, "fortran_order", `(True|False)`)
	shape := regexp.MustCompile(`'shape'\s*:\s*\(([0-9L, ]*)\)`).FindStringSubmatch(text)
	if descr == "" || order == "" || shape == nil {
		return h, fmt.Errorf("npy: header %.80q is not that of an array of numbers", text)
	}
	h.Fortran = order == "True"
	h.Shape = []int{}
	for _, s := range strings.Split(shape[1], ",") {
		s = strings.TrimSuffix(strings.TrimSpace(s), "L") // of Python 2
		if s == "" {
			continue
		}
		d, err := strconv.Atoi(s)
		if err != nil || len(h.Shape) == 32 {
			return h, fmt.Errorf("npy: shape (%.80s)", shape[1])
		}
		h.Shape = append(h.Shape, d)
	}
	if safetensors.Count(h.Shape) < 0 {
		return h, fmt.Errorf("npy: shape (%.80s)", shape[1])
	}
	if h.Object = descr == "|O" || descr == "O"; h.Object {
		return h, nil
	}
	h.DType, err = DType(descr)
	return h, err
}

// value returns the value of a key, whose form is a regular expression with one group.
func value(text, key, form string) string {
	m := regexp.MustCompile(`'` + key + `'\s*:\s*` + form).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

// DType returns the type that NumPy describes by a text such as <f4.
func DType(descr string) (safetensors.DType, error) {
	names := map[string]string{
		"f2": "F16", "f4": "F32", "f8": "F64", "u1": "U8", "i1": "I8", "b1": "BOOL",
		"i2": "I16", "i4": "I32", "i8": "I64", "u2": "U16", "u4": "U32", "u8": "U64",
	}
	kind := strings.TrimLeft(descr, "<|=")
	if name, ok := names[kind]; ok {
		return safetensors.DTypeByName(name)
	}
	if strings.HasPrefix(descr, ">") {
		return safetensors.DType{}, fmt.Errorf("npy: numbers of type %s are not little-endian", descr)
	}
	return safetensors.DType{}, fmt.Errorf("npy: numbers of type %.20q", descr)
}

// Strides returns the distance between neighbours along each index, counted in numbers.
func (h Header) Strides() []int {
	strides, n := make([]int, len(h.Shape)), 1
	for j := range h.Shape {
		i := len(h.Shape) - 1 - j
		if h.Fortran {
			i = j
		}
		strides[i] = n
		n *= h.Shape[i]
	}
	return strides
}
