package imgio

import (
	"encoding/binary"
	"errors"
	"image"
	"math"
	"strings"
	"unicode/utf16"
)

// errProfile means that a colour profile is damaged or of a kind that is not known.
var errProfile = errors.New("colour profile not understood")

// profile converts encoded colours to linear sRGB, by a curve for each channel and then a
// matrix, or by a lookup table. A grey profile has the same curve three times and the unit
// matrix.
type profile struct {
	grey  bool
	cmyk  bool
	table *lookup // nil if there are curves and a matrix
	curve [3]func(float64) float64
	toRGB [3][3]float64 // linear sRGB = toRGB * linear device RGB
}

// parseICC reads a colour profile (ICC.1:2010). name is its description, which may be known
// even if err is not nil.
func parseICC(b []byte) (p profile, name string, err error) {
	tags, err := iccTags(b)
	if err != nil {
		return profile{}, "without a name", err
	}
	name = iccText(tags["desc"])
	space, connection := string(b[16:20]), string(b[20:24])
	p.grey, p.cmyk = space == "GRAY", space == "CMYK"
	channels := map[string]int{"RGB ": 3, "GRAY": 1, "CMYK": 4}[space]
	if table := tags["A2B0"]; table != nil && channels > 0 { // for the perceptual intent
		const version = 8
		p.table, err = parseLookup(table, channels, connection, b[version] >= 4)
		return p, name, err
	}
	switch {
	case connection != "XYZ ":
		err = errProfile
	case space == "RGB ":
		err = p.parseRGB(tags)
	case p.grey:
		p.toRGB = [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
		p.curve[0], err = parseCurve(tags["kTRC"])
		p.curve[1], p.curve[2] = p.curve[0], p.curve[0]
	default:
		err = errProfile
	}
	return p, name, err
}

// fits reports whether the profile can be that of m, which is grey or not.
func (p *profile) fits(m image.Image, grey bool) bool {
	_, cmyk := m.(*image.CMYK)
	return cmyk == p.cmyk && (grey || !p.grey)
}

// iccTags returns the tags of a profile by signature.
func iccTags(b []byte) (map[string][]byte, error) {
	const header, entry = 128, 12
	if len(b) < header+4 || string(b[36:40]) != "acsp" {
		return nil, errProfile
	}
	tags := map[string][]byte{}
	table := b[header+4:]
	n := int64(binary.BigEndian.Uint32(b[header:]))
	for i := int64(0); i < n && len(table) >= entry; i++ {
		offset := int64(binary.BigEndian.Uint32(table[4:]))
		size := int64(binary.BigEndian.Uint32(table[8:]))
		if offset+size <= int64(len(b)) {
			tags[string(table[:4])] = b[offset : offset+size]
		}
		table = table[entry:]
	}
	return tags, nil
}

// parseRGB reads the curves and the primaries of a matrix profile.
func (p *profile) parseRGB(tags map[string][]byte) error {
	var primaries [3][3]float64 // XYZ under D50 = primaries * linear device RGB
	for i, ch := range []string{"r", "g", "b"} {
		xyz := tags[ch+"XYZ"]
		if len(xyz) < 20 || string(xyz[:4]) != "XYZ " {
			return errProfile
		}
		for j := range 3 {
			primaries[j][i] = fixed16(xyz[8+4*j:])
		}
		var err error
		if p.curve[i], err = parseCurve(tags[ch+"TRC"]); err != nil {
			return err
		}
	}
	p.toRGB = product(xyzToRGB(), primaries)
	return nil
}

// parseCurve reads a tone curve of type curv or para. It maps [0, 1] to about [0, 1].
func parseCurve(b []byte) (func(float64) float64, error) {
	if len(b) < 12 {
		return nil, errProfile
	}
	switch string(b[:4]) {
	case "curv":
		n := int64(binary.BigEndian.Uint32(b[8:]))
		values := b[12:]
		switch {
		case n == 0:
			return func(x float64) float64 { return x }, nil
		case 2*n > int64(len(values)):
			return nil, errProfile
		case n == 1:
			gamma := float64(binary.BigEndian.Uint16(values)) / 256
			return func(x float64) float64 { return math.Pow(x, gamma) }, nil
		}
		return tableCurve(values[:2*n]), nil
	case "para":
		return parametricCurve(int(binary.BigEndian.Uint16(b[8:])), b[12:])
	}
	return nil, errProfile
}

// tableCurve interpolates between equidistant 16-bit values.
func tableCurve(values []byte) func(float64) float64 {
	last := len(values)/2 - 1
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(values[2*i:])) / 0xffff }
	return func(x float64) float64 {
		x *= float64(last)
		i := min(max(int(x), 0), last-1)
		f := x - float64(i)
		return at(i)*(1-f) + at(i+1)*f
	}
}

// parametricCurve is one of the functions of ICC.1:2010, table 65.
func parametricCurve(kind int, b []byte) (func(float64) float64, error) {
	counts := []int{1, 3, 4, 5, 7}
	if kind >= len(counts) || len(b) < 4*counts[kind] {
		return nil, errProfile
	}
	var v [7]float64
	for i := range counts[kind] {
		v[i] = fixed16(b[4*i:])
	}
	// All are (ax+b)^g + e for x >= d, and cx + f below d.
	g, a, off, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		a, d = 1, math.Inf(-1)
	case 1, 2:
		if a == 0 {
			return nil, errProfile
		}
		e, f = c, c // 0 for kind 1
		c, d = 0, -off/a
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(max(a*x+off, 0), g) + e
		}
		return c*x + f
	}, nil
}

// iccText reads a description: type desc (ICC version 2) or mluc (version 4).
func iccText(b []byte) string {
	text := ""
	if len(b) >= 12 {
		n := int64(binary.BigEndian.Uint32(b[8:])) // characters, or records for mluc
		switch kind := string(b[:4]); {
		case kind == "desc" && 12+n <= int64(len(b)):
			text = string(b[12 : 12+n])
		case kind == "mluc" && n > 0 && len(b) >= 28: // the first record, any language
			size, offset := int64(binary.BigEndian.Uint32(b[20:])), int64(binary.BigEndian.Uint32(b[24:]))
			if offset+size <= int64(len(b)) {
				u := make([]uint16, size/2)
				for i := range u {
					u[i] = binary.BigEndian.Uint16(b[offset+2*int64(i):])
				}
				text = string(utf16.Decode(u))
			}
		}
	}
	text = strings.ToValidUTF8(strings.Trim(text, "\x00 "), "?")
	if text == "" {
		return "without a name"
	}
	return text
}

// fixed16 reads a fixed-point number with 16 fractional bits.
func fixed16(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }
