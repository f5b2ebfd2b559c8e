package tiff

import "fmt"

// Values of Predictor.
const (
	predictorNone       = 1
	predictorHorizontal = 2
	predictorFloat      = 3
)

// unpredict undoes the predictor (TIFF 6.0, section 14, and Adobe's technical note 3) on a
// chunk, row by row.
func (f *File) unpredict(chunk []byte, rows int) error {
	if f.predictor == predictorNone || !f.predicts() {
		return nil
	}
	step := f.samples
	if f.planar {
		step = 1
	}
	var scratch []byte
	for y := range rows {
		row := chunk[y*f.grid.rowBytes:][:f.grid.rowBytes]
		switch {
		case f.predictor == predictorHorizontal && f.bits%8 == 0:
			f.addLeft(row, step)
		case f.predictor == predictorFloat && f.format == formatFloat:
			scratch = append(scratch[:0], row...)
			f.joinFloats(row, scratch, step)
		default:
			return UnsupportedError(fmt.Sprintf("predictor %d for samples of %d bits", f.predictor, f.bits))
		}
	}
	return nil
}

// addLeft adds to each sample the one of the pixel on its left.
func (f *File) addLeft(row []byte, step int) {
	order := f.d.order
	switch f.bits {
	case 8:
		for i := step; i < len(row); i++ {
			row[i] += row[i-step]
		}
	case 16:
		for i := 2 * step; i+2 <= len(row); i += 2 {
			order.PutUint16(row[i:], order.Uint16(row[i:])+order.Uint16(row[i-2*step:]))
		}
	case 32:
		for i := 4 * step; i+4 <= len(row); i += 4 {
			order.PutUint32(row[i:], order.Uint32(row[i:])+order.Uint32(row[i-4*step:]))
		}
	case 64:
		for i := 8 * step; i+8 <= len(row); i += 8 {
			order.PutUint64(row[i:], order.Uint64(row[i:])+order.Uint64(row[i-8*step:]))
		}
	}
}

// joinFloats adds to each byte of src the one of the pixel on its left, and puts the bytes
// of each number together: src holds first the highest bytes of all numbers, then the next.
func (f *File) joinFloats(dst, src []byte, step int) {
	for i := step; i < len(src); i++ {
		src[i] += src[i-step]
	}
	size := f.bits / 8
	n := len(src) / size
	little := f.d.order.Uint16([]byte{1, 0}) == 1
	for i := range n {
		for b := range size {
			at := b
			if little {
				at = size - 1 - b
			}
			dst[i*size+at] = src[b*n+i]
		}
	}
}
