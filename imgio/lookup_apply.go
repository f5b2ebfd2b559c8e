package imgio

import "image"

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
