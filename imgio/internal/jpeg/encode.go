package jpeg

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
)

// maxSide is the largest width and height of a JPEG file.
const maxSide = 65535

// Encode writes a baseline JPEG file of w by h pixels. planes are red, green and blue in
// [0, 1], in rows; other values are clamped. Chroma is not subsampled, and pixels are not
// rounded before the transform. quality is 1 to 100, with the quantisation tables of T.81,
// annex K.1, scaled as by the Independent JPEG Group. The Huffman tables are the best for the
// picture. segments follows the JFIF header: whole marker segments, see [Segment]. density is
// the number of pixels per inch in both directions, 0 if that is not known.
//
// The same pixels give the same bytes on every machine. Errors come from out, or say that the
// picture is too large for the format.
func Encode(out io.Writer, planes [3][]float32, w, h, quality int, density [2]int, segments []byte) error {
	if w < 1 || h < 1 || w > maxSide || h > maxSide {
		return fmt.Errorf("jpeg: %dx%d pixels, a side has 1 to %d", w, h, maxSide)
	}
	e := &encoder{planes: planes, w: w, h: h}
	e.setQuality(quality)
	e.transform()
	var c counter
	e.scan(&c)
	codes := c.codes()
	b := bufio.NewWriterSize(out, 1<<16)
	b.Write(e.header(density, segments, &codes)) // its errors are kept until Flush
	words := wordWriter{codes: &codes, bits: bitWriter{w: b}}
	e.scan(&words)
	words.bits.put(0x7f, 7) // fill the last byte with ones
	b.Write([]byte{0xff, 0xd9})
	return b.Flush()
}

// Segment returns a marker segment: the marker, the length and the body, which has at most
// 65533 bytes.
func Segment(marker byte, body ...byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2))
	return append(b, body...)
}

// encoder holds a picture and its quantisation tables: luma and chroma, in zigzag order.
type encoder struct {
	planes [3][]float32
	w, h   int
	steps  [2][64]byte
	scale  [2][64]float32 // 1/step, by row and column of the block
	blocks [][64]int16
}

// setQuality scales the tables of T.81, annex K.1.
func (e *encoder) setQuality(quality int) {
	factor := 200 - 2*quality
	if quality < 50 {
		factor = 5000 / max(quality, 1)
	}
	for t, table := range baseSteps() {
		for i, at := range zigzagOrder() {
			step := min(max((int(table[at])*factor+50)/100, 1), 255)
			e.steps[t][i] = byte(step)
			e.scale[t][at] = 1 / float32(step)
		}
	}
}

// header returns all segments before the pixels.
func (e *encoder) header(density [2]int, segments []byte, codes *[2][2]codeTable) []byte {
	unit := byte(1) // dots per inch
	if density[0] < 1 || density[1] < 1 || max(density[0], density[1]) > math.MaxUint16 {
		unit, density = 0, [2]int{1, 1} // only the shape of a pixel
	}
	b := []byte{0xff, 0xd8}
	b = append(b, Segment(0xe0, 'J', 'F', 'I', 'F', 0, 1, 1, unit,
		byte(density[0]>>8), byte(density[0]), byte(density[1]>>8), byte(density[1]), 0, 0)...)
	b = append(b, segments...)
	for t, steps := range e.steps {
		b = append(b, Segment(0xdb, append([]byte{byte(t)}, steps[:]...)...)...)
	}
	b = append(b, Segment(0xc0, 8, byte(e.h>>8), byte(e.h), byte(e.w>>8), byte(e.w), 3,
		1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1)...)
	for table := range codes {
		for class, c := range codes[table] {
			body := append([]byte{byte(class<<4 | table)}, c.counts[:]...)
			b = append(b, Segment(0xc4, append(body, c.symbols...)...)...)
		}
	}
	return append(b, Segment(0xda, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0)...)
}

// transform quantises all blocks: e.blocks has their coefficients in zigzag order, in the order
// of the file, by component. Rows of blocks are independent.
func (e *encoder) transform() {
	across, down := (e.w+7)/8, (e.h+7)/8
	e.blocks = make([][64]int16, 3*across*down)
	order, cosines := zigzagOrder(), cosineTable()
	workers := min(down, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			var block [3][64]float32
			for row := worker; row < down; row += workers {
				for col := range across {
					e.load(8*col, 8*row, &block)
					for c := range block {
						forward(&block[c], &cosines)
						q, scale := &e.blocks[3*(row*across+col)+c], &e.scale[min(c, 1)]
						for i, at := range order {
							q[i] = round(block[c][at] * scale[at])
						}
					}
				}
			}
		})
	}
	wg.Wait()
}

