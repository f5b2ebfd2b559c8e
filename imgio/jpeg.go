package imgio

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"

	fulljpeg "nst/imgio/internal/jpeg"
)

// openJPEG reads the segments of a JPEG file. Files of the common kinds are left to
// image/jpeg, which is faster and takes less memory.
func openJPEG(data []byte) (*source, error) {
	h, err := fulljpeg.ReadHeader(data)
	s := &source{w: h.W, h: h.H, metadata: jpegMetadata(data)}
	pixels := int64(h.W) * int64(h.H)
	if err == nil && h.CanReduce(fulljpeg.MaxFactor) {
		s.reduce = func(factor int) (image.Image, error) { return reduceJPEG(data, factor) }
		s.reducedMemory = func(factor int) int64 {
			if !h.CanReduce(factor) { // then pixels decodes all of it
				return s.memory + reducedBytes(h.W, h.H, factor)
			}
			return h.ReducedMemory(factor) + 4*reducedBytes(h.W, h.H, factor)/8
		}
	}
	switch {
	case errors.As(err, new(fulljpeg.UnsupportedError)):
		return nil, err
	case err == nil && !isCommon(h): // coefficients of 2 bytes, samples, the picture
		s.memory = pixels * int64(4*h.Components+4)
		s.decode = func() (image.Image, error) { return decodeJPEG(data) }
		return s, nil
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	s.w, s.h = config.Width, config.Height
	s.memory = 3 * int64(s.w) * int64(s.h)
	if h.Progressive {
		s.memory *= 5 // coefficients of 4 bytes
	}
	s.decode = func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(data)) }
	return s, nil
}

// isCommon reports whether image/jpeg reads such a file, and its chroma can be interpolated
// (ycbcrRows).
func isCommon(h fulljpeg.Header) bool {
	switch {
	case h.Arithmetic,
		h.Components != 1 && h.Components != 3,       // it repeats subsampled chroma of YCCK
		h.Restarts && (h.Progressive || h.Scans > 1): // it looks for them after too many blocks
		return false
	case h.Components == 1:
		return h.Sampling[0][0] != 3 && h.Sampling[0][1] != 3
	}
	luma, chroma := h.Sampling[0], h.Sampling[1]
	switch {
	case chroma != h.Sampling[2] || chroma != [2]int{1, 1},
		!h.YCbCr && luma != chroma: // it repeats subsampled green and blue
		return false
	}
	switch luma {
	case [2]int{1, 1}, [2]int{2, 1}, [2]int{2, 2}, [2]int{1, 2}:
		return true
	}
	return false
}

// decodeJPEG decodes a file of the other kinds.
func decodeJPEG(data []byte) (image.Image, error) {
	p, err := fulljpeg.Decode(data)
	if err != nil {
		return nil, err
	}
	return jpegImage(p)
}

// reduceJPEG decodes a file smaller by a factor.
func reduceJPEG(data []byte, factor int) (image.Image, error) {
	p, err := fulljpeg.DecodeReduced(data, factor)
	if err != nil {
		return nil, err
	}
	return jpegImage(p)
}

// jpegImage returns the picture of planes.
func jpegImage(p *fulljpeg.Picture) (image.Image, error) {
	bounds := image.Rect(0, 0, p.W, p.H)
	if p.YCbCr {
		p.ToRGB()
	}
	switch p.Components {
	case 1:
		return &image.Gray{Pix: p.Planes[0], Stride: p.W, Rect: bounds}, nil
	case 3:
		m := image.NewNRGBA(bounds)
		for i := range p.Planes[0] {
			px := m.Pix[4*i : 4*i+4]
			px[0], px[1], px[2], px[3] = p.Planes[0][i], p.Planes[1][i], p.Planes[2][i], 0xff
		}
		return m, nil
	case 4:
		// Adobe's programs write 0 for full ink, and all others follow them. The colours
		// of YCCK are those of what the inks leave.
		m := image.NewCMYK(bounds)
		inverted := !p.YCbCr
		for i := range p.Planes[0] {
			for ch := range 4 {
				v := p.Planes[ch][i]
				if inverted || ch == 3 {
					v = ^v
				}
				m.Pix[4*i+ch] = v
			}
		}
		return m, nil
	}
	return nil, fulljpeg.UnsupportedError("picture of two components")
}
