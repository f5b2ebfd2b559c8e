package jpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Markers of ITU-T T.81, table B.1.
const (
	markerSOF0  = 0xc0
	markerSOF1  = 0xc1
	markerSOF2  = 0xc2
	markerDHT   = 0xc4
	markerSOF9  = 0xc9
	markerSOF10 = 0xca
	markerDAC   = 0xcc
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerDQT   = 0xdb
	markerDNL   = 0xdc
	markerDRI   = 0xdd
	markerAPP0  = 0xe0
	markerAPP14 = 0xee
)

// component is a colour channel of the picture.
type component struct {
	id, table       byte // name, and number of its quantisation table
	h, v            int  // sampling factors
	blocksX         int  // blocks in a row, up to a whole number of MCUs
	blocksY         int
	width, height   int     // samples that belong to the picture
	coefficients    []int16 // blocks of perBlock, in natural order
	perBlock        int     // 64, or 1 if only the first are wanted
	quantisation    [64]uint16
	hasQuantisation bool // set by the first scan of the component

	// Of a picture that is reduced.
	factors  [2]int // horizontal and vertical
	reduced  []byte
	reducedW int
}

// decoder holds what the segments read so far say.
type decoder struct {
	data   []byte
	pos    int
	pixels bool // memory for coefficients is wanted

	factor  int  // by which the picture is reduced, 0 if it is not
	skipped bool // scans that a reduced picture does not need
	ended   bool // by the marker of the end
	block   [64]int16

	header       Header
	jfif         bool
	components   []component
	hMax, vMax   int
	mcusX, mcusY int
	restart      int // MCUs between restart markers, 0 if there are none

	quantisation [4][64]uint16
	defined      [4]bool // which of them
	huffman      [2][4]*huffman
	arithDC      [4]conditioning
	arithAC      [4]uint8 // Kx, F.1.4.4.2
}

// walk reads all segments and calls f for each scan, whose pixels begin at d.pos.
func (d *decoder) walk(f func(*scan) error) error {
	d.header.Transform = TransformUnknown
	for i := range d.arithDC {
		d.arithDC[i].upper = 1
		d.arithAC[i] = 5
	}
	if len(d.data) < 2 || d.data[0] != 0xff || d.data[1] != markerSOI {
		return errors.New("jpeg: no start of image")
	}
	d.pos = 2
	for {
		marker, ok := d.nextMarker()
		switch {
		case !ok && d.header.Scans > 0 || marker == markerEOI && d.header.Scans > 0:
			d.ended = ok
			return d.complete()
		case !ok:
			return io.ErrUnexpectedEOF
		case marker == markerEOI:
			return errors.New("jpeg: no pixels")
		case marker == markerSOI || marker <= 1 || marker >= markerRST0 && marker <= markerRST7:
			continue
		}
		body, err := d.segment()
		if err != nil {
			return err
		}
		if marker == markerSOS {
			s, err := d.parseScan(body)
			if err != nil {
				return err
			}
			if d.header.Scans++; d.header.Scans > MaxScans {
				return tooManyScans()
			}
			if err := f(s); err != nil {
				return err
			}
			continue
		}
		if err := d.parseSegment(marker, body); err != nil {
			return err
		}
	}
}

