package imgio

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"math"
	"strings"
)

// recipeKey is the keyword of the PNG text that holds a recipe.
const recipeKey = "nst:recipe"

// writePNG encodes p. image/png does not write other chunks, so they are inserted after the
// header.
func writePNG(w io.Writer, p *Planar, e *Encoding) error {
	const signatureAndHeader = 8 + 25
	var m image.Image = e.image(p)
	if e.Depth == 16 {
		m = e.image16(p)
	}
	return png.Encode(&splicer{w, signatureAndHeader, e.pngChunks(p.W, p.H)}, m)
}

// pngChunks returns the colour profile, the resolution, EXIF data and texts.
func (e *Encoding) pngChunks(w, h int) []byte {
	var z bytes.Buffer
	zw := zlib.NewWriter(&z)
	zw.Write(srgbProfile()) // a buffer takes everything
	zw.Close()
	b := appendChunk(nil, "iCCP", "sRGB\x00\x00"+z.String())
	if dpi := e.Metadata.DPI; dpi[0] > 0 && dpi[1] > 0 {
		var c []byte
		for _, v := range dpi {
			c = binary.BigEndian.AppendUint32(c, uint32(math.Round(v/0.0254)))
		}
		b = appendChunk(b, "pHYs", string(c)+"\x01")
	}
	if d, ok := e.Metadata.directories(w, h, e.Provenance.Software); ok {
		b = appendChunk(b, "eXIf", string(d.Block()))
	}
	prov := &e.Provenance
	for _, t := range []text{
		{"Software", prov.Software}, {"Description", prov.About}, {"Copyright", e.Metadata.Copyright}, {recipeKey, prov.Recipe},
	} {
		b = t.appendTo(b)
	}
	if prov.SourceType != "" {
		b = text{"XML:com.adobe.xmp", prov.packet(e.Metadata.Copyright, false)}.appendTo(b)
	}
	return b
}

// text is one text in a PNG file.
type text struct{ key, value string }

// appendTo appends an iTXt chunk without compression and language, unless the text is empty.
func (t text) appendTo(b []byte) []byte {
	if t.value == "" {
		return b
	}
	return appendChunk(b, "iTXt", t.key+"\x00\x00\x00\x00\x00"+strings.ToValidUTF8(strings.ReplaceAll(t.value, "\x00", ""), "\uFFFD"))
}

// appendChunk appends a PNG chunk: length, type, data, checksum of the last two.
func appendChunk(b []byte, kind, data string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	start := len(b)
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}

// splicer inserts extra after the first skip bytes that are written to it.
type splicer struct {
	w     io.Writer
	skip  int
	extra []byte
}

// Write writes b to the writer below.
func (s *splicer) Write(b []byte) (int, error) {
	if s.extra == nil || len(b) < s.skip {
		s.skip -= min(s.skip, len(b))
		return s.w.Write(b)
	}
	whole := bytes.Join([][]byte{b[:s.skip], s.extra, b[s.skip:]}, nil)
	s.extra = nil
	if _, err := s.w.Write(whole); err != nil {
		return 0, err
	}
	return len(b), nil
}
