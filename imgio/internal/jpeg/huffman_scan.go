package jpeg

import (
	"errors"
	"io"
)

// huffmanScan decodes the blocks of a scan with Huffman codes.
type huffmanScan struct {
	*scan
	data []byte
	pos  int
	bits uint64 // the lowest have bits are valid
	have int

	progressive bool
	dc, ac      [4]*huffman // of the parts
	previous    [4]int32    // DC
	blocksEmpty int         // blocks that follow without new coefficients (EOBRUN)
}

func (d *decoder) newHuffmanScan(s *scan) (*huffmanScan, error) {
	h := &huffmanScan{scan: s, data: d.data, pos: d.pos, progressive: d.header.Progressive}
	for i, p := range s.parts {
		h.dc[i], h.ac[i] = d.huffman[0][p.dc], d.huffman[1][p.ac]
		if s.from == 0 && s.high == 0 && h.dc[i] == nil || s.to > 0 && h.ac[i] == nil {
			return nil, errors.New("jpeg: missing Huffman table")
		}
	}
	return h, nil
}

func (h *huffmanScan) rest() int { return h.pos }

func (h *huffmanScan) restart() (err error) {
	h.bits, h.have, h.blocksEmpty = 0, 0, 0
	h.previous = [4]int32{}
	h.pos, err = afterRestart(h.data, h.pos)
	return err
}

// block decodes a block; see T.81, F.2.2 and G.1.2.
func (h *huffmanScan) block(part int, b []int16) error {
	switch {
	case !h.progressive:
		if err := h.dcFirst(part, b); err != nil {
			return err
		}
		return h.acFirst(part, b, 1)
	case h.from == 0 && h.high == 0:
		return h.dcFirst(part, b)
	case h.from == 0:
		bit, err := h.take(1)
		b[0] |= int16(bit << h.low)
		return err
	case h.high == 0:
		return h.acFirst(part, b, h.from)
	}
	return h.acRefine(part, b)
}

func (h *huffmanScan) dcFirst(part int, b []int16) error {
	n, err := h.symbol(h.dc[part])
	if err != nil {
		return err
	}
	if n > 15 {
		return errDamaged
	}
	diff, err := h.signed(int(n))
	h.previous[part] += diff
	b[0] = int16(h.previous[part] << h.low)
	return err
}

func (h *huffmanScan) acFirst(part int, b []int16, from int) error {
	if h.blocksEmpty > 0 {
		h.blocksEmpty--
		return nil
	}
	for k := from; k <= h.to; k++ {
		v, err := h.symbol(h.ac[part])
		if err != nil {
			return err
		}
		run, size := int(v>>4), int(v&15)
		if size == 0 {
			if run == 15 {
				k += 15
				continue
			}
			if run > 0 && !h.progressive {
				return errDamaged
			}
			return h.endOfBand(run)
		}
		if k += run; k > h.to {
			return errDamaged
		}
		value, err := h.signed(size)
		if err != nil {
			return err
		}
		b[zigzag[k]] = int16(value << h.low)
	}
	return nil
}

// endOfBand reads how many blocks after this one have no new coefficients.
func (h *huffmanScan) endOfBand(run int) error {
	extra, err := h.take(run)
	h.blocksEmpty = 1<<run + int(extra) - 1
	return err
}

// acRefine adds a bit to coefficients that are not zero and places new ones (T.81, G.1.2.3).
func (h *huffmanScan) acRefine(part int, b []int16) error {
	k := h.from
	if h.blocksEmpty == 0 {
		for ; k <= h.to; k++ {
			v, err := h.symbol(h.ac[part])
			if err != nil {
				return err
			}
			run, size := int(v>>4), int(v&15)
			value := int16(0)
			switch {
			case size == 1:
				bit, err := h.take(1)
				if err != nil {
					return err
				}
				value = int16((2*int32(bit) - 1) << h.low)
			case size > 1:
				return errDamaged
			case run < 15:
				if err := h.endOfBand(run); err != nil {
					return err
				}
				h.blocksEmpty++ // this block too
				return h.refineRest(b, k)
			}
			if k, err = h.refine(b, k, run); err != nil {
				return err
			}
			if value != 0 {
				if k > h.to {
					return errDamaged
				}
				b[zigzag[k]] = value
			}
		}
		return nil
	}
	return h.refineRest(b, k)
}

// refineRest refines the coefficients from k on, in a block without new ones.
func (h *huffmanScan) refineRest(b []int16, k int) error {
	h.blocksEmpty--
	_, err := h.refine(b, k, 64)
	return err
}

// refine adds a bit to the coefficients from k on that are not zero, and returns the place
// after the given number of zeros.
func (h *huffmanScan) refine(b []int16, k, zeros int) (int, error) {
	for ; k <= h.to; k++ {
		c := &b[zigzag[k]]
		if *c == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		bit, err := h.take(1)
		if err != nil {
			return 0, err
		}
		if bit != 0 {
			if *c > 0 {
				*c += 1 << h.low
			} else {
				*c -= 1 << h.low
			}
		}
	}
	return k, nil
}

// fill makes at least 16 bits available if the data has them.
func (h *huffmanScan) fill() {
	for h.have <= 48 && h.pos < len(h.data) {
		b := h.data[h.pos]
		if b == 0xff {
			if h.pos+1 >= len(h.data) || h.data[h.pos+1] != 0 {
				return // a marker
			}
			h.pos++
		}
		h.pos++
		h.bits = h.bits<<8 | uint64(b)
		h.have += 8
	}
}

// take reads n bits, at most 16.
func (h *huffmanScan) take(n int) (uint32, error) {
	if h.have < n {
		if h.fill(); h.have < n {
			return 0, io.ErrUnexpectedEOF
		}
	}
	h.have -= n
	return uint32(h.bits>>h.have) & (1<<n - 1), nil
}

// signed reads a number of n bits; the lower half of the values is negative (T.81, F.12).
func (h *huffmanScan) signed(n int) (int32, error) {
	v, err := h.take(n)
	if n > 0 && v < 1<<(n-1) {
		return int32(v) - 1<<n + 1, err
	}
	return int32(v), err
}

// symbol reads a code word.
func (h *huffmanScan) symbol(t *huffman) (byte, error) {
	if h.have < 16 {
		h.fill()
	}
	var next int32 // the next 16 bits, with zeros after the end
	if h.have >= 16 {
		next = int32(h.bits>>(h.have-16)) & 0xffff
	} else {
		next = int32(h.bits<<(16-h.have)) & 0xffff
	}
	length, value := 0, byte(0)
	if f := t.fast[next>>8]; f != 0 {
		length, value = int(f>>8), byte(f)
	} else {
		for length = 9; length <= 16 && next>>(16-length) > t.last[length]; length++ {
		}
		if length > 16 {
			return 0, errDamaged
		}
		value = t.values[next>>(16-length)+t.offset[length]]
	}
	if length > h.have {
		return 0, io.ErrUnexpectedEOF
	}
	h.have -= length
	return value, nil
}
