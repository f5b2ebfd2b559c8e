// Package jpeg reads the kinds of JPEG pictures that image/jpeg does not: arithmetic coding,
// any sampling factors, four components, progressive and multi-scan pictures with restart
// markers. It reads the common kinds too, since TIFF files hold streams of all kinds.
//
// The inverse transform, the interpolation of chroma and the colour conversion give the
// values of the Independent JPEG Group's library, bit by bit.
package jpeg

import (
	"errors"
	"fmt"
)

// UnsupportedError names a feature that this package does not read.
type UnsupportedError string

// Error begins with "jpeg: unsupported".
func (e UnsupportedError) Error() string { return "jpeg: unsupported " + string(e) }

// errDamaged means that the coded coefficients make no sense.
var errDamaged = errors.New("jpeg: damaged pixels")

// Values of Header.Transform, that of an Adobe segment.
const (
	TransformNone    = 0  // red, green, blue, or cyan, magenta, yellow, black
	TransformYCbCr   = 1  // of three components
	TransformYCCK    = 2  // of four: the first three are YCbCr of cyan, magenta and yellow
	TransformUnknown = -1 // there is no such segment
)

// Header describes a JPEG stream.
type Header struct {
	W, H        int // pixels
	Components  int // 1 to 4
	Progressive bool
	Arithmetic  bool
	Restarts    bool // with restart markers
	Scans       int
	Sampling    [4][2]int // horizontal and vertical sampling factors of each component
	Transform   int       // see TransformNone
	YCbCr       bool      // the first three components are luma and chroma
}

// Picture is a decoded picture.
type Picture struct {
	Header
	Planes [][]byte // of each component, W by H samples
}

// ReadHeader reads the segments of a stream without decoding pixels.
func ReadHeader(data []byte) (Header, error) {
	d := decoder{data: data}
	if err := d.walk(func(*scan) error { return nil }); err != nil {
		return Header{}, err
	}
	return d.header, nil
}

// Decode reads a stream. Chroma is interpolated; colours are not converted. Errors are an
// [UnsupportedError] or mean that the stream is damaged or cut short.
func Decode(data []byte) (*Picture, error) {
	d := decoder{data: data, pixels: true}
	if err := d.walk(d.decodeScan); err != nil {
		return nil, err
	}
	p := &Picture{Header: d.header}
	for i := range d.components {
		c := &d.components[i]
		p.Planes = append(p.Planes, d.enlarge(c, d.transform(c)))
		c.coefficients = nil
	}
	return p, nil
}

// ToRGB converts the first three planes from YCbCr to red, green and blue (JFIF 1.02), in
// fixed-point numbers with 16 fractional bits.
func (p *Picture) ToRGB() {
	if p.Components < 3 {
		return
	}
	const half = 1 << 15
	level := func(v int32) byte { return byte(min(max(v, 0), 255)) }
	y, cb, cr := p.Planes[0], p.Planes[1], p.Planes[2]
	for i := range y {
		l, u, v := int32(y[i]), int32(cb[i])-128, int32(cr[i])-128
		y[i] = level(l + (91881*v+half)>>16)           // 1.402
		cb[i] = level(l + (-22554*u-46802*v+half)>>16) // 0.34414, 0.71414
		cr[i] = level(l + (116130*u+half)>>16)         // 1.772
	}
}

// MaxScans is the largest number of scans that a picture may have. Encoders write up to
// about 20. More would take seconds for each, even if they are empty.
const MaxScans = 100

func tooManyScans() error {
	return UnsupportedError(fmt.Sprintf("picture of more than %d scans", MaxScans))
}
