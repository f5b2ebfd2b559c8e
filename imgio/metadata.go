package imgio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"nst/imgio/internal/tiff"
)

// Metadata is what a file says about its picture that outlives painting it.
type Metadata struct {
	DPI       [2]float64 // pixels per inch, across and down; 0 if not known
	Copyright string     // "" if not known
	EXIF      *EXIF      // nil if there is none, or it is not wanted
}

// Keep says which parts of the EXIF data [ReadMetadata] takes. The resolution and the copyright
// notice are always taken.
type Keep struct {
	EXIF bool // what the camera noted: its name, the time, the exposure, the author
	GPS  bool // where the picture was taken
}

// EXIF is a part of the EXIF data of a photograph. It has no thumbnail, no notes of the maker,
// which cannot be copied safely, and nothing that describes the old pixels.
type EXIF struct{ dirs tiff.Directories }

// Limits of what is kept, so that it fits into a JPEG segment of 64 KB.
const (
	mostValue = 4 << 10
	mostEXIF  = 48 << 10
)

// ReadMetadata returns the metadata in a JPEG, PNG, WebP or TIFF file; other formats have none.
// Damaged metadata counts as missing. Errors match [ErrFormat], or come from r.
func ReadMetadata(r io.Reader, keep Keep, limits ...Limit) (Metadata, error) {
	c, data, err := load(r, -1, newLimits(limits))
	if err != nil {
		return Metadata{}, fmt.Errorf("imgio: %w", err)
	}
	var m Metadata
	block := exifBlock(c.name, data)
	if d, ok := parseTIFF(block); ok {
		m.DPI = d.dpi()
		m.Copyright = d.text(tagCopyright)
		m.EXIF = d.keep(keep)
	}
	switch c.name {
	case "png":
		for kind, body := range pngChunks(data) {
			if kind == "pHYs" && len(body) == 9 && body[8] == 1 && m.DPI[0] == 0 { // per metre
				for i := range m.DPI {
					m.DPI[i] = sensible(float64(binary.BigEndian.Uint32(body[4*i:])) * 0.0254)
				}
			}
			if t, ok, err := pngText(kind, body); m.Copyright == "" && ok && err == nil && t.key == "Copyright" {
				m.Copyright = t.value
			}
		}
	case "jpeg":
		for marker, body := range jpegSegments(data) {
			if marker == 0xe0 && len(body) >= 12 && bytes.HasPrefix(body, []byte("JFIF\x00")) && m.DPI[0] == 0 {
				unit := map[byte]float64{1: 1, 2: 2.54}[body[7]]
				for i := range m.DPI {
					m.DPI[i] = sensible(float64(binary.BigEndian.Uint16(body[8+2*i:])) * unit)
				}
			}
		}
	}
	if exifOrientation(block) >= 5 { // the picture is turned by a quarter
		m.DPI[0], m.DPI[1] = m.DPI[1], m.DPI[0]
	}
	m.Copyright = strings.TrimSpace(strings.ToValidUTF8(m.Copyright, "\uFFFD"))
	if len(m.Copyright) > mostValue {
		m.Copyright = ""
	}
	return m, nil
}

// exifBlock returns the EXIF block in a file: a TIFF structure, nil if there is none. A TIFF
// file is one itself.
func exifBlock(format string, data []byte) []byte {
	switch format {
	case "jpeg":
		for marker, body := range jpegSegments(data) {
			if b, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
				return b
			}
		}
	case "png":
		var raw []byte
		for kind, body := range pngChunks(data) {
			switch {
			case kind == "eXIf":
				return body
			case raw == nil && (kind == "zTXt" || kind == "tEXt") && isRawProfile(body):
				raw = rawProfile(kind, body)
			}
		}
		return raw
	case "webp":
		for kind, body := range riffChunks(data) {
			if kind == "EXIF" {
				return bytes.TrimPrefix(body, []byte("Exif\x00\x00"))
			}
		}
	case "tiff":
		return data
	}
	return nil
}

// Tags of EXIF 2.3 and TIFF 6.0 that describe the picture as a whole.
const (
	tagXResolution    = 282
	tagYResolution    = 283
	tagResolutionUnit = 296
	tagSoftware       = 305
	tagCopyright      = 33432
	tagExif           = 34665
	tagGPS            = 34853
	tagMakerNote      = 37500
	tagPixelsX        = 40962
	tagPixelsY        = 40963
)

// text returns the value of a tag as text, without NULs and spaces at its end. A copyright
// notice may have two parts, of photographer and editor, with a NUL between.
func (d directory) text(tag uint16) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.TrimRight(string(d.bytes(tag)), "\x00 "), "\x00", "; "))
}

