// Package mat reads arrays and texts of MATLAB files of version 5 to 7, which are those that
// MATLAB's save has written since 1996 unless it was given -v7.3. [Read] goes through a file
// once, decompresses it on the way, and keeps what the caller wants.
//
// Section numbers in comments refer to "MAT-File Format", The MathWorks, version 5.
package mat

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of what Read takes on. A VGG-19 with its fully connected layers has 144 million
// values in 575 MB, of which the convolutions are 20 million.
const (
	maxValues   = 1 << 25 // that are kept, in all arrays together
	maxInflated = 1 << 30 // bytes of all compressed variables together
	maxArrays   = 1 << 16
	maxDepth    = 16
	maxText     = 256 // characters; longer texts are skipped
	maxHeader   = 1 << 16
)

// Array is an array of numbers. Its values are in column-major order, as in MATLAB: the
// first index varies fastest.
type Array struct {
	Shape  []int
	Values []float32
}

// File is what was kept of a file. The path of element 3 of a cell array layers is layers/3,
// counted from 0; that of field name of a struct layer is layer/name. The elements of an
// array of structs have their index between the two.
type File struct {
	Arrays map[string]Array
	Texts  map[string]string // of at most 256 characters
}

// Is reports whether a file that starts with these bytes, at least 128 of them, is a MATLAB
// file of version 5 to 7.
func Is(start []byte) bool {
	return len(start) >= 128 && string(start[126:128]) == "IM" && start[125] == 1
}

var errDamaged = errors.New("mat: file is damaged")

// Read reads a file of the given size in bytes. It keeps all texts, and the arrays of real
// numbers for which want returns true. Numbers of any type are converted to float32.
func Read(r io.ReaderAt, size int64, want func(path string, shape []int) bool) (*File, error) {
	p := &parser{
		file: &File{Arrays: map[string]Array{}, Texts: map[string]string{}},
		want: want, values: maxValues, arrays: maxArrays, inflated: maxInflated,
	}
	in := bufio.NewReaderSize(io.NewSectionReader(r, 128, max(size-128, 0)), 64<<10)
	for {
		if _, err := in.Peek(1); err == io.EOF {
			return p.file, nil
		}
		if err := p.variable(in); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, errors.New("mat: file is cut short")
			}
			if strings.HasPrefix(err.Error(), "mat: ") {
				return nil, err
			}
			return nil, fmt.Errorf("mat: %w", err)
		}
	}
}

// parser is the state of Read.
type parser struct {
	file                     *File
	want                     func(string, []int) bool
	values, arrays, inflated int64 // that may still come
}

// variable reads one variable of the file, which may be compressed.
func (p *parser) variable(in *bufio.Reader) error {
	t, err := readTag(in)
	if err != nil {
		return err
	}
	body := &io.LimitedReader{R: in, N: int64(t.size)}
	switch {
	case t.kind == miMatrix:
		err = p.matrix(body, "", 0)
	case t.kind == miCompressed:
		err = p.compressed(body)
	}
	if err != nil {
		return err
	}
	return skip(in, body.N)
}

// compressed reads a variable that is compressed as a whole.
func (p *parser) compressed(body io.Reader) error {
	z, err := zlib.NewReader(body)
	if err != nil {
		return err
	}
	limited := &io.LimitedReader{R: z, N: p.inflated}
	in := bufio.NewReaderSize(limited, 64<<10)
	t, err := readTag(in)
	if err == nil && t.kind == miMatrix {
		err = p.matrix(&io.LimitedReader{R: in, N: int64(t.size)}, "", 0)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, in) // reads the checksum
	}
	p.inflated = limited.N
	if limited.N <= 0 {
		return fmt.Errorf("mat: more than %d MB after decompression", maxInflated>>20)
	}
	return err
}

