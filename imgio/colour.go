package imgio

import (
	"image"
	"math"
)

// xyzToRGB returns the matrix from CIE XYZ under D50, the connection space of ICC profiles,
// to linear sRGB: the inverse of the sRGB primaries of IEC 61966-2-1, adapted from D65 to
// D50 by the Bradford method.
func xyzToRGB() [3][3]float64 {
	return [3][3]float64{
		{3.1338561, -1.6168667, -0.4906146},
		{-0.9787684, 1.9161415, 0.0334540},
		{0.0719453, -0.2289914, 1.4052427},
	}
}

func product(a, b [3][3]float64) (c [3][3]float64) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c
}

// encodeSRGB is the transfer function of IEC 61966-2-1 on [0, 1].
func encodeSRGB(x float64) float64 {
	if x <= 0.0031308 {
		return 12.92 * x
	}
	return 1.055*math.Pow(x, 1/2.4) - 0.055
}

// isSRGB reports whether p differs from sRGB by no more than one level of 8 bits.
func (p *profile) isSRGB() bool {
	if p.table != nil {
		return false
	}
	const steps = 8
	for i := range (steps + 1) * (steps + 1) * (steps + 1) {
		var in, lin [3]float64
		for ch, n := 0, i; ch < 3; ch, n = ch+1, n/(steps+1) {
			in[ch] = float64(n%(steps+1)) / steps
			if p.grey {
				in[ch] = in[0]
			}
			lin[ch] = p.curve[ch](in[ch])
		}
		for ch, m := range p.toRGB {
			out := encodeSRGB(min(max(m[0]*lin[0]+m[1]*lin[1]+m[2]*lin[2], 0), 1))
			if !(math.Abs(out-in[ch]) <= 1.0/255) {
				return false
			}
		}
	}
	return true
}

// apply converts m to sRGB, relative to the white of the profile. Colours outside sRGB are
// clipped channel by channel. Transparency is kept.
func (p *profile) apply(m image.Image) *image.NRGBA64 {
	if p.table != nil {
		return p.table.apply(m)
	}
	var linear [3][]float32
	for ch := range linear {
		linear[ch] = make([]float32, 1<<16)
		for v := range linear[ch] {
			linear[ch][v] = float32(p.curve[ch](float64(v) / 0xffff))
		}
	}
	var mat [3][3]float32
	for i, row := range p.toRGB {
		for j, v := range row {
			mat[i][j] = float32(v)
		}
	}
	encode := sRGBTable()
	out := image.NewNRGBA64(image.Rectangle{Max: m.Bounds().Size()})
	eachPixel(m, func(x, y int, px []uint16) {
		r, g, b := linear[0][px[0]], linear[1][px[1]], linear[2][px[2]]
		dst := out.Pix[y*out.Stride+8*x:]
		for ch, row := range mat {
			put16(dst[2*ch:], encode(float32(row[0]*r)+float32(row[1]*g)+float32(row[2]*b)))
		}
		put16(dst[6:], px[3])
	})
	return out
}

// sRGBTable returns a fast encodeSRGB that clamps its argument and returns 16 bits. It
// interpolates a table linearly; the error is below a tenth of a level.
func sRGBTable() func(float32) uint16 {
	const n = 1 << 14
	var table [n + 2]float32
	for i := range table {
		table[i] = float32(encodeSRGB(min(float64(i)/n, 1)) * 0xffff)
	}
	return func(x float32) uint16 {
		if !(x > 0) {
			return 0
		}
		x = min(x, 1) * n
		i := int(x)
		return uint16(table[i] + float32((x-float32(i))*(table[i+1]-table[i])) + 0.5)
	}
}
