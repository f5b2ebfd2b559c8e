package imgio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nst/imgio"
)

// FuzzDecode checks that no file makes the decoder panic or allocate memory for more than
// 65536 pixels, and that errors match those of this package.
func FuzzDecode(f *testing.F) {
	small := noise(5, 4).Image()
	exif := exifBlock(binary.BigEndian, 7)
	for _, encode := range formats() {
		f.Add(encoded(f, small, encode))
	}
	for _, s := range []string{blackWhiteWebP, halfRedWebP, cyanCMYKJPEG} {
		f.Add(fromBase64(f, s))
	}
	f.Add(withProfile(withChunk(encoded(f, small, png.Encode), "eXIf", exif), adobeRGB()))
	f.Add(withSegment(encoded(f, small, asJPEG), 0xe1, []byte("Exif\x00\x00"), exif))
	f.Add(withSegment(encoded(f, small, asJPEG), 0xe2, []byte("ICC_PROFILE\x00\x01\x01"), withSRGBPrimaries(para(4, 2, 0.8, 0.1, 0.4, 0.3, 0.05, 0.02))))
	f.Add(withFields(encoded(f, small, asTIFF), orientationField(binary.LittleEndian, 5), field{34675, 7, adobeRGB()}))
	f.Add(extendedWebP(fromBase64(f, blackWhiteWebP), 32, 16, iccProfile("GRAY", mluc("x"), tag{"kTRC", curv(0, 1, 2)}), exif))

	files, err := filepath.Glob(filepath.Join(awkward, "*.*"))
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}

	const maxPixels = 1 << 16
	f.Fuzz(func(t *testing.T, file []byte) {
		m, info, err := imgio.DecodeUpTo(bytes.NewReader(file), maxPixels)
		if err != nil {
			for _, known := range []error{imgio.ErrFormat, imgio.ErrCorrupt, imgio.ErrTooSmall, imgio.ErrTooLarge} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("error of no known kind: %v", err)
		}
		info.Notes()
		p := imgio.FromImage(m)
		if p.W != info.Width || p.H != info.Height || p.W < 2 || p.H < 2 || p.W*p.H > maxPixels {
			t.Fatalf("%dx%d pixels, info %+v", p.W, p.H, info)
		}
		small, reduced, err := imgio.DecodeReduced(bytes.NewReader(file), maxPixels)
		if err != nil || reduced != info {
			t.Fatalf("reduced: %+v, error %v, want %+v", reduced, err, info)
		}
		q := imgio.FromImage(small)
		if w, h := q.Whole(); w != p.W || h != p.H || min(p.W, p.H) >= 4 && q.W >= p.W {
			t.Fatalf("%dx%d pixels of %dx%d reduced to %dx%d", w, h, p.W, p.H, q.W, q.H)
		}
		for _, v := range append(p.Pix, q.Pix...) {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("value %v, info %+v", v, info)
			}
		}
	})
}

// FuzzProfile checks that no colour profile makes the conversion of any kind of picture
// panic.
func FuzzProfile(f *testing.F) {
	f.Add(adobeRGB())
	f.Add(iccProfile("GRAY", mluc("x"), tag{"kTRC", curv(0, 1, 2)}))
	files, err := filepath.Glob(filepath.Join(awkward, "icc-*"))
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if filepath.Ext(name) != ".tif" {
			f.Add(imgio.ProfileOf(file))
		}
	}
	bounds := image.Rect(0, 0, 3, 2)
	inks := image.NewCMYK(bounds)
	for i := range inks.Pix {
		inks.Pix[i] = byte(37 * i)
	}
	grey := image.NewGray(bounds)
	copy(grey.Pix, []byte{0, 1, 99, 128, 254, 255})
	pictures := []image.Image{noise(3, 2).Image(), grey, inks}
	f.Fuzz(func(t *testing.T, icc []byte) {
		for _, m := range pictures {
			if got := imgio.ApplyProfile(m, icc).Bounds().Size(); got != bounds.Size() {
				t.Fatalf("size %v", got)
			}
		}
	})
}

// FuzzEXIF checks that no block makes the reader of orientations panic, and that it returns
// one that there is.
func FuzzEXIF(f *testing.F) {
	f.Add(exifBlock(binary.BigEndian, 7))
	f.Add(exifBlock(binary.LittleEndian, 3))
	f.Fuzz(func(t *testing.T, block []byte) {
		if o := imgio.EXIFOrientation(block); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
	})
}

// FuzzReadRecipe checks that no file makes the readers of recipes and metadata panic, and that
// metadata can be written again.
func FuzzReadRecipe(f *testing.F) {
	for _, format := range []string{"png", "jpeg", "tiff", "webp"} {
		f.Add(withEverything(f, format))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		limit := imgio.MaxMemory(64 << 20)
		_, _ = imgio.ReadRecipe(bytes.NewReader(file), limit)
		m, err := imgio.ReadMetadata(bytes.NewReader(file), imgio.Keep{EXIF: true, GPS: true}, limit)
		if err != nil {
			return
		}
		for _, format := range []string{"png", "jpeg", "tiff"} {
			var b bytes.Buffer
			if err := imgio.Encode(&b, noise(2, 2), format, imgio.Encoding{Metadata: m}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := imgio.Decode(&b); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
		}
	})
}

// FuzzEncode checks that the formats without loss give back every level, with transparency.
func FuzzEncode(f *testing.F) {
	f.Add([]byte{0, 255, 3, 9}, uint8(5), true)
	f.Add(bytes.Repeat([]byte{7, 7, 7, 200}, 90), uint8(16), false)
	f.Fuzz(func(t *testing.T, data []byte, width uint8, transparent bool) {
		w := int(width)%60 + 2
		h := min(len(data)/(3*w), 60) + 2
		p := imgio.NewPlanar(w, h)
		for i := range p.Pix {
			if len(data) > 0 {
				p.Pix[i] = float32(data[i%len(data)]) / 255
			}
		}
		var alpha []float32
		if transparent {
			alpha = make([]float32, w*h)
			for i := range alpha {
				alpha[i] = float32(1+(i*7+len(data))%255) / 255
			}
		}
		for format, depth := range map[string]int{"png": 8, "tiff": 8, "webp": 8} {
			var b bytes.Buffer
			if err := imgio.Encode(&b, p, format, imgio.Encoding{Depth: depth, Alpha: alpha}); err != nil {
				t.Fatal(err)
			}
			m, _, err := imgio.Decode(&b)
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			got, opacity := imgio.Separate(m)
			if !slices.Equal(got.Pix, p.Pix) || opacity != nil && !slices.Equal(opacity, alpha) {
				t.Fatalf("%s of %dx%d pixels: other pixels", format, w, h)
			}
		}
	})
}
