package jpeg

// arithmetic decodes the blocks of a scan with the arithmetic coding of ITU-T T.81, annex D.
type arithmetic struct {
	*scan
	data   []byte
	pos    int
	marker bool // the data has ended: zeros follow

	code, interval uint32
	count          int // bits left before a byte is needed

	progressive bool
	lower       [4]int32 // conditioning of the parts
	upper       [4]int32
	split       [4]int
	dc          [4][64]context // by table
	ac          [4][256]context
	half        context
	previous    [4]int32 // DC of the parts
	category    [4]int   // context index of the last DC difference
}

// context is a place in the coded data with a probability of its own: the number of a state
// and the more probable symbol.
type context struct{ state, symbol uint8 }

func (d *decoder) newArithmetic(s *scan) *arithmetic {
	a := &arithmetic{scan: s, data: d.data, pos: d.pos, progressive: d.header.Progressive}
	for i, p := range s.parts {
		c := d.arithDC[p.dc]
		a.lower[i], a.upper[i] = 1<<c.lower>>1, 1<<c.upper>>1
		a.split[i] = int(d.arithAC[p.ac])
	}
	a.begin()
	return a
}

// begin forgets everything but the position (T.81, figure D.20).
func (a *arithmetic) begin() {
	a.dc, a.ac = [4][64]context{}, [4][256]context{}
	a.half = context{state: uint8(len(estimates) - 1)}
	a.previous, a.category = [4]int32{}, [4]int{}
	a.marker, a.code, a.interval, a.count = false, 0, 0x10000, 0
	a.readByte()
	a.code <<= 8
	a.readByte()
	a.code <<= 8
}

func (a *arithmetic) rest() int { return a.pos }

func (a *arithmetic) restart() (err error) {
	if a.pos, err = afterRestart(a.data, a.pos); err != nil {
		return err
	}
	a.begin()
	return nil
}

// readByte adds a byte to the code register (figure D.21). Zeros follow the last one.
func (a *arithmetic) readByte() {
	if a.marker || a.pos >= len(a.data) {
		a.marker = true
		return
	}
	b := a.data[a.pos]
	if b == 0xff {
		if a.pos+1 >= len(a.data) || a.data[a.pos+1] != 0 {
			a.marker = true
			return
		}
		a.pos++
	}
	a.pos++
	a.code += uint32(b) << 8
}

// bit decodes a binary decision (figures D.16 to D.19).
func (a *arithmetic) bit(c *context) uint8 {
	e := &estimates[c.state]
	a.interval -= e.qe
	less := false
	switch high := a.code >> 16; {
	case high >= a.interval:
		less = a.interval >= e.qe
		a.code -= a.interval << 16
		a.interval = e.qe
	case a.interval >= 0x8000:
		return c.symbol
	default:
		less = a.interval < e.qe
	}
	symbol := c.symbol
	if less {
		symbol ^= 1
		c.state, c.symbol = e.less, c.symbol^e.exchangeSense
	} else {
		c.state = e.more
	}
	for a.interval < 0x8000 {
		if a.count == 0 {
			a.readByte()
			a.count = 8
		}
		a.interval <<= 1
		a.code <<= 1
		a.count--
	}
	return symbol
}

// block decodes a block; see T.81, F.2.4 and G.1.3.
func (a *arithmetic) block(part int, b []int16) error {
	switch {
	case !a.progressive:
		if err := a.dcFirst(part, b); err != nil {
			return err
		}
		return a.acFirst(part, b, 1)
	case a.from == 0 && a.high == 0:
		return a.dcFirst(part, b)
	case a.from == 0:
		b[0] |= int16(a.bit(&a.half)) << a.low
		return nil
	case a.high == 0:
		return a.acFirst(part, b, a.from)
	}
	return a.acRefine(part, b)
}

// dcFirst decodes the difference to the DC coefficient of the block before (figure F.19).
func (a *arithmetic) dcFirst(part int, b []int16) error {
	stats := a.dc[a.parts[part].dc][:]
	at := a.category[part]
	a.category[part] = 0
	if a.bit(&stats[at]) != 0 {
		sign := a.bit(&stats[at+1])
		at += 2 + int(sign)
		m := int32(a.bit(&stats[at]))
		if m != 0 {
			for at = 20; a.bit(&stats[at]) != 0; at++ {
				if m <<= 1; m == 0x8000 {
					return errDamaged
				}
			}
		}
		switch { // F.1.4.4.1.2
		case m > a.upper[part]:
			a.category[part] = 12 + 4*int(sign)
		case m >= a.lower[part]:
			a.category[part] = 4 + 4*int(sign)
		}
		a.previous[part] += a.magnitude(stats, at+14, m, sign)
	}
	b[0] = int16(a.previous[part] << a.low)
	return nil
}

// magnitude decodes the lower bits of a number whose highest bit is m (figure F.24).
func (a *arithmetic) magnitude(stats []context, at int, m int32, sign uint8) int32 {
	v := m
	for m >>= 1; m != 0; m >>= 1 {
		if a.bit(&stats[at]) != 0 {
			v |= m
		}
	}
	if sign != 0 {
		return -v - 1
	}
	return v + 1
}

// acFirst decodes the other coefficients of a block (figure F.20).
func (a *arithmetic) acFirst(part int, b []int16, from int) error {
	stats := a.ac[a.parts[part].ac][:]
	for k := from; k <= a.to; k++ {
		at := 3 * (k - 1)
		if a.bit(&stats[at]) != 0 { // end of block
			return nil
		}
		for a.bit(&stats[at+1]) == 0 {
			at += 3
			if k++; k > a.to {
				return errDamaged
			}
		}
		sign := a.bit(&a.half)
		at += 2
		m := int32(a.bit(&stats[at]))
		if m != 0 && a.bit(&stats[at]) != 0 {
			m <<= 1
			at = 217
			if k <= a.split[part] {
				at = 189
			}
			for ; a.bit(&stats[at]) != 0; at++ {
				if m <<= 1; m == 0x8000 {
					return errDamaged
				}
			}
		}
		b[zigzag[k]] = int16(a.magnitude(stats, at+14, m, sign) << a.low)
	}
	return nil
}

// acRefine adds a bit to coefficients that are not zero and places new ones (G.1.3.3).
func (a *arithmetic) acRefine(part int, b []int16) error {
	stats := a.ac[a.parts[part].ac][:]
	last := a.to // coefficient that the scans before have set
	for last > 0 && b[zigzag[last]] == 0 {
		last--
	}
	one := int16(1) << a.low
	for k := a.from; k <= a.to; k++ {
		at := 3 * (k - 1)
		if k > last && a.bit(&stats[at]) != 0 { // end of block
			return nil
		}
		for {
			c := &b[zigzag[k]]
			if *c != 0 {
				if a.bit(&stats[at+2]) != 0 {
					if *c > 0 {
						*c += one
					} else {
						*c -= one
					}
				}
				break
			}
			if a.bit(&stats[at+1]) != 0 {
				*c = one
				if a.bit(&a.half) != 0 {
					*c = -one
				}
				break
			}
			at += 3
			if k++; k > a.to {
				return errDamaged
			}
		}
	}
	return nil
}
