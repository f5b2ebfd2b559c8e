package jpeg

// qm decodes binary decisions from bytes: the QM-coder of ITU-T T.81, annex D. Names of its
// registers are those of D.2.
type qm struct {
	data  []byte
	pos   int
	ended bool // there are no more bytes: zeros follow

	c  uint32 // code register: the upper 16 bits are compared with a
	a  uint32 // interval
	ct int    // shifts until a byte is needed
}

// bin is the statistics of one kind of decision: a row of the estimates, and the symbol that
// is more probable.
type bin struct{ row, mps uint8 }

// start begins to decode at the position (procedure Initdec, figure D.22).
func (q *qm) start() {
	q.ended, q.c, q.a, q.ct = false, 0, 0x10000, 0
	for range 2 {
		q.byteIn()
		q.c <<= 8
	}
}

// byteIn adds a byte to the code register (figures D.20 and D.21). 0xff 0x00 is a byte of
// 0xff; any other byte after 0xff belongs to a marker, which ends the data.
func (q *qm) byteIn() {
	var b, skip byte
	switch rest := q.data[q.pos:]; {
	case q.ended || len(rest) == 0:
	case rest[0] != 0xff:
		b, skip = rest[0], 1
	case len(rest) > 1 && rest[1] == 0:
		b, skip = 0xff, 2
	}
	q.ended = skip == 0
	q.pos += int(skip)
	q.c += uint32(b) << 8
}

// decide decodes a decision and updates its statistics (figures D.16 to D.19). The interval
// of the less probable symbol, of length Qe, lies above that of the other. It may be the
// longer of the two; then they stand for each other's symbol.
func (q *qm) decide(s *bin) bool {
	qe := uint32(qeValue[s.row])
	q.a -= qe
	lower, short := q.c>>16 < q.a, q.a < qe
	if lower && q.a >= 0x8000 {
		return s.mps == 1
	}
	if !lower {
		q.c -= q.a << 16
		q.a = qe
	}
	symbol := s.mps
	if lower != short {
		s.row = nextMPS[s.row]
	} else {
		symbol ^= 1
		if switchMPS[s.row] {
			s.mps ^= 1
		}
		s.row = nextLPS[s.row]
	}
	for q.a < 0x8000 {
		if q.ct == 0 {
			q.byteIn()
			q.ct = 8
		}
		q.a, q.c, q.ct = q.a<<1, q.c<<1, q.ct-1
	}
	return symbol == 1
}
