package jpeg

import (
	"errors"
	"io"
)

// scan is a pass over some components and some bits of some coefficients.
type scan struct {
	parts     []part
	from, to  int // coefficients in zigzag order, both included
	high, low int // bit positions of successive approximation; high is 0 in a first pass
}

// part is a component in a scan.
type part struct {
	c      *component
	dc, ac byte // numbers of its entropy coding tables
}

// entropy decodes blocks of one scan. part is the index of the block's component.
type entropy interface {
	// block decodes into a block of coefficients in natural order.
	block(part int, b []int16) error
	// restart begins anew after a restart marker.
	restart() error
	// rest returns the position after the scan.
	rest() int
}

// parseScan reads the header of a scan (T.81, B.2.3).
func (d *decoder) parseScan(body []byte) (*scan, error) {
	if d.components == nil {
		return nil, errors.New("jpeg: pixels before the size")
	}
	if len(body) < 1 || len(body) < 4+2*int(body[0]) {
		return nil, io.ErrUnexpectedEOF
	}
	n := int(body[0])
	s := &scan{}
	blocks := 0
	for i := range n {
		at, tables := body[1+2*i], body[2+2*i]
		for j := range d.components {
			if c := &d.components[j]; c.id == at {
				s.parts = append(s.parts, part{c, tables >> 4, tables & 15})
				blocks += c.h * c.v
				break
			}
		}
		if len(s.parts) != i+1 || tables>>4 > 3 || tables&15 > 3 {
			return nil, errors.New("jpeg: damaged scan header")
		}
		for _, other := range s.parts[:i] {
			if other.c == s.parts[i].c {
				return nil, errors.New("jpeg: component twice in a scan")
			}
		}
	}
	tail := body[1+2*n:]
	s.from, s.to, s.high, s.low = int(tail[0]), int(tail[1]), int(tail[2]>>4), int(tail[2]&15)
	if !d.header.Progressive {
		s.from, s.to, s.high, s.low = 0, 63, 0, 0
	}
	switch {
	case n < 1 || n > 4 || n > 1 && blocks > 10,
		s.to > 63 || s.from > s.to || s.low > 13,
		s.high != 0 && s.high != s.low+1,
		d.header.Progressive && (s.from == 0) != (s.to == 0),
		d.header.Progressive && s.from > 0 && n > 1:
		return nil, errors.New("jpeg: damaged scan header")
	}
	for _, p := range s.parts {
		if p.c.hasQuantisation {
			continue
		}
		if !d.defined[p.c.table] {
			return nil, errors.New("jpeg: missing quantisation table")
		}
		p.c.quantisation, p.c.hasQuantisation = d.quantisation[p.c.table], true
	}
	return s, nil
}

// decodeScan reads the coefficients of a scan.
func (d *decoder) decodeScan(s *scan) error {
	if d.skips(s) {
		d.skipped = true // up to the next marker
		return nil
	}
	var e entropy
	var err error
	if d.header.Arithmetic {
		e = d.newArithmetic(s)
	} else if e, err = d.newHuffmanScan(s); err != nil {
		return err
	}
	across, down := d.mcusX, d.mcusY
	alone := len(s.parts) == 1
	if alone { // each block is an MCU, and those beyond the edge are left out
		across, down = ceil(s.parts[0].c.width, 8), ceil(s.parts[0].c.height, 8)
	}
	for i := range across * down {
		if d.restart > 0 && i > 0 && i%d.restart == 0 {
			if err := e.restart(); err != nil {
				return err
			}
		}
		x, y := i%across, i/across
		if alone {
			if err := d.decodeBlock(e, 0, s.parts[0].c, x, y); err != nil {
				return err
			}
			continue
		}
		for j, p := range s.parts {
			for k := range p.c.h * p.c.v {
				if err := d.decodeBlock(e, j, p.c, x*p.c.h+k%p.c.h, y*p.c.v+k/p.c.h); err != nil {
					return err
				}
			}
		}
	}
	d.pos = e.rest()
	return nil
}

// at returns the block in column x and row y.
func (c *component) at(x, y int) []int16 {
	n := c.perBlock
	i := n * (y*c.blocksX + x)
	return c.coefficients[i : i+n : i+n]
}

// afterRestart returns the position after the restart marker that should be at pos.
func afterRestart(data []byte, pos int) (int, error) {
	for ; pos+1 < len(data); pos++ {
		if data[pos] != 0xff {
			continue
		}
		switch m := data[pos+1]; {
		case m >= markerRST0 && m <= markerRST7:
			return pos + 2, nil
		case m != 0 && m != 0xff:
			return 0, errDamaged
		}
	}
	return 0, io.ErrUnexpectedEOF
}