// dpi returns the resolution in pixels per inch.
func (d directory) dpi() (dpi [2]float64) {
	const centimetre = 3
	for i, tag := range []uint16{tagXResolution, tagYResolution} {
		v := d.bytes(tag)
		if len(v) != 8 {
			continue
		}
		dpi[i] = float64(d.order.Uint32(v)) / float64(d.order.Uint32(v[4:]))
		if d.uint(tagResolutionUnit) == centimetre {
			dpi[i] *= 2.54
		}
		dpi[i] = sensible(dpi[i])
	}
	return dpi
}

// sensible returns a resolution, or 0 if it cannot be one.
func sensible(dpi float64) float64 {
	if !(dpi >= 1 && dpi <= math.MaxUint16) {
		return 0
	}
	if whole := math.Round(dpi); math.Abs(dpi-whole) < 0.01 { // from whole numbers per metre
		return whole
	}
	return math.Round(dpi*1000) / 1000
}

// keep returns the parts of an EXIF block that are wanted, nil if there are none.
func (d directory) keep(want Keep) *EXIF {
	room := mostEXIF
	e := &EXIF{tiff.Directories{Order: d.order}}
	if want.EXIF {
		e.dirs.Main = d.fields(&room, func(tag uint16) bool {
			switch tag {
			case 271, 272, 306, 315, 316: // make, model, date, artist, computer
				return true
			}
			return tag >= 40091 && tag <= 40095 // title, comment, author, keywords, subject of Windows
		})
		if sub, ok := d.at(d.uint(tagExif)); ok {
			e.dirs.Exif = sub.fields(&room, func(tag uint16) bool {
				switch tag {
				case tagMakerNote, tagPixelsX, tagPixelsY,
					37396, 41492, // place of the subject in pixels
					40961, 40965, 37122: // colour space, interoperability, compressed bits
					return false
				}
				return tag >= 33434 && tag <= 42240 && tag != tagExif && tag != tagGPS
			})
		}
	}
	if want.GPS {
		if sub, ok := d.at(d.uint(tagGPS)); ok {
			e.dirs.GPS = sub.fields(&room, func(tag uint16) bool { return tag <= 31 })
		}
	}
	if len(e.dirs.Main)+len(e.dirs.Exif)+len(e.dirs.GPS) == 0 {
		return nil
	}
	return e
}

// at returns the directory at an offset.
func (d directory) at(offset uint32) (directory, bool) {
	if offset == 0 || int64(offset)+2 > int64(len(d.data)) {
		return directory{}, false
	}
	n := 12 * int(d.order.Uint16(d.data[offset:]))
	rest := d.data[offset+2:]
	return directory{d.data, d.order, rest[:min(n, len(rest)/12*12)]}, true
}

// fields returns the entries that are wanted, as long as there is room for them.
func (d directory) fields(room *int, want func(tag uint16) bool) []tiff.Field {
	var all []tiff.Field
	seen := map[uint16]bool{}
	for e := d.entries; len(e) >= 12; e = e[12:] {
		tag, kind, count := d.order.Uint16(e), d.order.Uint16(e[2:]), d.order.Uint32(e[4:])
		v := d.bytes(tag)
		if v == nil || seen[tag] || !want(tag) || len(v) > mostValue || len(v)+12 > *room {
			continue
		}
		seen[tag] = true
		*room -= len(v) + 12
		all = append(all, tiff.Field{Tag: tag, Type: kind, Count: count, Value: v})
	}
	return all
}

// directories returns the directories for a picture of w by h pixels with this metadata, or
// false if there is nothing to write.
func (m *Metadata) directories(w, h int, software string) (*tiff.Directories, bool) {
	d := &tiff.Directories{Order: binary.LittleEndian}
	if m.EXIF != nil {
		copied := m.EXIF.dirs
		d = &copied
	}
	if m.EXIF == nil && m.DPI[0] == 0 && m.Copyright == "" {
		return d, false
	}
	const upright, inch, sRGB = 1, 2, 1
	d.Main = append([]tiff.Field(nil), d.Main...)
	d.Set(d.Short(274, upright))
	if m.DPI[0] > 0 && m.DPI[1] > 0 {
		d.Set(d.Rational(tagXResolution, m.DPI[0]), d.Rational(tagYResolution, m.DPI[1]), d.Short(tagResolutionUnit, inch))
	}
	if m.Copyright != "" {
		d.Set(tiff.Text(tagCopyright, m.Copyright))
	}
	if software != "" {
		d.Set(tiff.Text(tagSoftware, software))
	}
	if len(d.Exif) > 0 {
		d.Exif = append(append([]tiff.Field(nil), d.Exif...),
			d.Short(40961, sRGB), d.Long(tagPixelsX, uint32(w)), d.Long(tagPixelsY, uint32(h)))
	}
	return d, true
}