// complete reports an error if a component has no scan.
func (d *decoder) complete() error {
	d.header.YCbCr = d.isYCbCr()
	for _, c := range d.components {
		if !c.hasQuantisation {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

// isYCbCr reports whether the first three components are luma and chroma. Without a marker
// that says so, three components are, unless they are called R, G and B; four are not.
func (d *decoder) isYCbCr() bool {
	switch n := len(d.components); {
	case n == 3 && d.jfif:
		return true
	case d.header.Transform != TransformUnknown:
		return n > 2 && d.header.Transform != TransformNone
	default:
		return n == 3 && (d.components[0].id != 'R' || d.components[1].id != 'G' || d.components[2].id != 'B')
	}
}

// nextMarker skips to the next marker, over entropy-coded data too.
func (d *decoder) nextMarker() (byte, bool) {
	for {
		i := bytes.IndexByte(d.data[d.pos:], 0xff)
		if i < 0 || d.pos+i+1 >= len(d.data) {
			d.pos = len(d.data)
			return 0, false
		}
		d.pos += i + 1
		if marker := d.data[d.pos]; marker != 0 && marker != 0xff {
			d.pos++
			return marker, true
		}
	}
}

// segment returns the payload of the segment at the position, and moves past it.
func (d *decoder) segment() ([]byte, error) {
	if d.pos+2 > len(d.data) {
		return nil, io.ErrUnexpectedEOF
	}
	n := int(binary.BigEndian.Uint16(d.data[d.pos:]))
	if n < 2 {
		return nil, errors.New("jpeg: segment without a length")
	}
	if d.pos+n > len(d.data) {
		return nil, io.ErrUnexpectedEOF
	}
	body := d.data[d.pos+2 : d.pos+n]
	d.pos += n
	return body, nil
}

// parseSegment reads a segment other than a scan's.
func (d *decoder) parseSegment(marker byte, body []byte) error {
	switch marker {
	case markerSOF0, markerSOF1, markerSOF2, markerSOF9, markerSOF10:
		d.header.Progressive = marker == markerSOF2 || marker == markerSOF10
		d.header.Arithmetic = marker >= markerSOF9
		return d.parseFrame(body)
	case markerDHT:
		return d.parseHuffman(body)
	case markerDAC:
		return d.parseConditioning(body)
	case markerDQT:
		return d.parseQuantisation(body)
	case markerDRI:
		if len(body) < 2 {
			return io.ErrUnexpectedEOF
		}
		d.restart = int(binary.BigEndian.Uint16(body))
		d.header.Restarts = d.header.Restarts || d.restart > 0
	case markerDNL:
		return UnsupportedError("height after the pixels (DNL)")
	case markerAPP0:
		d.jfif = d.jfif || bytes.HasPrefix(body, []byte("JFIF\x00"))
	case markerAPP14:
		if len(body) >= 12 && string(body[:5]) == "Adobe" {
			d.header.Transform = int(body[11])
		}
	}
	if marker >= 0xc0 && marker <= 0xcf {
		kind := map[byte]string{0xc3: "lossless coding", 0xc8: "JPEG extensions", 0xcb: "lossless arithmetic coding"}[marker]
		if kind == "" {
			kind = "hierarchical coding"
		}
		return UnsupportedError(kind)
	}
	return nil
}

// parseFrame reads the size and the components (T.81, B.2.2).
func (d *decoder) parseFrame(body []byte) error {
	if d.components != nil {
		return errors.New("jpeg: two frames")
	}
	if len(body) < 6 || len(body) < 6+3*int(body[5]) {
		return io.ErrUnexpectedEOF
	}
	h := &d.header
	h.H, h.W = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	h.Components = int(body[5])
	switch {
	case body[0] != 8:
		return UnsupportedError(fmt.Sprintf("samples of %d bits", body[0]))
	case h.H == 0:
		return UnsupportedError("height after the pixels (DNL)")
	case h.W == 0:
		return errors.New("jpeg: no width")
	case h.Components < 1 || h.Components > 4:
		return UnsupportedError(fmt.Sprintf("picture of %d components", h.Components))
	}
	d.hMax, d.vMax = 1, 1
	for i := range h.Components {
		b := body[6+3*i:]
		c := component{id: b[0], h: int(b[1] >> 4), v: int(b[1] & 15), table: b[2]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.table > 3 {
			return fmt.Errorf("jpeg: component with sampling %dx%d and table %d", c.h, c.v, c.table)
		}
		d.hMax, d.vMax = max(d.hMax, c.h), max(d.vMax, c.v)
		h.Sampling[i] = [2]int{c.h, c.v}
		d.components = append(d.components, c)
	}
	d.mcusX, d.mcusY = ceil(h.W, 8*d.hMax), ceil(h.H, 8*d.vMax)
	for i := range d.components {
		c := &d.components[i]
		c.blocksX, c.blocksY = d.mcusX*c.h, d.mcusY*c.v
		c.width, c.height = ceil(h.W*c.h, d.hMax), ceil(h.H*c.v, d.vMax)
		if d.pixels && d.factor == 0 {
			c.perBlock = 64
			c.coefficients = make([]int16, 64*c.blocksX*c.blocksY)
		}
	}
	if d.factor > 0 {
		return d.prepareReduced()
	}
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }

// parseQuantisation reads quantisation tables (T.81, B.2.4.1).
func (d *decoder) parseQuantisation(body []byte) error {
	for len(body) > 0 {
		wide, at := body[0]>>4, body[0]&15
		size := 64 * (1 + int(wide))
		if wide > 1 || at > 3 || len(body) < 1+size {
			return errors.New("jpeg: damaged quantisation table")
		}
		for i := range 64 {
			v := uint16(body[1+i])
			if wide == 1 {
				v = binary.BigEndian.Uint16(body[1+2*i:])
			}
			d.quantisation[at][zigzag[i]] = v
		}
		d.defined[at] = true
		body = body[1+size:]
	}
	return nil
}

// parseConditioning reads how arithmetic coding uses its contexts (T.81, B.2.4.3).
func (d *decoder) parseConditioning(body []byte) error {
	for ; len(body) >= 2; body = body[2:] {
		class, at, v := body[0]>>4, body[0]&15, body[1]
		switch {
		case at > 3 || class > 1 || class == 0 && v&15 > v>>4 || class == 1 && (v < 1 || v > 63):
			return errors.New("jpeg: damaged arithmetic conditioning")
		case class == 0:
			d.arithDC[at].lower, d.arithDC[at].upper = v&15, v>>4
		default:
			d.arithAC[at] = v
		}
	}
	return nil
}

// zigzag is the place in natural order of the i-th coefficient of the stream.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}