// symbols takes the symbols of a picture, each of a table (luma or chroma) and a class (DC or
// AC), and n extra bits.
type symbols interface {
	put(table, class int, symbol byte, extra uint32, n int)
}

// scan puts all symbols of the picture into out.
func (e *encoder) scan(out symbols) {
	var last [3]int16 // DC coefficients
	for i := range e.blocks {
		c, q := i%3, &e.blocks[i]
		n, extra := magnitude(int32(q[0]) - int32(last[c]))
		last[c] = q[0]
		out.put(min(c, 1), 0, byte(n), extra, n)
		putAC(out, min(c, 1), q)
	}
}

// putAC puts the run lengths and values of a block into out (T.81, F.1.2.2).
func putAC(out symbols, table int, q *[64]int16) {
	const endOfBlock, sixteenZeros = 0x00, 0xf0
	run := 0
	for _, v := range q[1:] {
		if v == 0 {
			run++
			continue
		}
		for ; run > 15; run -= 16 {
			out.put(table, 1, sixteenZeros, 0, 0)
		}
		n, extra := magnitude(int32(v))
		out.put(table, 1, byte(run<<4|n), extra, n)
		run = 0
	}
	if run > 0 {
		out.put(table, 1, endOfBlock, 0, 0)
	}
}

// load reads the 8 by 8 pixels at x, y as Y, Cb and Cr, centred on 0 (JFIF 1.02). Beyond the
// edges the last pixel repeats.
func (e *encoder) load(x, y int, block *[3][64]float32) {
	for i := range 64 {
		at := min(y+i/8, e.h-1)*e.w + min(x+i%8, e.w-1)
		r, g, b := level(e.planes[0][at]), level(e.planes[1][at]), level(e.planes[2][at])
		luma := float32(0.299*r) + float32(0.587*g) + float32(0.114*b)
		block[0][i] = luma - 128
		block[1][i] = float32((b - luma) * (0.5 / (1 - 0.114)))
		block[2][i] = float32((r - luma) * (0.5 / (1 - 0.299)))
	}
}

// level returns a value in [0, 1] in levels of 8 bits, not rounded.
func level(v float32) float32 {
	if !(v > 0) { // NaN too
		return 0
	}
	return 255 * min(v, 1)
}

// round returns the nearest whole number.
func round(v float32) int16 {
	if v < 0 {
		return -int16(0.5 - v)
	}
	return int16(v + 0.5)
}

// magnitude returns the number of bits of v, and these bits (T.81, F.1.2.1.1).
func magnitude(v int32) (n int, extra uint32) {
	a := v
	if a < 0 {
		a, v = -a, v-1
	}
	for ; a > 0; a >>= 1 {
		n++
	}
	return n, uint32(v) & (1<<n - 1)
}

// counter counts symbols.
type counter [2][2][257]int64

func (c *counter) put(table, class int, symbol byte, _ uint32, _ int) { c[table][class][symbol]++ }

// codes returns the best codes for the symbols.
func (c *counter) codes() (codes [2][2]codeTable) {
	for table := range codes {
		for class := range codes[table] {
			codes[table][class] = bestCodes(c[table][class])
		}
	}
	return codes
}

// wordWriter writes symbols as words of a code.
type wordWriter struct {
	codes *[2][2]codeTable
	bits  bitWriter
}

func (w *wordWriter) put(table, class int, symbol byte, extra uint32, n int) {
	c := &w.codes[table][class]
	w.bits.put(uint32(c.word[symbol]), int(c.length[symbol]))
	w.bits.put(extra, n)
}

// bitWriter writes bits, highest first, with a zero after each byte of ones.
type bitWriter struct {
	w    *bufio.Writer
	acc  uint32
	have int
}

func (b *bitWriter) put(bits uint32, n int) {
	b.acc = b.acc<<n | bits
	for b.have += n; b.have >= 8; b.have -= 8 {
		c := byte(b.acc >> (b.have - 8))
		b.w.WriteByte(c)
		if c == 0xff {
			b.w.WriteByte(0)
		}
	}
}
