package imgio

import (
	"bytes"
	"image"
	"strings"
)

// codec is a format that can be read. Its files begin with one of magics, in which ? is any
// byte.
type codec struct {
	name       string
	magics     []string
	extensions []string
	open       func(data []byte) (*source, error)
}

// source is a picture whose header has been read.
type source struct {
	w, h   int   // pixels as stored
	memory int64 // bytes that decode allocates, about, the decoded picture included
	decode func() (image.Image, error)
	alpha  bool  // the picture may have transparency
	lab    bool  // the channels of the picture are L*a*b*, see tiff.File
	heif   *heif // only a [Converter] can decode it
	metadata

	factor int // by which the picture is reduced, 1 if it is not; see Shrink

	// reduce decodes the picture smaller, in less memory than all of it takes: reducedMemory,
	// with the picture. It is nil for a format that has to be decoded first.
	reduce        func(factor int) (m image.Image, err error)
	reducedMemory func(factor int) int64
	shallow       bool // it has 16 bits only because it was reduced
}

func codecs() []codec {
	return []codec{
		{"jpeg", []string{"\xff\xd8\xff"}, []string{".jpg", ".jpeg", ".jpe", ".jfif"}, openJPEG},
		{"png", []string{"\x89PNG\r\n\x1a\n"}, []string{".png"}, openPNG},
		{"webp", []string{"RIFF????WEBP"}, []string{".webp"}, openWebP},
		{"tiff", []string{"II*\x00", "MM\x00*", "II+\x00", "MM\x00+"}, []string{".tif", ".tiff"}, openTIFF},
		{"bmp", bmpMagics(), []string{".bmp", ".dib"}, openBMP},
		{"gif", []string{"GIF87a", "GIF89a"}, []string{".gif"}, openGIF},
		{heifName, heifMagics(), []string{".heic", ".heif", ".avif"}, openHEIF},
	}
}

// bmpMagics are the two letters that bitmaps begin with, and the sizes that their second
// header may have. Two letters alone begin many texts.
func bmpMagics() []string {
	var all []string
	for _, size := range []byte{12, 16, 40, 52, 56, 64, 108, 124} {
		all = append(all, "BM????????????"+string([]byte{size, 0, 0, 0}))
	}
	return all
}

// heifName is the format of HEIC and AVIF files.
const heifName = "heif"

// heifMagics are the brands that HEIC and AVIF files begin with.
func heifMagics() []string {
	var all []string
	for _, brand := range []string{"avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"} {
		all = append(all, "????ftyp"+brand)
	}
	return all
}

// readable lists the formats that [Decode] reads without a [Converter].
func readable() []string {
	var names []string
	for _, c := range codecs() {
		if c.name != heifName {
			names = append(names, c.name)
		}
	}
	return names
}

// Extensions lists the usual file name extensions of the formats that [Open] reads, in lower
// case with the dot, less those that it reads only with [ConvertHEIF]. It helps to find the
// pictures in a folder; Open itself ignores names.
func Extensions() []string {
	var all []string
	for _, c := range codecs() {
		if c.name != heifName {
			all = append(all, c.extensions...)
		}
	}
	return all
}

// sniff returns the codec for a file that begins with head. The error is a [FormatError]
// that names the format if it is a well-known one.
func sniff(head []byte) (*codec, error) {
	for _, c := range codecs() {
		for _, magic := range c.magics {
			if matches(head, magic) {
				return &c, nil
			}
		}
	}
	return nil, unknown(head)
}

// unknown returns the error about a file that begins with head and cannot be read.
func unknown(head []byte) error {
	name, advice := foreign(head)
	return &FormatError{Format: name, Supported: readable(), Advice: advice}
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

// foreign returns the name of a common format that this package cannot read, and what to do
// about it; both are empty if it is not known.
func foreign(head []byte) (name, advice string) {
	const (
		heic   = "convert it first: heif-convert photo.heic photo.jpg, or on a Mac: sips -s format jpeg photo.heic --out photo.jpg"
		avif   = "convert it first: avifdec picture.avif picture.png, or on a Mac: sips -s format png picture.avif --out picture.png"
		jxl    = "convert it first: djxl picture.jxl picture.png"
		raw    = "develop it first with the camera's program, darktable or RawTherapee, and save it as jpeg or tiff"
		video  = "take a frame of it first: ffmpeg -i video.mp4 -frames:v 1 frame.png"
		export = "export it from its program as png or jpeg"
	)
	for _, f := range []struct{ magic, name, advice string }{
		{"????ftypavif", "AVIF", avif},
		{"????ftypavis", "AVIF", avif},
		{"????ftyphei", "HEIC", heic},
		{"????ftyphev", "HEIC", heic},
		{"????ftypmif1", "HEIC or AVIF", heic},
		{"????ftypmsf1", "HEIC or AVIF", heic},
		{"????ftypcrx", "camera raw", raw},
		{"????ftyp", "video", video},
		{"\xff\x0a", "JPEG XL", jxl},
		{"\x00\x00\x00\x0cJXL ", "JPEG XL", jxl},
		{"\x00\x00\x00\x0cjP  ", "JPEG 2000", ""},
		{"8BPS", "Photoshop", export},
		{"gimp xcf", "GIMP", export},
		{"\x76\x2f\x31\x01", "OpenEXR", export},
		{"%PDF", "PDF", "turn a page into a picture first: pdftoppm -r 150 -png -singlefile file.pdf page"},
		{"P?\n", "netpbm", ""},
		{"PK\x03\x04", "ZIP", "unpack it first"},
		{"IIRO", "camera raw", raw},
		{"IIRS", "camera raw", raw},
		{"MMOR", "camera raw", raw},
		{"IIU\x00", "camera raw", raw},
		{"FUJIFILMCCD-RAW", "camera raw", raw},
		{"BM", "bitmap with an unknown header", ""},
		{"\x00\x00\x01\x00", "icon", ""},
	} {
		if matches(head, f.magic) {
			return f.name, f.advice
		}
	}
	text := strings.ToLower(string(bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")))
	const draw = "draw it first: rsvg-convert picture.svg -o picture.png"
	switch {
	case strings.HasPrefix(text, "<svg"):
		return "SVG", draw
	case strings.HasPrefix(text, "<?xml"):
		return "XML or SVG", draw
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return "web page", "download the picture itself, not the page that shows it"
	}
	return "", ""
}
