package imgio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	rowpng "nst/imgio/internal/png"
)

// glance returns the size of a picture if the first bytes of its file tell it. The error is
// of no file whose header is sound.
func (c *codec) glance(head []byte) (w, h int, err error) {
	switch c.name {
	case "png", "gif", "webp":
		s, err := c.open(head)
		if err != nil {
			return 0, 0, c.classify(err)
		}
		return s.w, s.h, nil
	case "bmp":
		if s, err := c.open(head); err == nil {
			return s.w, s.h, nil
		}
	case "jpeg":
		for marker, body := range jpegSegments(head) {
			if isFrame := marker >= 0xc0 && marker <= 0xcf && marker&3 != 0 || marker == 0xc0; isFrame && len(body) >= 5 {
				return int(binary.BigEndian.Uint16(body[3:])), int(binary.BigEndian.Uint16(body[1:])), nil
			}
		}
	case "tiff":
		// The directory may be anywhere, but its offset is here.
		if binary.LittleEndian.Uint32(head[4:]) == 0 && head[2]|head[3] == '*' {
			return 0, 0, fmt.Errorf("%w: no directory", ErrCorrupt)
		}
	}
	return 0, 0, nil
}

// openPNG reads the header of a PNG file.
func openPNG(data []byte) (*source, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	const colourType, depth = 25, 24 // of the IHDR chunk
	pixel := int64(1)
	switch {
	case data[colourType]&3 == 2 || data[colourType]&4 != 0:
		pixel = 4
	case data[depth] == 16:
		pixel = 2
	}
	if data[depth] == 16 && pixel == 4 {
		pixel = 8
	}
	memory := pixel * int64(config.Width) * int64(config.Height)
	if data[28] != 0 { // interlaced: each pass is a picture of its own
		memory += memory / 2
	}
	s := &source{
		w: config.Width, h: config.Height, memory: memory, metadata: pngMetadata(data), alpha: pngAlpha(data),
		decode: func() (image.Image, error) { return png.Decode(pngReader(data)) },
	}
	if data[28] == 0 {
		s.reduce = func(factor int) (image.Image, error) { return s.reducePNG(data, factor) }
		s.reducedMemory = func(factor int) int64 { return 24*int64(s.w) + 64<<10 + reducedBytes(s.w, s.h, factor) }
	}
	return s, nil
}

// pngAlpha reports whether a PNG file has opacities or a transparent colour.
func pngAlpha(data []byte) bool {
	const colourType = 25 // of the IHDR chunk
	for kind := range pngChunks(data) {
		if kind == "tRNS" {
			return true
		}
		if kind == "IDAT" {
			break
		}
	}
	return data[colourType]&4 != 0
}

// reducePNG decodes a PNG file smaller by a factor.
func (s *source) reducePNG(data []byte, factor int) (image.Image, error) {
	f, err := rowpng.Open(data)
	if err != nil {
		return nil, err
	}
	r := newReducer(s.w, s.h, factor)
	if err := f.Rows(r.add); err != nil {
		return nil, err
	}
	s.grey, s.shallow = f.Grey, !f.Deep
	return r.out, nil
}

// pngReader reads a PNG file, with an end added if it lacks nothing else.
func pngReader(data []byte) io.Reader {
	end, pixels := 8, false
	for kind, body := range pngChunks(data) {
		end += 12 + len(body)
		pixels = pixels || kind == "IDAT"
		if kind == "IEND" {
			return bytes.NewReader(data)
		}
	}
	if end != len(data) || !pixels {
		return bytes.NewReader(data)
	}
	return io.MultiReader(bytes.NewReader(data), bytes.NewReader(appendChunk(nil, "IEND", "")))
}

// openGIF reads the header of a GIF file and that of its first frame. If the frame reaches
// beyond the screen, the screen is enlarged, as viewers do.
func openGIF(data []byte) (*source, error) {
	config, err := gif.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	w, h := config.Width, config.Height
	if frame, ok := gifFrame(data); ok {
		w, h = max(w, frame.Max.X), max(h, frame.Max.Y)
	}
	screen := image.Rect(0, 0, w, h)
	decode := func() (image.Image, error) {
		const screenSize = 6
		header := bytes.Clone(data[:screenSize+4])
		binary.LittleEndian.PutUint16(header[screenSize:], uint16(w))
		binary.LittleEndian.PutUint16(header[screenSize+2:], uint16(h))
		m, err := gif.Decode(io.MultiReader(bytes.NewReader(header), bytes.NewReader(data[screenSize+4:])))
		if err != nil || m.Bounds() == screen {
			return m, err
		}
		return onCanvas(m, screen), nil
	}
	return &source{
		w: w, h: h, memory: 5 * int64(w) * int64(h), decode: decode, alpha: true,
		metadata: metadata{orientation: 1, animated: gifFrames(data, 2) == 2},
	}, nil
}

