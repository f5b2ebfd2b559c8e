package jpeg

import (
	"errors"
	"io"
)

// huffman is a table of code words of up to 16 bits.
type huffman struct {
	fast   [256]uint16 // by the next 8 bits: length<<8 | value, 0 for longer words
	last   [17]int32   // largest code word of each length, -1 if there is none
	offset [17]int32   // index in values of the first word of each length, less the word
	values []byte
}

// parseHuffman reads code tables (T.81, B.2.4.2 and annex C).
func (d *decoder) parseHuffman(body []byte) error {
	for len(body) > 0 {
		if len(body) < 17 {
			return io.ErrUnexpectedEOF
		}
		class, at := body[0]>>4, body[0]&15
		n := 0
		for _, c := range body[1:17] {
			n += int(c)
		}
		if class > 1 || at > 3 || n > 256 || len(body) < 17+n {
			return errors.New("jpeg: damaged Huffman table")
		}
		h := &huffman{values: body[17 : 17+n]}
		word, k := int32(0), int32(0)
		for length := 1; length <= 16; length++ {
			count := int32(body[length])
			h.offset[length], h.last[length] = k-word, -1
			if word+count > 1<<length {
				return errors.New("jpeg: damaged Huffman table")
			}
			if count > 0 {
				h.last[length] = word + count - 1
			}
			for range count {
				if length <= 8 {
					unused := 8 - length
					for i := range int32(1) << unused {
						h.fast[word<<unused+i] = uint16(length)<<8 | uint16(h.values[k])
					}
				}
				word, k = word+1, k+1
			}
			word <<= 1
		}
		d.huffman[class][at] = h
		body = body[17+n:]
	}
	return nil
}