// matrix reads an array of any class: 1.2.4. r ends with it.
func (p *parser) matrix(r *io.LimitedReader, path string, depth int) error {
	if p.arrays--; p.arrays < 0 || depth > maxDepth {
		return fmt.Errorf("%w: too many arrays", errDamaged)
	}
	if r.N == 0 {
		return nil // an empty element of a cell array
	}
	h, err := readHeader(r)
	if err != nil {
		return err
	}
	if depth == 0 {
		path = h.name
	}
	switch h.class {
	case mxCell:
		for i := range h.count {
			if err := p.element(r, fmt.Sprintf("%s/%d", path, i), depth); err != nil {
				return err
			}
		}
	case mxStruct:
		if err := p.structs(r, h, path, depth); err != nil {
			return err
		}
	case mxChar:
		if err := p.text(r, h, path); err != nil {
			return err
		}
	default:
		if h.class >= mxDouble && h.class <= mxUint64 && !h.complex && p.want(path, h.shape) {
			if err := p.numbers(r, h, path); err != nil {
				return err
			}
		}
	}
	return skip(r, r.N)
}

// element reads an array within an array.
func (p *parser) element(r *io.LimitedReader, path string, depth int) error {
	t, err := readTag(r)
	if err != nil {
		return err
	}
	if t.kind != miMatrix || int64(t.size) > r.N {
		return errDamaged
	}
	body := &io.LimitedReader{R: r, N: int64(t.size)}
	return p.matrix(body, path, depth+1)
}

// structs reads the fields of all elements of an array of structs.
func (p *parser) structs(r *io.LimitedReader, h header, path string, depth int) error {
	width, err := readInts(r)
	if err != nil {
		return err
	}
	names, err := readSmall(r)
	if err != nil {
		return err
	}
	if len(width) != 1 || width[0] < 1 || len(names)%width[0] != 0 {
		return errDamaged
	}
	var fields []string
	for ; len(names) > 0; names = names[width[0]:] {
		name, _, _ := bytes.Cut(names[:width[0]], []byte{0})
		fields = append(fields, string(name))
	}
	for i := range h.count {
		at := path
		if h.count != 1 {
			at = fmt.Sprintf("%s/%d", path, i)
		}
		for _, name := range fields {
			if err := p.element(r, at+"/"+name, depth); err != nil {
				return err
			}
		}
		if len(fields) == 0 {
			break
		}
	}
	return nil
}

// text keeps a text, unless it is long.
func (p *parser) text(r *io.LimitedReader, h header, path string) error {
	if h.count > maxText {
		return nil
	}
	t, b, err := readData(r)
	if err != nil {
		return err
	}
	step := map[uint32]int{miUint16: 2, miUTF16: 2, miUTF32: 4}[t.kind]
	if step > 1 { // little-endian; names are ASCII
		short := b[:0]
		for i := 0; i+step <= len(b); i += step {
			short = append(short, b[i])
		}
		b = short
	}
	p.file.Texts[path] = strings.ToValidUTF8(string(b), "?")
	return nil
}

// numbers keeps an array of real numbers.
func (p *parser) numbers(r *io.LimitedReader, h header, path string) error {
	if p.values -= h.count; p.values < 0 {
		return fmt.Errorf("mat: more than %d million numbers", maxValues>>20)
	}
	t, err := readTag(r)
	if err != nil {
		return err
	}
	decode, size := decoder(t.kind)
	if decode == nil || int64(t.size) != h.count*int64(size) {
		return fmt.Errorf("mat: %s: numbers of an unknown type, or not as many as its shape says: %w", path, errDamaged)
	}
	in := io.Reader(r)
	if t.short {
		in = bytes.NewReader(t.data[:])
	}
	values := make([]float32, 0, min(h.count, 1<<14)) // grows with what is really there
	piece := make([]byte, min(t.size, 8<<10))
	for left := int(t.size); left > 0; {
		b := piece[:min(left, len(piece))]
		left -= len(b)
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		for ; len(b) > 0; b = b[size:] {
			values = append(values, decode(b))
		}
	}
	p.file.Arrays[path] = Array{h.shape, values}
	return skip(r, t.padding())
}

// skip reads n bytes and forgets them.
func skip(r io.Reader, n int64) error {
	m, err := io.CopyN(io.Discard, r, n)
	if m < n && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func word(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
