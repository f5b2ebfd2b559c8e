package jpeg

// arithmetic decodes the blocks of a scan from decisions: the statistical models of ITU-T
// T.81, F.1.4 and G.1.3.
type arithmetic struct {
	*scan
	qm
	progressive bool
	models      [4]model // of the parts
	dc          [4]dcBins
	ac          [4]acBins
	sign        bin // of AC coefficients: no decision changes it
}

// model is what one component of the scan needs.
type model struct {
	dc       *dcBins
	ac       *acBins
	bounds   conditioning
	split    int   // Kx: coefficients above it have bins of their own for large numbers
	previous int32 // DC coefficient of the block before
	class    int   // of the difference before; see conditioning.class
}

// dcBins are the statistics of table F.4.
type dcBins struct {
	start  [5][4]bin // by class: is it not zero, is it negative, is it more than 1, less than -1
	ladder ladder
}

// acBins are the statistics of table F.5.
type acBins struct {
	start   [64][3]bin // by coefficient: is the block at its end, is it not zero, is it more than 1
	ladders [2]ladder  // up to Kx, above it
}

// ladder are the statistics of numbers by their length in bits, less 1: are there more bits
// (X of the tables), and the bits below the highest one (M).
type ladder struct{ more, bits [15]bin }

// conditioning says which DC differences are large (L and U of F.1.4.4.1.2).
type conditioning struct{ lower, upper uint8 }

// class returns 0 for a small difference, 1 for a larger positive one and 2 for a negative
// one, 3 and 4 for a large one.
func (c conditioning) class(diff int32) int {
	size, class := diff, 1
	if diff < 0 {
		size, class = -diff, 2
	}
	switch {
	case size <= 1<<c.lower/2:
		return 0
	case size > 1<<c.upper:
		class += 2
	}
	return class
}

func (d *decoder) newArithmetic(s *scan) *arithmetic {
	a := &arithmetic{scan: s, qm: qm{data: d.data, pos: d.pos}, progressive: d.header.Progressive}
	for i, p := range s.parts {
		a.models[i] = model{dc: &a.dc[p.dc], ac: &a.ac[p.ac], bounds: d.arithDC[p.dc], split: int(d.arithAC[p.ac])}
	}
	a.begin()
	return a
}

// begin forgets everything but the position (T.81, F.2.4.4).
func (a *arithmetic) begin() {
	a.dc, a.ac = [4]dcBins{}, [4]acBins{}
	a.sign = bin{row: even}
	for i := range a.models {
		a.models[i].previous, a.models[i].class = 0, 0
	}
	a.start()
}

func (a *arithmetic) rest() int { return a.pos }

func (a *arithmetic) restart() (err error) {
	if a.pos, err = afterRestart(a.data, a.pos); err != nil {
		return err
	}
	a.begin()
	return nil
}

// block decodes a block; see T.81, F.2.4 and G.1.3.
func (a *arithmetic) block(part int, b []int16) error {
	m := &a.models[part]
	switch {
	case !a.progressive:
		if err := a.dcFirst(m, b); err != nil {
			return err
		}
		return a.acFirst(m, b, 1)
	case a.from == 0 && a.high == 0:
		return a.dcFirst(m, b)
	case a.from == 0:
		if a.decide(&a.sign) {
			b[0] |= 1 << a.low
		}
		return nil
	case a.high == 0:
		return a.acFirst(m, b, a.from)
	}
	return a.acRefine(m, b)
}

// dcFirst decodes the difference to the DC coefficient of the block before (F.1.4.1).
func (a *arithmetic) dcFirst(m *model, b []int16) error {
	s := &m.dc.start[m.class]
	diff := int32(0)
	if a.decide(&s[0]) {
		negative, larger := a.decide(&s[1]), &s[2]
		if negative {
			larger = &s[3]
		}
		diff = 1
		if a.decide(larger) {
			n, err := a.number(&m.dc.ladder, 1)
			if err != nil {
				return err
			}
			diff += n
		}
		if negative {
			diff = -diff
		}
	}
	m.class = m.bounds.class(diff)
	m.previous += diff
	b[0] = int16(m.previous << a.low)
	return nil
}

// number decodes a positive number of n bits or more (F.1.4.3).
func (a *arithmetic) number(l *ladder, n int) (int32, error) {
	for ; a.decide(&l.more[n-1]); n++ {
		if n == len(l.more) {
			return 0, errDamaged
		}
	}
	v := int32(1)
	for range n - 1 {
		v <<= 1
		if a.decide(&l.bits[n-1]) {
			v++
		}
	}
	return v, nil
}

// acFirst decodes the coefficients from a place on (F.1.4.2, G.1.3.2). The question whether
// the block is at its end is not asked after a coefficient of zero.
func (a *arithmetic) acFirst(m *model, b []int16, from int) error {
	afterZero := false
	for k := from; k <= a.to; k++ {
		s := &m.ac.start[k]
		if !afterZero && a.decide(&s[0]) {
			return nil
		}
		if afterZero = !a.decide(&s[1]); afterZero {
			continue
		}
		v, err := a.acNumber(m, k)
		if err != nil {
			return err
		}
		b[zigzag[k]] = int16(v << a.low)
	}
	if afterZero {
		return errDamaged
	}
	return nil
}

// acNumber decodes coefficient k, which is not zero.
func (a *arithmetic) acNumber(m *model, k int) (v int32, err error) {
	negative, larger := a.decide(&a.sign), &m.ac.start[k][2]
	v = 1
	switch {
	case !a.decide(larger):
	case !a.decide(larger): // the first rung of the ladder has the same statistics
		v = 2
	default:
		l := &m.ac.ladders[0]
		if k > m.split {
			l = &m.ac.ladders[1]
		}
		n, err := a.number(l, 2)
		if err != nil {
			return 0, err
		}
		v += n
	}
	if negative {
		v = -v
	}
	return v, nil
}

// acRefine adds a bit to coefficients that are not zero and places new ones (G.1.3.3). The
// block does not end before the last coefficient that earlier scans have set.
func (a *arithmetic) acRefine(m *model, b []int16) error {
	last, one := 0, int16(1)<<a.low
	for k := a.from; k <= a.to; k++ {
		if b[zigzag[k]] != 0 {
			last = k
		}
	}
	afterZero := false
	for k := a.from; k <= a.to; k++ {
		s, c := &m.ac.start[k], &b[zigzag[k]]
		if !afterZero && k > last && a.decide(&s[0]) {
			return nil
		}
		afterZero = false
		switch {
		case *c > 0:
			if a.decide(&s[2]) {
				*c += one
			}
		case *c < 0:
			if a.decide(&s[2]) {
				*c -= one
			}
		case !a.decide(&s[1]):
			afterZero = true
		case a.decide(&a.sign):
			*c = -one
		default:
			*c = one
		}
	}
	if afterZero {
		return errDamaged
	}
	return nil
}
