package tiff

import "errors"

// errFax means that a strip holds something that is no code of ITU-T T.4 or T.6.
var errFax = errors.New("damaged fax data")

// fax decodes the bilevel compressions of ITU-T T.4 (group 3) and T.6 (group 4). White
// pixels become 0 bits and black ones 1 bits, whatever the photometric interpretation.
type fax struct {
	width        int
	group4       bool // every line refers to the line above
	twoD         bool // group 3 whose lines may refer to the line above
	byteAligned  bool // every line begins at a byte: modified Huffman (compression 2)
	white, black *codeTable
	modes        *codeTable

	src       []byte
	pos       int   // in bits
	line, ref []int // positions at which the colour changes, the first from white to black
	above     int   // index in ref of the last b1
}

func newFax(width int) *fax {
	return &fax{
		width: width,
		white: newCodeTable(whiteCodes+longCodes, runLength),
		black: newCodeTable(blackCodes+longCodes, runLength),
		modes: newCodeTable(modeCodes, func(i int) int { return i }),
	}
}

// decode fills dst, whose lines have stride bytes each, from src.
func (f *fax) decode(dst, src []byte, stride int) error {
	f.src, f.pos = src, 0
	f.line, f.ref = f.line[:0], f.ref[:0]
	for ; len(dst) >= stride; dst = dst[stride:] {
		if err := f.nextLine(); err != nil {
			return err
		}
		f.paint(dst[:stride])
	}
	return nil
}

// nextLine decodes a line into f.line.
func (f *fax) nextLine() error {
	f.ref, f.line, f.above = f.line, f.ref[:0], 0
	switch {
	case f.group4:
		return f.line2D()
	case f.byteAligned:
		f.pos = (f.pos + 7) &^ 7
		return f.line1D()
	}
	// An end of line stands before each line: 11 zeros or more, which may be fill, then 1.
	zeros := 0
	for zeros < 11 && f.bit(zeros) == 0 {
		zeros++
	}
	found := zeros == 11
	if found {
		for f.bit(0) == 0 {
			if f.pos++; f.pos >= 8*len(f.src) {
				return errFax
			}
		}
		f.pos++
	}
	if f.twoD {
		if !found {
			return errFax
		}
		f.pos++
		if f.bit(-1) == 0 {
			return f.line2D()
		}
	}
	return f.line1D()
}

// line1D decodes runs, white first, up to the width.
func (f *fax) line1D() error {
	x, table := 0, f.white
	for x < f.width {
		n, err := f.run(table)
		if err != nil {
			return err
		}
		if x += n; x > f.width {
			return errFax
		}
		f.line = append(f.line, x)
		table = f.other(table)
	}
	return nil
}

// line2D decodes a line by its differences from the one above. The names a0, a1, b1 and b2
// are those of T.6, 2.2.1.
func (f *fax) line2D() error {
	a0, table := 0, f.white
	for first := true; a0 < f.width; first = false {
		b1, b2 := f.changes(a0, first)
		mode, err := f.next(f.modes)
		if err != nil {
			return err
		}
		switch mode {
		case modePass:
			a0 = b2
		case modeHorizontal:
			for range 2 {
				n, err := f.run(table)
				if err != nil {
					return err
				}
				if a0 += n; a0 > f.width {
					return errFax
				}
				f.line = append(f.line, a0)
				table = f.other(table)
			}
		default:
			a1 := b1 + mode - modeVertical
			if mode > modeLeft {
				a1 = b1 - (mode - modeLeft)
			}
			if a1 < a0 || a1 > f.width || a1 == a0 && !first {
				return errFax
			}
			a0 = a1
			f.line = append(f.line, a0)
			table = f.other(table)
		}
	}
	return nil
}

// changes returns b1, the first change on the line above that lies right of a0 and leads to
// the colour that a0 does not have, and b2, the next change. At the start of a line a0 lies
// just left of the first pixel.
func (f *fax) changes(a0 int, first bool) (b1, b2 int) {
	b1, b2 = f.width, f.width
	i := max(f.above-1, 0) // since a0 moves only to the right
	if i&1 != len(f.line)&1 {
		i++
	}
	for ; i < len(f.ref); i += 2 {
		if f.ref[i] > a0 || first && f.ref[i] == 0 {
			f.above, b1 = i, f.ref[i]
			if i+1 < len(f.ref) {
				b2 = f.ref[i+1]
			}
			break
		}
	}
	return b1, b2
}

func (f *fax) other(table *codeTable) *codeTable {
	if table == f.white {
		return f.black
	}
	return f.white
}

// run decodes the length of a run: words of multiples of 64, then one below 64.
func (f *fax) run(table *codeTable) (int, error) {
	for n := 0; ; {
		v, err := f.next(table)
		if err != nil {
			return 0, err
		}
		if n += v; v < 64 {
			return n, nil
		}
		if n > f.width {
			return 0, errFax
		}
	}
}

// next decodes one code word.
func (f *fax) next(table *codeTable) (int, error) {
	c := table[f.peek()]
	f.pos += int(c.length)
	if c.length == 0 || f.pos > 8*len(f.src) {
		return 0, errFax
	}
	return int(c.value), nil
}

// peek returns the next 13 bits. There are zeros after the end.
func (f *fax) peek() int {
	var v uint32
	for i := range 3 {
		v <<= 8
		if at := f.pos/8 + i; at < len(f.src) {
			v |= uint32(f.src[at])
		}
	}
	return int(v >> (24 - codeBits - f.pos%8) & (1<<codeBits - 1))
}

// bit returns the bit at distance i from the position, 0 after the end.
func (f *fax) bit(i int) byte {
	i += f.pos
	if i < 0 || i/8 >= len(f.src) {
		return 0
	}
	return f.src[i/8] >> (7 - i%8) & 1
}

// paint writes f.line as bits to dst, which must be zero.
func (f *fax) paint(dst []byte) {
	for i := 0; i < len(f.line); i += 2 {
		end := f.width
		if i+1 < len(f.line) {
			end = f.line[i+1]
		}
		for x := f.line[i]; x < end; x++ {
			dst[x/8] |= 0x80 >> (x % 8)
		}
	}
}
