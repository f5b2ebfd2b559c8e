package imgio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/HugoSmits86/nativewebp"

	"nst/imgio/internal/jpeg"
	"nst/imgio/internal/tiff"
)

// Beginnings of JPEG segments.
const (
	exifHeader = "Exif\x00\x00"
	xmpHeader  = "http://ns.adobe.com/xap/1.0/\x00"
	iccHeader  = "ICC_PROFILE\x00\x01\x01" // part 1 of 1
)

// mostSegment is the length of the longest JPEG segment. Its length field has 16 bits and
// counts itself.
const mostSegment = 0xffff - 2

// writeJPEG encodes p with full resolution of chroma.
func writeJPEG(w io.Writer, p *Planar, e *Encoding) error {
	var planes [3][]float32
	for c := range planes {
		planes[c] = p.Pix[c*p.W*p.H:][:p.W*p.H]
	}
	var dpi [2]int
	for i, v := range e.Metadata.DPI {
		dpi[i] = int(math.Round(v))
	}
	return jpeg.Encode(w, planes, p.W, p.H, e.Quality, dpi, e.segments(p.W, p.H))
}

// segments returns EXIF data, provenance and colour profile as marker segments.
func (e *Encoding) segments(w, h int) []byte {
	var b []byte
	if d, ok := e.Metadata.directories(w, h, e.Provenance.Software); ok {
		const yCbCrPositioning, centred = 531, 1
		d.Set(d.Short(yCbCrPositioning, centred))
		b = append(b, jpeg.Segment(0xe1, append([]byte(exifHeader), d.Block()...)...)...)
	}
	if packet := e.xmp(); packet != "" {
		b = append(b, jpeg.Segment(0xe1, []byte(xmpHeader+packet)...)...)
	}
	return append(b, jpeg.Segment(0xe2, append([]byte(iccHeader), srgbProfile()...)...)...)
}

// xmp returns the XMP packet with the recipe, "" if there is nothing to tell.
func (e *Encoding) xmp() string {
	if e.Provenance == (Provenance{}) {
		return ""
	}
	return e.Provenance.packet(e.Metadata.Copyright, true)
}

// checkSegments returns an error for a recipe that is too long for a JPEG file.
func (e *Encoding) checkSegments() error {
	if !e.Provenance.Fits("jpeg", e.Metadata.Copyright) {
		return errors.New("the recipe does not fit into a jpeg segment of 64 KB")
	}
	return nil
}

// writeTIFF encodes p.
func writeTIFF(w io.Writer, p *Planar, e *Encoding) error {
	d, _ := e.Metadata.directories(p.W, p.H, e.Provenance.Software)
	d.Exif = slices.DeleteFunc(d.Exif, func(f tiff.Field) bool { return f.Tag == tagPixelsX || f.Tag == tagPixelsY }) // has its own
	icc, prov := srgbProfile(), &e.Provenance
	d.Set(tiff.Field{Tag: tagICC, Type: tiff.TypeUndefined, Count: uint32(len(icc)), Value: icc})
	if prov.Software != "" {
		d.Set(tiff.Text(tagSoftware, prov.Software))
	}
	if prov.Recipe != "" {
		d.Set(tiff.Text(tagDescription, asciiJSON(prov.Recipe)))
	} else if prov.About != "" {
		d.Set(tiff.Text(tagDescription, prov.About))
	}
	if packet := e.xmp(); packet != "" {
		d.Set(tiff.Field{Tag: tagXMP, Type: tiff.TypeByte, Count: uint32(len(packet)), Value: []byte(packet)})
	}
	return d.Write(w, &tiff.Picture{W: p.W, H: p.H, Depth: e.Depth, Alpha: e.Alpha != nil, Row: e.rows(p)})
}

// asciiJSON returns JSON with escapes for all that is not ASCII, since readers of TIFF files
// take text for Latin-1.
func asciiJSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
	}
	return b.String()
}

// Tags of TIFF files.
const (
	tagDescription = 270
	tagXMP         = 700
	tagICC         = 34675
)

// writeWebP encodes p without loss. The chunk with the pixels is put into an extended file
// with the profile and the metadata (WebP container specification, 2.7).
func writeWebP(w io.Writer, p *Planar, e *Encoding) error {
	const maxSide, riffHeader = 16383, 12
	if p.W > maxSide || p.H > maxSide {
		return fmt.Errorf("webp: %dx%d pixels, a side has at most %d", p.W, p.H, maxSide)
	}
	var plain bytes.Buffer
	if err := nativewebp.Encode(&plain, e.image(p), nil); err != nil {
		return err
	}
	const hasXMP, hasEXIF, hasAlpha, hasICC = 1 << 2, 1 << 3, 1 << 4, 1 << 5
	flags := byte(hasICC)
	var meta []byte
	if d, ok := e.Metadata.directories(p.W, p.H, e.Provenance.Software); ok {
		flags |= hasEXIF
		meta = appendRIFF(meta, "EXIF", d.Block())
	}
	if packet := e.xmp(); packet != "" {
		flags |= hasXMP
		meta = appendRIFF(meta, "XMP ", []byte(packet))
	}
	if e.Alpha != nil {
		flags |= hasAlpha
	}
	size := func(n int) []byte { return []byte{byte(n - 1), byte((n - 1) >> 8), byte((n - 1) >> 16)} }
	head := appendRIFF(nil, "VP8X", slices.Concat([]byte{flags, 0, 0, 0}, size(p.W), size(p.H)))
	head = appendRIFF(head, "ICCP", srgbProfile())
	var pixels []byte
	for kind, body := range riffChunks(plain.Bytes()) {
		if kind == "VP8L" {
			pixels = appendRIFF(nil, kind, body)
		}
	}
	riff := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(head)+len(pixels)+len(meta)))
	for _, b := range [][]byte{riff, []byte("WEBP"), head, pixels, meta} {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// appendRIFF appends a chunk: type, length, data, which fills an even number of bytes.
func appendRIFF(b []byte, kind string, data []byte) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, kind...), uint32(len(data)))
	b = append(b, data...)
	return append(b, make([]byte, len(data)%2)...)
}
