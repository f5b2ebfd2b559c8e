package imgio

import "image"

// reducer averages the rows of a picture over squares of factor by factor pixels.
type reducer struct {
	factor int
	w, h   int // of the whole picture
	out    *image.NRGBA64
	sums   []uint64 // of a row of squares: red, green and blue times alpha, and alpha
	rows   int      // that are done

	buf  []uint16 // a row
	last image.Image
	read rowReader // of last
}

// newReducer returns a reducer for a picture of w by h pixels.
func newReducer(w, h, factor int) *reducer {
	size := image.Pt((w+factor-1)/factor, (h+factor-1)/factor)
	return &reducer{
		factor: factor, w: w, h: h, out: image.NewNRGBA64(image.Rectangle{Max: size}), sums: make([]uint64, 4*size.X),
	}
}

// reducedBytes is the memory of what a reducer makes for a picture of w by h pixels.
func reducedBytes(w, h, factor int) int64 {
	return 8 * int64((w+factor-1)/factor) * int64((h+factor-1)/factor)
}

// add adds the next row from the top: 16-bit red, green, blue and alpha, not premultiplied.
func (r *reducer) add(row []uint16) {
	for x := range len(r.sums) / 4 {
		sums := r.sums[4*x : 4*x+4]
		square := row[4*x*r.factor : 4*min((x+1)*r.factor, r.w)]
		for i := 0; i < len(square); i += 4 {
			px := square[i : i+4]
			a := uint64(px[3])
			sums[0] += uint64(px[0]) * a
			sums[1] += uint64(px[1]) * a
			sums[2] += uint64(px[2]) * a
			sums[3] += a
		}
	}
	if r.rows++; r.rows%r.factor == 0 || r.rows == r.h {
		r.finish((r.rows-1)/r.factor, (r.rows-1)%r.factor+1)
	}
}

// addRows adds the rows of m, which is as wide as the picture.
func (r *reducer) addRows(m image.Image) {
	if m != r.last {
		r.last, r.read, r.buf = m, rows(m), make([]uint16, 4*r.w)
	}
	for y := range m.Bounds().Dy() {
		r.read(y, r.buf)
		r.add(r.buf)
	}
}

// reduceRows reduces a picture of which rows calls a function for each row, as a picture one
// pixel high.
func (s *source) reduceRows(factor int, rows func(add func(row image.Image)) error) (image.Image, error) {
	r := newReducer(s.w, s.h, factor)
	grey, shallow := false, true
	err := rows(func(row image.Image) {
		grey, shallow = isGrey(row), !isDeep(row)
		r.addRows(row)
	})
	if err != nil {
		return nil, err
	}
	s.grey, s.shallow = s.grey || grey, shallow
	return r.out, nil
}

// finish writes row y of the result, which has the sums of a number of rows.
func (r *reducer) finish(y, rows int) {
	for x := range len(r.sums) / 4 {
		sums := r.sums[4*x : 4*x+4]
		pixels := uint64(rows * (min((x+1)*r.factor, r.w) - x*r.factor))
		dst := r.out.Pix[y*r.out.Stride+8*x:]
		if a := sums[3]; a > 0 {
			for ch := range 3 {
				put16(dst[2*ch:], uint16((sums[ch]+a/2)/a))
			}
			put16(dst[6:], uint16((a+pixels/2)/pixels))
		}
	}
	clear(r.sums)
}

// reduced returns a picture smaller by a factor.
func reduced(m image.Image, factor int) image.Image {
	if m, ok := m.(*image.CMYK); ok {
		return reducedInks(m, factor)
	}
	size := m.Bounds().Size()
	r := newReducer(size.X, size.Y, factor)
	r.addRows(m)
	return r.out
}

// reducedInks is reduced of a picture whose inks a colour profile needs.
func reducedInks(m *image.CMYK, factor int) *image.CMYK {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewCMYK(image.Rect(0, 0, (w+factor-1)/factor, (h+factor-1)/factor))
	for i := range out.Pix {
		x, y := i%out.Stride/4*factor, i/out.Stride*factor
		sum, n := 0, 0
		for row := y; row < min(y+factor, h); row++ {
			for at := x; at < min(x+factor, w); at++ {
				sum += int(m.Pix[row*m.Stride+4*at+i%4])
				n++
			}
		}
		out.Pix[i] = uint8((2*sum + n) / (2 * n))
	}
	return out
}

// possible returns the factor by which a picture is reduced where one is wanted.
func (s *source) possible(factor int) int {
	if s.heif != nil {
		return 1 // its converter makes a file, which is reduced
	}
	return max(1, factor)
}

// pixels decodes a picture, smaller if it is to be reduced. What cannot be decoded smaller
// because it is damaged gets the errors of decode.
func (s *source) pixels() (image.Image, error) {
	if s.factor > 1 && s.reduce != nil {
		if m, err := s.reduce(s.factor); err == nil {
			return m, nil
		}
	}
	m, err := s.decode()
	if err != nil || s.factor <= 1 {
		return m, err
	}
	s.grey, s.shallow = s.grey || isGrey(m), !isDeep(m)
	return reduced(m, s.factor), nil
}
