package imgio

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"image"
	"io"
	"iter"
)

// The functions below walk through the parts of a file without decoding pixels. They stop
// silently where the file is damaged, because the decoder reports that.

// metadata describes the pixels of a file.
type metadata struct {
	orientation int    // EXIF, 1 to 8; 1 if not given
	icc         []byte // colour profile, nil if none
	animated    bool   // more than one frame
	pages       int    // pages, 0 if there is only one
	grey        bool   // greyscale, though decoded as colour
}

// jpegMetadata returns the EXIF block and the colour profile of a JPEG file.
func jpegMetadata(data []byte) metadata {
	m := metadata{orientation: 1}
	var exif []byte
	var parts [256][]byte // of the profile, by number from 1
	hasICC := false
	for marker, body := range jpegSegments(data) {
		if b, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok && marker == 0xe1 && exif == nil {
			exif = b
			m.orientation = exifOrientation(exif)
		}
		if b, ok := bytes.CutPrefix(body, []byte("ICC_PROFILE\x00")); ok && marker == 0xe2 && len(b) > 2 {
			parts[b[0]] = b[2:] // after the part's number and the count of parts
			hasICC = true
		}
	}
	if hasICC {
		m.icc = bytes.Join(parts[:], nil)
	}
	return m
}

// pngMetadata collects the metadata of a PNG file.
func pngMetadata(data []byte) metadata {
	const colourType = 25 // of the IHDR chunk
	m := metadata{orientation: 1, grey: data[colourType]&2 == 0}
	raw := false
	for kind, body := range pngChunks(data) {
		switch kind {
		case "eXIf":
			m.orientation = exifOrientation(body)
		case "zTXt", "tEXt":
			if !raw && m.orientation == 1 && isRawProfile(body) { // one only: each may unpack to much
				raw = true
				m.orientation = exifOrientation(rawProfile(kind, body))
			}
		case "iCCP":
			if m.icc == nil {
				m.icc = pngProfile(body)
			}
		case "acTL":
			m.animated = true
		}
	}
	return m
}

// isRawProfile reports whether a text chunk holds an EXIF block for rawProfile.
func isRawProfile(chunk []byte) bool {
	return bytes.HasPrefix(chunk, []byte("Raw profile type exif\x00")) ||
		bytes.HasPrefix(chunk, []byte("Raw profile type APP1\x00"))
}

// rawProfile returns the EXIF block in a text chunk of ImageMagick, from before PNG had one
// of its own: the keyword, a zero and, in zTXt, the compression method and zlib data. The
// text is a name, a length and the block as hexadecimal digits, each on lines of its own.
func rawProfile(kind string, chunk []byte) []byte {
	_, text, _ := bytes.Cut(chunk, []byte{0})
	if kind == "zTXt" {
		if len(text) < 1 || text[0] != 0 {
			return nil
		}
		var err error
		if text, err = inflate(text[1:]); err != nil {
			return nil
		}
	}
	fields := bytes.Fields(text)
	if len(fields) < 3 {
		return nil
	}
	digits := bytes.Join(fields[2:], nil)
	exif := make([]byte, len(digits)/2)
	if _, err := hex.Decode(exif, digits); err != nil {
		return nil
	}
	return bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))
}

// webpMetadata collects the metadata of a WebP file.
func webpMetadata(data []byte) metadata {
	m := metadata{orientation: 1}
	for kind, body := range riffChunks(data) {
		switch kind {
		case "EXIF":
			m.orientation = exifOrientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
		case "ICCP":
			m.icc = body
		}
	}
	return m
}

// jpegSegments yields the marker segments of a JPEG file before its pixels, each as marker
// byte and payload.
func jpegSegments(data []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		const startOfScan, endOfImage = 0xda, 0xd9
		for i := 2; i+4 <= len(data) && data[i] == 0xff; {
			marker := data[i+1]
			if marker == 0xff { // fill byte
				i++
				continue
			}
			n := int(binary.BigEndian.Uint16(data[i+2:]))
			if marker == startOfScan || marker == endOfImage || n < 2 || i+2+n > len(data) {
				return
			}
			if !yield(marker, data[i+4:i+2+n]) {
				return
			}
			i += 2 + n
		}
	}
}

// pngChunks yields the chunks of a PNG file, each as type and data.
func pngChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for i := 8; i+12 <= len(data); {
			n := int64(binary.BigEndian.Uint32(data[i:]))
			if n > int64(len(data)-i-12) {
				return
			}
			if !yield(string(data[i+4:i+8]), data[i+8:i+8+int(n)]) {
				return
			}
			i += 12 + int(n)
		}
	}
}

// pngProfile returns the profile in an iCCP chunk, which is a name, a zero, the compression
// method (0) and zlib data. If it cannot be read, the result is empty but not nil.
func pngProfile(chunk []byte) []byte {
	_, rest, ok := bytes.Cut(chunk, []byte{0})
	if !ok || len(rest) < 1 || rest[0] != 0 {
		return []byte{}
	}
	profile, err := inflate(rest[1:])
	if err != nil {
		return []byte{}
	}
	return profile
}

// inflate unpacks zlib data, at most 16 MiB.
func inflate(b []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, 16<<20))
}

// riffChunks yields the chunks of a RIFF file, each as type and data.
func riffChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for i := 12; i+8 <= len(data); {
			n := int64(binary.LittleEndian.Uint32(data[i+4:]))
			if n > int64(len(data)-i-8) {
				return
			}
			if !yield(string(data[i:i+4]), data[i+8:i+8+int(n)]) {
				return
			}
			i += 8 + int(n+n%2) // chunks start at even offsets
		}
	}
}

// gifFrames counts the frames of a GIF file, up to limit.
func gifFrames(data []byte, limit int) int {
	n := 0
	for range gifImages(data) {
		if n++; n == limit {
			break
		}
	}
	return n
}

// gifFrame returns the place of the first frame of a GIF file on its screen.
func gifFrame(data []byte) (image.Rectangle, bool) {
	for descriptor := range gifImages(data) {
		at := func(i int) int { return int(binary.LittleEndian.Uint16(descriptor[i:])) }
		return image.Rect(at(1), at(3), at(1)+at(5), at(3)+at(7)), true
	}
	return image.Rectangle{}, false
}

// gifImages yields the image descriptors of a GIF file.
func gifImages(data []byte) iter.Seq[[]byte] {
	const header, imageHeader = 13, 10
	palette := func(flags byte) int { // size in bytes of the colour table
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	return func(yield func([]byte) bool) {
		if len(data) < header {
			return
		}
		for i := header + palette(data[10]); i+imageHeader < len(data); {
			switch data[i] {
			case '!': // extension: introducer, label, blocks
				i += 2
			case ',': // image: header, palette, code size, blocks
				if !yield(data[i : i+imageHeader]) {
					return
				}
				i += imageHeader + palette(data[i+9]) + 1
			default:
				return
			}
			for i < len(data) && data[i] != 0 { // blocks of up to 255 bytes, ended by an empty one
				i += 1 + int(data[i])
			}
			i++
		}
	}
}
