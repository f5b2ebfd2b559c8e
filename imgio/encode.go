package imgio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// Encoding says how [Encode] and [Save] write a picture. The zero value is the usual way. What
// does not apply to the format is an error.
type Encoding struct {
	// Quality is that of a JPEG file, 1 to 100; 0 is 95.
	Quality int

	// Depth is the number of bits per channel, 8 or 16, of PNG and TIFF; 0 is 8 for PNG and 16
	// for TIFF. JPEG and WebP have 8.
	Depth int

	// Dither spreads the rounding to 8 bits over a fixed pattern, so that slow gradients show
	// no steps. JPEG needs none: its pixels are not rounded before they are encoded.
	Dither bool

	// Alpha is the opacity of each pixel, (H, W), 0 to 1; nil is opaque. JPEG has none.
	Alpha []float32

	Metadata   Metadata
	Provenance Provenance
}

// format is a format that can be written.
type format struct {
	name       string
	extensions []string
	depths     []int // bits per channel, the usual one first
	alpha      bool
	write      func(w io.Writer, p *Planar, e *Encoding) error
}

func formats() []format {
	return []format{
		{"png", []string{".png"}, []int{8, 16}, true, writePNG},
		{"jpeg", []string{".jpg", ".jpeg"}, []int{8}, false, writeJPEG},
		{"tiff", []string{".tif", ".tiff"}, []int{16, 8}, true, writeTIFF},
		{"webp", []string{".webp"}, []int{8}, true, writeWebP},
	}
}

// Formats lists the formats that [Save] writes, by the usual extension of their names: png,
// jpg, tif and webp.
func Formats() []string {
	var all []string
	for _, f := range formats() {
		all = append(all, f.extensions[0][1:])
	}
	return all
}

// formatNamed returns the format of that name, or a [FormatError].
func formatNamed(name string) (*format, error) {
	var names []string
	for _, f := range formats() {
		if f.name == name {
			return &f, nil
		}
		names = append(names, f.name)
	}
	return nil, &FormatError{Format: fmt.Sprintf("%q", name), Supported: names}
}

// FormatOf returns the format, png, jpeg, tiff or webp, that [Save] writes to a file with this
// name. It depends on the extension, in upper or lower case. The error is a [FormatError] that
// lists the extensions.
func FormatOf(path string) (string, error) {
	ext := filepath.Ext(path)
	unknown := &FormatError{Format: ext}
	for _, f := range formats() {
		if slices.Contains(f.extensions, strings.ToLower(ext)) {
			return f.name, nil
		}
		unknown.Supported = append(unknown.Supported, f.extensions...)
	}
	if ext == "" {
		unknown.Err = errors.New("no file name extension")
	}
	return "", fmt.Errorf("imgio: writing %q: %w", path, unknown)
}

// Depths returns the numbers of bits per channel that a format of [FormatOf] has, the usual
// one first; nil for an unknown format.
func Depths(name string) []int {
	f, err := formatNamed(name)
	if err != nil {
		return nil
	}
	return f.depths
}

// HasAlpha reports whether a format of [FormatOf] can hold transparency.
func HasAlpha(name string) bool {
	f, err := formatNamed(name)
	return err == nil && f.alpha
}

// check returns an error unless the encoding suits the format. It fills in defaults.
func (e *Encoding) check(f *format) error {
	jpeg := f.name == "jpeg"
	if e.Depth == 0 {
		e.Depth = f.depths[0]
	}
	switch {
	case e.Quality != 0 && !jpeg:
		return fmt.Errorf("jpeg quality set for a %s file", f.name)
	case e.Quality < 0 || e.Quality > 100:
		return fmt.Errorf("jpeg quality %d is not in 1..100", e.Quality)
	case !slices.Contains(f.depths, e.Depth):
		return fmt.Errorf("%s files have %s bits per channel, not %d", f.name, depthWords(f.depths), e.Depth)
	case e.Dither && (jpeg || e.Depth != 8):
		return fmt.Errorf("dithering is for 8 bits of png, tiff and webp files")
	case e.Alpha != nil && !f.alpha:
		return fmt.Errorf("%s files have no transparency", f.name)
	}
	if jpeg && e.Quality == 0 {
		e.Quality = 95
	}
	if jpeg {
		return e.checkSegments()
	}
	return nil
}

func depthWords(depths []int) string {
	var words []string
	for _, d := range slices.Sorted(slices.Values(depths)) {
		words = append(words, fmt.Sprint(d))
	}
	return strings.Join(words, " or ")
}

// Encode writes p to w in a format of [FormatOf]. Values are clamped and, but for JPEG,
// rounded as by [Planar.Image]. The file has a colour profile for sRGB. Errors come from the
// encoding, from w or from the limits of the format: a side has at most 65535 pixels in JPEG,
// 16383 in WebP.
func Encode(w io.Writer, p *Planar, format string, e Encoding) error {
	f, err := formatNamed(format)
	if err == nil {
		if err = e.check(f); err == nil {
			err = e.write(w, p, f)
		}
	}
	if err != nil {
		return fmt.Errorf("imgio: encoding: %w", err)
	}
	return nil
}

// write encodes p; the encoding has been checked.
func (e *Encoding) write(w io.Writer, p *Planar, f *format) error {
	if err := p.check(); err != nil {
		return err
	}
	if e.Alpha != nil && len(e.Alpha) != p.W*p.H {
		return fmt.Errorf("picture of %dx%d pixels with %d values of alpha", p.W, p.H, len(e.Alpha))
	}
	bw := bufio.NewWriterSize(w, 1<<16)
	if err := f.write(bw, p, e); err != nil {
		return err
	}
	return bw.Flush()
}
