package imgio

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
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
}

// readMetadata collects the metadata of a file of the given format.
func readMetadata(format string, data []byte) metadata {
	var exif, icc []byte
	animated := false
	switch format {
	case "jpeg":
		exif, icc = jpegMetadata(data)
	case "png":
		for kind, body := range pngChunks(data) {
			switch kind {
			case "eXIf":
				exif = body
			case "iCCP":
				icc = pngProfile(body)
			case "acTL":
				animated = true
			}
		}
	case "webp":
		for kind, body := range riffChunks(data) {
			switch kind {
			case "EXIF":
				exif = bytes.TrimPrefix(body, []byte("Exif\x00\x00"))
			case "ICCP":
				icc = body
			}
		}
	case "tiff": // a TIFF file is its own EXIF block
		exif = data
		if d, ok := parseTIFF(data); ok {
			icc = d.bytes(tagICCProfile)
		}
	case "gif":
		animated = gifFrames(data, 2) == 2
	}
	return metadata{exifOrientation(exif), icc, animated}
}

// jpegMetadata returns the EXIF block and the colour profile of a JPEG file.
func jpegMetadata(data []byte) (exif, icc []byte) {
	var parts [256][]byte // of the profile, by number from 1
	hasICC := false
	for marker, body := range jpegSegments(data) {
		if b, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok && marker == 0xe1 && exif == nil {
			exif = b
		}
		if b, ok := bytes.CutPrefix(body, []byte("ICC_PROFILE\x00")); ok && marker == 0xe2 && len(b) > 2 {
			parts[b[0]] = b[2:] // after the part's number and the count of parts
			hasICC = true
		}
	}
	if hasICC {
		icc = bytes.Join(parts[:], nil)
	}
	return exif, icc
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
	const header, imageHeader = 13, 10
	palette := func(flags byte) int { // size in bytes of the colour table
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	if len(data) < header {
		return 0
	}
	frames := 0
	for i := header + palette(data[10]); i+imageHeader < len(data) && frames < limit; {
		switch data[i] {
		case '!': // extension: introducer, label, blocks
			i += 2
		case ',': // image: header, palette, code size, blocks
			frames++
			i += imageHeader + palette(data[i+9]) + 1
		default:
			return frames
		}
		for i < len(data) && data[i] != 0 { // blocks of up to 255 bytes, ended by an empty one
			i += 1 + int(data[i])
		}
		i++
	}
	return frames
}
