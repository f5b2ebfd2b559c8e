package tiff

import (
	"errors"
	"fmt"
)

// chunks reads the chunks of a file one after the other, a chunk of every plane at a time.
type chunks struct {
	f      *File
	planes [][]byte // unpacked
	un     *unpacker
	scale  func(uint64) uint16
}

func (f *File) newChunks() (*chunks, error) {
	n := 1
	if f.planar {
		n = f.samples
	}
	c := &chunks{f: f, planes: make([][]byte, n), scale: f.scale()}
	for i := range c.planes {
		c.planes[i] = make([]byte, max(f.grid.bytes, f.chunkBytes(0)))
	}
	var err error
	c.un, err = f.newUnpacker()
	return c, err
}

// read unpacks the chunks at a place of the grid.
func (c *chunks) read(across, down int) error {
	g := &c.f.grid
	for i, plane := range c.planes {
		at := (i*g.down+down)*g.across + across
		packed, err := c.f.compressed(at)
		if err != nil {
			return err
		}
		plane = plane[:c.f.chunkBytes(down)]
		rows := c.f.chunkRows(down)
		if err := c.un.unpack(plane, packed, rows); err != nil {
			var unsupported UnsupportedError
			if errors.As(err, &unsupported) {
				return err
			}
			return fmt.Errorf("tiff: chunk %d: %w", at, err)
		}
		if c.f.subsampled() {
			c.f.spread(c.planes[i], plane, rows)
			continue
		}
		if err := c.f.unpredict(plane, rows); err != nil {
			return err
		}
	}
	return nil
}

// row writes the samples of row y of the chunks to dst, pixel by pixel.
func (c *chunks) row(dst []uint16, y int) {
	for i, plane := range c.planes {
		src := plane[y*c.f.grid.rowBytes:][:c.f.grid.rowBytes]
		c.samples(dst[i:], src, len(c.planes))
	}
}

// samples reads all samples of src into every step-th element of dst.
func (c *chunks) samples(dst []uint16, src []byte, step int) {
	order := c.f.d.order
	switch c.f.bits {
	case 8:
		for i, v := range src {
			dst[i*step] = c.scale(uint64(v))
		}
	case 16:
		for i := range len(src) / 2 {
			dst[i*step] = c.scale(uint64(order.Uint16(src[2*i:])))
		}
	case 32:
		for i := range len(src) / 4 {
			dst[i*step] = c.scale(uint64(order.Uint32(src[4*i:])))
		}
	case 64:
		for i := range len(src) / 8 {
			dst[i*step] = c.scale(order.Uint64(src[8*i:]))
		}
	default:
		bits, pending, have, at := uint(c.f.bits), uint64(0), uint(0), 0
		for i := 0; i < len(dst); i += step {
			for have < bits {
				pending = pending<<8 | uint64(src[at])
				have, at = have+8, at+1
			}
			have -= bits
			dst[i] = c.scale(pending >> have & (1<<bits - 1))
		}
	}
}
