package imgio

import (
	"encoding/binary"
	"image"
)

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

// linear converts device values in [0, 1], after their input curves, to linear sRGB.
func (l *lookup) linear(v []float32) [3]float64 {
	var rgb [3]float64
	for i, x := range l.xyz(v) {
		rgb[i] = x*l.scale[i] + l.shift[i]
	}
	return transformed(xyzToRGB(), rgb)
}

// xyz converts device values, after their input curves, to the connection space.
func (l *lookup) xyz(v []float32) [3]float64 {
	var out [3]float64
	if l.grid == nil {
		out = [3]float64{float64(v[0]), float64(v[1]), float64(v[2])}
	} else {
		for i, x := range l.interpolate(v, l.grid, l.table) {
			out[i] = float64(x)
		}
	}
	if l.matrix != nil {
		for i, curve := range l.middle {
			out[i] = curve(clamp01(out[i]))
		}
		in := out
		for i, row := range l.matrix {
			out[i] = row[0]*in[0] + row[1]*in[1] + row[2]*in[2] + row[3]
		}
	}
	for i, curve := range l.output {
		out[i] = curve(clamp01(out[i]))
	}
	return l.toXYZ(out)
}

// interpolate looks v up in a table. Up to three dimensions are divided into simplices:
// starting from the corner below v, one goes along the axes in the order of the fractions.
// That keeps greys grey. More dimensions are interpolated one after the other, as LittleCMS
// does.
func (l *lookup) interpolate(v []float32, grid []int, table []float32) [3]float32 {
	var at int
	var fraction [3]float32
	var step [3]int
	n := len(grid)
	stride := len(table)
	if n > 3 {
		stride /= grid[0]
		i, f := cell(v[0], grid[0])
		low := l.interpolate(v[1:], grid[1:], table[i*stride:][:stride])
		if f == 0 {
			return low
		}
		high := l.interpolate(v[1:], grid[1:], table[(i+1)*stride:][:stride])
		for ch := range low {
			low[ch] += f * (high[ch] - low[ch])
		}
		return low
	}
	for d := range n {
		stride /= grid[d]
		i, f := cell(v[d], grid[d])
		at += i * stride
		fraction[d], step[d] = f, stride
	}
	var out [3]float32
	copy(out[:], table[at:at+3])
	for range n {
		next := 0
		for d := range n {
			if fraction[d] > fraction[next] {
				next = d
			}
		}
		if !(fraction[next] > 0) {
			break
		}
		to := at + step[next]
		for ch := range out {
			out[ch] += fraction[next] * (table[to+ch] - table[at+ch])
		}
		at, fraction[next] = to, -1
	}
	return out
}

// cell returns the grid point below v and the way from there to the next, in [0, 1).
func cell(v float32, points int) (int, float32) {
	v *= float32(points - 1)
	i := min(max(int(v), 0), points-2)
	f := min(max(v-float32(i), 0), 1)
	if f == 1 {
		return i + 1, 0
	}
	return i, f
}

// compensate prepares black point compensation: the darkest colour of the device becomes
// black. LittleCMS does so for the perceptual intent with an sRGB profile of version 4.
func (l *lookup) compensate(version4 bool) {
	l.scale = [3]float64{1, 1, 1}
	black := [3]float64{0.00336, 0.0034731, 0.00287} // of the perceptual intent, ICC.1:2010, 6.3.4
	if !version4 {
		v := make([]float64, l.channels)
		if l.channels == 4 {
			v = []float64{1, 1, 1, 1}
		}
		y := l.xyz(l.curved(v))[1]
		const y50 = 0.184187 // L* of 50: not black at all
		if !(y > 0) || y > y50 {
			return
		}
		white := whiteD50()
		for i := range black {
			black[i] = white[i] * y
		}
	}
	for i, w := range whiteD50() {
		l.scale[i] = w / (w - black[i])
		l.shift[i] = -w * black[i] / (w - black[i])
	}
}

// curved applies the input curves.
func (l *lookup) curved(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		if l.input != nil {
			x = clamp01(l.input[i](x))
		}
		out[i] = float32(x)
	}
	return out
}

// apply converts m to sRGB. Colours outside sRGB are clipped channel by channel.
// Transparency is kept.
func (l *lookup) apply(m image.Image) *image.NRGBA64 {
	curves := make([][]float32, l.channels)
	for ch := range curves {
		curves[ch] = make([]float32, 1<<16)
		for v := range curves[ch] {
			x := float64(v) / 0xffff
			if l.input != nil {
				x = clamp01(l.input[ch](x))
			}
			curves[ch][v] = float32(x)
		}
	}
	encode := sRGBTable()
	out := image.NewNRGBA64(image.Rectangle{Max: m.Bounds().Size()})
	each := eachPixel
	if inks, ok := m.(*image.CMYK); ok {
		each = func(_ image.Image, f func(x, y int, px []uint16)) { eachInk(inks, f) }
	}
	each(m, func(x, y int, px []uint16) {
		var device [4]float32
		for ch, curve := range curves {
			device[ch] = curve[px[ch]]
		}
		rgb := l.linear(device[:l.channels])
		dst := out.Pix[y*out.Stride+8*x:]
		for ch, v := range rgb {
			put16(dst[2*ch:], encode(float32(v)))
		}
		alpha := uint16(0xffff)
		if l.channels != 4 {
			alpha = px[3]
		}
		put16(dst[6:], alpha)
	})
	return out
}

// eachInk is eachPixel for the inks of m.
func eachInk(m *image.CMYK, f func(x, y int, px []uint16)) {
	size := m.Rect.Size()
	parallel(size.Y, func(lo, hi int) {
		var px [4]uint16
		for y := lo; y < hi; y++ {
			row := m.Pix[y*m.Stride:]
			for x := range size.X {
				for ch := range px {
					px[ch] = uint16(row[4*x+ch]) * 0x101
				}
				f(x, y, px[:])
			}
		}
	})
}