// onCanvas draws a frame that does not fill its screen; the rest is transparent.
func onCanvas(m image.Image, screen image.Rectangle) *image.NRGBA {
	whole := image.NewNRGBA(screen)
	draw.Draw(whole, m.Bounds(), m, m.Bounds().Min, draw.Src)
	return whole
}

// openWebP reads the header of a WebP file. Of an animation it takes the first frame.
func openWebP(data []byte) (*source, error) {
	if len(data) > webpFlags && data[webpFlags]&webpAnimated != 0 && matches(data, "RIFF????WEBPVP8X") {
		return openAnimatedWebP(data)
	}
	config, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return &source{
		w: config.Width, h: config.Height, memory: webpBytes * int64(config.Width) * int64(config.Height),
		metadata: webpMetadata(data), alpha: webpAlpha(data),
		decode: func() (image.Image, error) { return decodeWebP(data) },
	}, nil
}

const (
	webpFlags    = 20 // place of the flags of a VP8X chunk in the file
	webpAnimated = 1 << 1
	webpHasAlpha = 1 << 4
	webpBytes    = 8 // of memory for each pixel: one decoded, one as RGB
)

// webpAlpha reports whether a WebP file that is no animation has opacities.
func webpAlpha(data []byte) bool {
	if matches(data, "RIFF????WEBPVP8X") {
		return len(data) > webpFlags && data[webpFlags]&webpHasAlpha != 0
	}
	const flag = 24 // byte of a VP8L chunk with the bit after width and height
	return matches(data, "RIFF????WEBPVP8L") && len(data) > flag && data[flag]&(1<<4) != 0
}

// openAnimatedWebP makes a file of the first frame: an ANMF chunk holds its place, its size
// and the chunks of a picture.
func openAnimatedWebP(data []byte) (*source, error) {
	const frameHeader = 16
	for kind, body := range riffChunks(data) {
		if kind != "ANMF" || len(body) < frameHeader {
			continue
		}
		at := image.Pt(2*uint24(body), 2*uint24(body[3:]))
		w, h := 1+uint24(body[6:]), 1+uint24(body[9:])
		screen := image.Rect(0, 0, 1+uint24(data[webpFlags+4:]), 1+uint24(data[webpFlags+7:]))
		frame := image.Rect(0, 0, w, h).Add(at)
		if !frame.In(screen) {
			return nil, fmt.Errorf("webp: frame %v beyond its screen %v", frame, screen)
		}
		still := stillWebP(w, h, body[frameHeader:])
		meta := webpMetadata(data)
		meta.animated = true
		return &source{
			w: screen.Dx(), h: screen.Dy(), memory: webpBytes * int64(screen.Dx()) * int64(screen.Dy()), metadata: meta, alpha: true,
			decode: func() (image.Image, error) {
				config, err := webp.DecodeConfig(bytes.NewReader(still))
				if err != nil {
					return nil, err
				}
				if config.Width != w || config.Height != h {
					return nil, fmt.Errorf("webp: frame of %dx%d pixels, want %dx%d", config.Width, config.Height, w, h)
				}
				m, err := decodeWebP(still)
				if err != nil || frame == screen {
					return m, err
				}
				m.Rect = m.Rect.Add(at)
				return onCanvas(m, screen), nil
			},
		}, nil
	}
	return nil, errors.New("webp: animation without a frame")
}

// stillWebP makes a WebP file of the chunks of a picture, which may have alpha.
func stillWebP(w, h int, chunks []byte) []byte {
	var extended []byte
	if bytes.HasPrefix(chunks, []byte("ALPH")) {
		extended = append([]byte("VP8X\x0a\x00\x00\x00"), webpHasAlpha, 0, 0, 0)
		extended = append(extended, byte(w-1), byte((w-1)>>8), byte((w-1)>>16))
		extended = append(extended, byte(h-1), byte((h-1)>>8), byte((h-1)>>16))
	}
	size := binary.LittleEndian.AppendUint32(nil, uint32(4+len(extended)+len(chunks)))
	return bytes.Join([][]byte{[]byte("RIFF"), size, []byte("WEBP"), extended, chunks}, nil)
}

// uint24 reads a number of 3 bytes.
func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
