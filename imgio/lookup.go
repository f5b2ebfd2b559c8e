package imgio

import "encoding/binary"

// lookup is a colour conversion by a table of many dimensions (ICC.1:2010, 10.8 to 10.10):
// curves of the device's channels, the table, more curves and a matrix, and curves again.
// Any part but the last may be missing.
type lookup struct {
	channels int // of the device: 1, 3 or 4
	input    []func(float64) float64
	grid     []int     // points along each dimension; nil if there is no table
	table    []float32 // three values for each point, the last channel fastest
	middle   []func(float64) float64
	matrix   *[3][4]float64
	output   []func(float64) float64

	toXYZ func(v [3]float64) [3]float64 // from values in [0, 1] to the connection space
	scale [3]float64                    // black point compensation: XYZ times scale plus
	shift [3]float64                    // shift
}

// parseLookup reads a tag of type mft1, mft2 or mAB.
func parseLookup(b []byte, channels int, connection string, version4 bool) (*lookup, error) {
	if len(b) < 32 || int(b[8]) != channels || b[9] != 3 {
		return nil, errProfile
	}
	l := &lookup{channels: channels}
	kind := string(b[:4])
	switch {
	case connection == "XYZ ":
		l.toXYZ = decodeXYZ
	case connection == "Lab " && kind == "mft2":
		l.toXYZ = func(v [3]float64) [3]float64 { // 100 and 127 are 0xff00 here
			for i := range v {
				v[i] *= 65535.0 / 65280
			}
			return labToXYZ(100*v[0], 255*v[1]-128, 255*v[2]-128)
		}
	case connection == "Lab ":
		l.toXYZ = func(v [3]float64) [3]float64 { return labToXYZ(100*v[0], 255*v[1]-128, 255*v[2]-128) }
	default:
		return nil, errProfile
	}
	var err error
	switch kind {
	case "mft1", "mft2":
		err = l.parseTables(b, kind == "mft2")
	case "mAB ":
		err = l.parseStages(b)
	default:
		err = errProfile
	}
	if err != nil {
		return nil, err
	}
	l.compensate(version4)
	return l, nil
}

// parseTables reads the types of ICC version 2, with 8 or 16 bits. Their matrix is for XYZ
// input only, which no device has.
func (l *lookup) parseTables(b []byte, wide bool) error {
	const header = 48
	size, entries, results, rest := 1, 256, 256, b[min(header, len(b)):]
	if wide {
		if len(rest) < 4 {
			return errProfile
		}
		size = 2
		entries, results = int(binary.BigEndian.Uint16(rest)), int(binary.BigEndian.Uint16(rest[2:]))
		rest = rest[4:]
	}
	if entries < 2 || results < 2 {
		return errProfile
	}
	curves := func(n, entries int) ([]func(float64) float64, error) {
		var all []func(float64) float64
		for range n {
			if len(rest) < size*entries {
				return nil, errProfile
			}
			all = append(all, tableCurve(values16(rest[:size*entries], size)))
			rest = rest[size*entries:]
		}
		return all, nil
	}
	var err error
	if l.input, err = curves(l.channels, entries); err != nil {
		return err
	}
	for range l.channels {
		l.grid = append(l.grid, int(b[10]))
	}
	n, err := l.parseGrid(rest, size)
	if err != nil {
		return err
	}
	rest = rest[n:]
	l.output, err = curves(3, results)
	return err
}

// parseStages reads the type of ICC version 4, whose parts are at offsets.
func (l *lookup) parseStages(b []byte) error {
	part := func(i int) []byte { // nil if it is missing
		if offset := int64(binary.BigEndian.Uint32(b[i:])); offset > 0 && offset < int64(len(b)) {
			return b[offset:]
		}
		return nil
	}
	var err error
	if l.output, err = parseCurves(part(12), 3); err != nil {
		return err
	}
	if m := part(16); m != nil {
		if len(m) < 48 {
			return errProfile
		}
		l.matrix = new([3][4]float64)
		for i := range 12 {
			if i < 9 {
				l.matrix[i/3][i%3] = fixed16(m[4*i:])
			} else {
				l.matrix[i-9][3] = fixed16(m[4*i:])
			}
		}
		if l.middle, err = parseCurves(part(20), 3); err != nil {
			return err
		}
	}
	table := part(24)
	if table == nil {
		if l.channels != 3 {
			return errProfile
		}
		return nil
	}
	const header = 20 // 16 grid sizes, the bytes of a value
	if len(table) < header || table[16] < 1 || table[16] > 2 {
		return errProfile
	}
	for i := range l.channels {
		l.grid = append(l.grid, int(table[i]))
	}
	if _, err := l.parseGrid(table[header:], int(table[16])); err != nil {
		return err
	}
	l.input, err = parseCurves(part(28), l.channels)
	return err
}

// parseGrid reads the table itself, whose values have size bytes. It returns how many bytes
// it takes.
func (l *lookup) parseGrid(b []byte, size int) (int, error) {
	n := 3
	for _, points := range l.grid {
		if points < 2 || n > len(b) {
			return 0, errProfile
		}
		n *= points
	}
	if size*n > len(b) {
		return 0, errProfile
	}
	l.table = make([]float32, n)
	values := values16(b[:size*n], size)
	for i := range l.table {
		l.table[i] = float32(binary.BigEndian.Uint16(values[2*i:])) / 0xffff
	}
	return size * n, nil
}

// values16 returns values of 16 bits; those of one byte are repeated as the lower byte.
func values16(b []byte, size int) []byte {
	if size == 2 {
		return b
	}
	wide := make([]byte, 0, 2*len(b))
	for _, v := range b {
		wide = append(wide, v, v)
	}
	return wide
}

// parseCurves reads n curves that follow each other at multiples of 4 bytes.
func parseCurves(b []byte, n int) ([]func(float64) float64, error) {
	var all []func(float64) float64
	for range n {
		if len(b) < 12 {
			return nil, errProfile
		}
		curve, err := parseCurve(b)
		if err != nil {
			return nil, err
		}
		all = append(all, curve)
		size := 12
		switch string(b[:4]) {
		case "curv":
			size += 2 * int(binary.BigEndian.Uint32(b[8:]))
		case "para":
			size += 4 * []int{1, 3, 4, 5, 7}[binary.BigEndian.Uint16(b[8:])]
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return all, nil
}
