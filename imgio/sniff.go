package imgio

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// codec is a format that can be read. Its files begin with one of magics, in which ? is any
// byte.
type codec struct {
	name       string
	magics     []string
	extensions []string
	config     func(io.Reader) (image.Config, error)
	decode     func(io.Reader) (image.Image, error)
}

func codecs() []codec {
	return []codec{
		{"jpeg", []string{"\xff\xd8\xff"}, []string{".jpg", ".jpeg", ".jpe", ".jfif"}, jpeg.DecodeConfig, jpeg.Decode},
		{"png", []string{"\x89PNG\r\n\x1a\n"}, []string{".png"}, png.DecodeConfig, png.Decode},
		{"webp", []string{"RIFF????WEBP"}, []string{".webp"}, webp.DecodeConfig, decodeWebP},
		{"tiff", []string{"II*\x00", "MM\x00*"}, []string{".tif", ".tiff"}, tiff.DecodeConfig, tiff.Decode},
		{"bmp", []string{"BM????\x00\x00\x00\x00"}, []string{".bmp"}, bmp.DecodeConfig, bmp.Decode},
		{"gif", []string{"GIF87a", "GIF89a"}, []string{".gif"}, gif.DecodeConfig, gif.Decode},
	}
}

// readable lists the formats that [Decode] reads.
func readable() []string {
	var names []string
	for _, c := range codecs() {
		names = append(names, c.name)
	}
	return names
}

// Extensions lists the usual file name extensions of the formats that [Open] reads, in lower
// case with the dot. It helps to find the pictures in a folder; Open itself ignores names.
func Extensions() []string {
	var all []string
	for _, c := range codecs() {
		all = append(all, c.extensions...)
	}
	return all
}

// sniffLen is how many bytes of a file sniff needs.
const sniffLen = 32

// sniff returns the codec for a file that begins with head. The error is a [FormatError]
// that names the format if it is a well-known one.
func sniff(head []byte) (*codec, error) {
	const flags = 20 // of a VP8X chunk
	if matches(head, "RIFF????WEBPVP8X") && len(head) > flags && head[flags]&2 != 0 {
		return nil, &FormatError{Format: "animated webp", Supported: readable()}
	}
	for _, c := range codecs() {
		for _, magic := range c.magics {
			if matches(head, magic) {
				return &c, nil
			}
		}
	}
	return nil, &FormatError{Format: foreign(head), Supported: readable()}
}

// matches reports whether head begins with magic, in which ? is any byte.
func matches(head []byte, magic string) bool {
	if len(head) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != head[i] {
			return false
		}
	}
	return true
}

// foreign returns the name of a common format that this package cannot read, or "".
func foreign(head []byte) string {
	for _, f := range []struct{ magic, name string }{
		{"????ftypavif", "AVIF"},
		{"????ftypavis", "AVIF"},
		{"????ftyphei", "HEIC"},
		{"????ftyphev", "HEIC"},
		{"????ftypmif1", "HEIC or AVIF"},
		{"????ftypcrx", "camera raw"},
		{"????ftyp", "video"},
		{"\xff\x0a", "JPEG XL"},
		{"\x00\x00\x00\x0cJXL ", "JPEG XL"},
		{"\x00\x00\x00\x0cjP  ", "JPEG 2000"},
		{"8BPS", "Photoshop"},
		{"gimp xcf", "GIMP"},
		{"\x76\x2f\x31\x01", "OpenEXR"},
		{"%PDF", "PDF"},
		{"P?\n", "netpbm"},
		{"PK\x03\x04", "ZIP"},
		{"II+\x00", "BigTIFF"},
		{"MM\x00+", "BigTIFF"},
		{"\x00\x00\x01\x00", "icon"},
	} {
		if matches(head, f.magic) {
			return f.name
		}
	}
	text := strings.ToLower(string(bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")))
	switch {
	case strings.HasPrefix(text, "<svg"):
		return "SVG"
	case strings.HasPrefix(text, "<?xml"):
		return "XML or SVG"
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return "web page"
	}
	return ""
}
