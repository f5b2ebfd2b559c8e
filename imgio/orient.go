package imgio

import "image"

// orient returns m turned upright. orientation is that of EXIF 2.3, 4.6.4.A, 2 to 8; with
// anything else m itself is returned. The result is NRGBA, or NRGBA64 if m has 16 bits.
func orient(m image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return m
	}
	size := m.Bounds().Size()
	w, h := size.X, size.Y
	if orientation >= 5 {
		size.X, size.Y = h, w
	}
	// Stored pixel (x, y) becomes pixel origin + x*dx + y*dy of the result.
	var origin, dx, dy int
	switch orientation {
	case 2: // mirrored left to right
		origin, dx, dy = w-1, -1, w
	case 3: // upside down
		origin, dx, dy = w*h-1, -1, -w
	case 4: // mirrored top to bottom
		origin, dx, dy = (h-1)*w, 1, -w
	case 5: // mirrored about the main diagonal
		origin, dx, dy = 0, h, 1
	case 6: // must be turned clockwise
		origin, dx, dy = h-1, h, -1
	case 7: // mirrored about the other diagonal
		origin, dx, dy = w*h-1, -h, -1
	case 8: // must be turned anticlockwise
		origin, dx, dy = (w-1)*h, -h, 1
	}
	place := func(x, y int) int { return origin + x*dx + y*dy }
	bounds := image.Rectangle{Max: size}
	if isDeep(m) {
		out := image.NewNRGBA64(bounds)
		eachPixel(m, func(x, y int, px []uint16) {
			i := 8 * place(x, y)
			for ch, v := range px {
				put16(out.Pix[i+2*ch:], v)
			}
		})
		return out
	}
	out := image.NewNRGBA(bounds)
	eachPixel(m, func(x, y int, px []uint16) {
		q := out.Pix[4*place(x, y):]
		q[0], q[1], q[2], q[3] = nearest8(px[0]), nearest8(px[1]), nearest8(px[2]), nearest8(px[3])
	})
	return out
}

// eachPixel calls f for every pixel of m, from several goroutines. x and y count from the
// top left; px is 16-bit RGBA, not premultiplied.
func eachPixel(m image.Image, f func(x, y int, px []uint16)) {
	size := m.Bounds().Size()
	read := rows(m)
	parallel(size.Y, func(lo, hi int) {
		buf := make([]uint16, 4*size.X)
		for y := lo; y < hi; y++ {
			read(y, buf)
			for x := range size.X {
				f(x, y, buf[4*x:4*x+4])
			}
		}
	})
}

// nearest8 returns the 8-bit value nearest to a 16-bit one.
func nearest8(v uint16) uint8 { return uint8((uint32(v)*0xff + 0x7fff) / 0xffff) }

// isDeep reports whether m has more than 8 bits per channel.
func isDeep(m image.Image) bool {
	switch m.(type) {
	case *image.Gray16, *image.RGBA64, *image.NRGBA64:
		return true
	}
	return false
}
