package tiff

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/image/tiff/lzw"
	"golang.org/x/image/webp"

	"nst/imgio/internal/jpeg"
)

// Values of Compression.
const (
	compressionNone       = 1
	compressionHuffman    = 2 // group 3 without ends of lines
	compressionGroup3     = 3
	compressionGroup4     = 4
	compressionLZW        = 5
	compressionOldJPEG    = 6
	compressionJPEG       = 7
	compressionDeflate    = 8
	compressionPackBits   = 32773
	compressionOldDeflate = 32946
	compressionLZMA       = 34925
	compressionJPEG2000   = 34712
	compressionLERC       = 34887
	compressionZstd       = 50000
	compressionWebP       = 50001
	compressionJPEGXL     = 52546
)

// checkCompression refuses compressions that are not known or do not fit the samples.
func (f *File) checkCompression() error {
	name := map[int]string{
		compressionOldJPEG: "old-style JPEG", compressionLZMA: "LZMA", compressionJPEG2000: "JPEG 2000",
		compressionLERC: "LERC", compressionJPEGXL: "JPEG XL",
	}[f.compression]
	switch f.compression {
	case compressionNone, compressionLZW, compressionDeflate, compressionOldDeflate, compressionPackBits, compressionZstd:
		return nil
	case compressionHuffman, compressionGroup3, compressionGroup4:
		if f.bits != 1 || f.samples != 1 && !f.planar {
			return errors.New("tiff: fax compression of more than one bit per pixel")
		}
		return nil
	case compressionJPEG, compressionWebP:
		if f.bits != 8 || f.format != formatUint {
			return UnsupportedError(fmt.Sprintf("JPEG or WebP compression of samples of %d bits", f.bits))
		}
		if f.compression == compressionWebP && f.samples != 3 && f.samples != 4 {
			return UnsupportedError(fmt.Sprintf("WebP compression of %d samples per pixel", f.samples))
		}
		return nil
	}
	if name == "" {
		name = fmt.Sprint(f.compression)
	}
	return UnsupportedError("compression " + name)
}

// predicts reports whether the predictor applies to the compression.
func (f *File) predicts() bool {
	switch f.compression {
	case compressionLZW, compressionDeflate, compressionOldDeflate, compressionZstd:
		return true
	}
	return false
}

// decodesToRGB reports whether the codec itself turns YCbCr into RGB.
func (f *File) decodesToRGB() bool {
	return f.compression == compressionJPEG && f.photometric == yCbCr && !f.planar
}

// unpacker unpacks chunks.
type unpacker struct {
	f    *File
	fax  *fax
	zstd *zstd.Decoder
	rev  []byte // a chunk with its bits in order
}

func (f *File) newUnpacker() (*unpacker, error) {
	u := &unpacker{f: f}
	switch f.compression {
	case compressionHuffman, compressionGroup3, compressionGroup4:
		u.fax = newFax(f.grid.w)
		u.fax.byteAligned = f.compression == compressionHuffman
		u.fax.group4 = f.compression == compressionGroup4
		if options := f.d.number(tagT4Options, 0); f.compression == compressionGroup3 {
			u.fax.twoD = options&1 != 0
		}
	case compressionZstd:
		var err error
		u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
	}
	return u, nil
}

// unpack fills dst, a chunk of the given number of rows, from src.
func (u *unpacker) unpack(dst, src []byte, rows int) error {
	if u.f.reversedBits && u.f.compression != compressionJPEG {
		u.rev = append(u.rev[:0], src...)
		for i, b := range u.rev {
			u.rev[i] = bits.Reverse8(b)
		}
		src = u.rev
	}
	switch u.f.compression {
	case compressionNone:
		if len(src) < len(dst) {
			return io.ErrUnexpectedEOF
		}
		copy(dst, src)
		return nil
	case compressionHuffman, compressionGroup3, compressionGroup4:
		clear(dst)
		return u.fax.decode(dst, src, u.f.grid.rowBytes)
	case compressionLZW:
		r := lzw.NewReader(bytes.NewReader(src), lzw.MSB, 8)
		defer r.Close()
		return fill(dst, r)
	case compressionDeflate, compressionOldDeflate:
		r, err := zlib.NewReader(bytes.NewReader(src))
		if err != nil {
			return err
		}
		return fill(dst, r)
	case compressionZstd:
		if err := u.zstd.Reset(bytes.NewReader(src)); err != nil {
			return err
		}
		return fill(dst, u.zstd)
	case compressionPackBits:
		return unpackBits(dst, src)
	case compressionJPEG:
		return u.f.unpackJPEG(dst, src, rows)
	}
	return u.f.unpackWebP(dst, src, rows)
}

// fill reads as many bytes as dst has. Bytes after them do not matter.
func fill(dst []byte, r io.Reader) error {
	_, err := io.ReadFull(r, dst)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unpackBits undoes the run lengths of TIFF 6.0, section 9.
func unpackBits(dst, src []byte) error {
	for len(dst) > 0 {
		if len(src) < 2 {
			return io.ErrUnexpectedEOF
		}
		switch n := int(int8(src[0])); {
		case n >= 0:
			if len(src) < n+2 {
				return io.ErrUnexpectedEOF
			}
			dst = dst[copy(dst, src[1:n+2]):]
			src = src[n+2:]
		case n == -128: // no operation
			src = src[1:]
		default:
			run := min(1-n, len(dst))
			for i := range run {
				dst[i] = src[1]
			}
			dst, src = dst[run:], src[2:]
		}
	}
	return nil
}

// unpackJPEG decodes a JPEG stream, whose tables may be in a tag of their own (technical
// note 2). YCbCr becomes RGB.
func (f *File) unpackJPEG(dst, src []byte, rows int) error {
	const marker = 2 // bytes of the markers for start and end
	if _, tables := f.d.value(tagJPEGTables); len(tables) > 2*marker && len(src) > marker {
		src = append(bytes.Clone(tables[:len(tables)-marker]), src[marker:]...)
	}
	n := f.samples
	if f.planar {
		n = 1
	}
	h, err := jpeg.ReadHeader(src)
	if err != nil {
		return err
	}
	if h.W != f.grid.w || h.H < rows || h.H > f.grid.h || h.Components != n {
		return fmt.Errorf("JPEG stream of %dx%d pixels and %d components in a chunk of %dx%d and %d",
			h.W, h.H, h.Components, f.grid.w, rows, n)
	}
	p, err := jpeg.Decode(src)
	if err != nil {
		return err
	}
	if f.decodesToRGB() {
		p.ToRGB()
	}
	for i, plane := range p.Planes {
		for j := range f.grid.w * rows {
			dst[j*n+i] = plane[j]
		}
	}
	return nil
}

// unpackWebP decodes a WebP file.
func (f *File) unpackWebP(dst, src []byte, rows int) error {
	config, err := webp.DecodeConfig(bytes.NewReader(src))
	if err != nil {
		return err
	}
	if config.Width != f.grid.w || config.Height < rows || config.Height > f.grid.h || f.planar {
		return fmt.Errorf("WebP stream of %dx%d pixels in a chunk of %dx%d", config.Width, config.Height, f.grid.w, rows)
	}
	m, err := f.WebP(src)
	if err != nil {
		return err
	}
	for y := range rows {
		for x := range f.grid.w {
			px := m.Pix[m.PixOffset(m.Rect.Min.X+x, m.Rect.Min.Y+y):]
			copy(dst[(y*f.grid.w+x)*f.samples:][:f.samples], px[:4])
		}
	}
	return nil
}
