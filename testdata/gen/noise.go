package main

import "math"

// hash mixes three integers and a seed into 32 bits that look random.
func hash(x, y, z int, seed uint32) uint32 {
	h := uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841 ^ uint32(z)*0xcb1ab31f ^ seed*0x9e3779b9
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	return h ^ h>>15
}

// chance is hash as a number in [0, 1).
func chance(x, y, z int, seed uint32) float64 {
	return float64(hash(x, y, z, seed)) / (1 << 32)
}

func fade(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }

// noise3 is gradient noise (Perlin 2002), about -1 to 1.
func noise3(p vec) float64 {
	xf, yf, zf := math.Floor(p.x), math.Floor(p.y), math.Floor(p.z)
	x, y, z := int(xf), int(yf), int(zf)
	fx, fy, fz := p.x-xf, p.y-yf, p.z-zf
	g := func(i, j, k int) float64 {
		dx, dy, dz := fx-float64(i), fy-float64(j), fz-float64(k)
		h := hash(x+i, y+j, z+k, 7)
		// One of the twelve directions to the edges of a cube.
		a, b := dx, dy
		switch h % 3 {
		case 1:
			a, b = dy, dz
		case 2:
			a, b = dz, dx
		}
		if h&64 != 0 {
			a = -a
		}
		if h&128 != 0 {
			b = -b
		}
		return a + b
	}
	u, v, w := fade(fx), fade(fy), fade(fz)
	near := lerp(lerp(g(0, 0, 0), g(1, 0, 0), u), lerp(g(0, 1, 0), g(1, 1, 0), u), v)
	far := lerp(lerp(g(0, 0, 1), g(1, 0, 1), u), lerp(g(0, 1, 1), g(1, 1, 1), u), v)
	return lerp(near, far, w)
}

// noise2 is gradient noise over the plane with eight directions, about -1 to 1.
func noise2(x, y float64) float64 {
	xf, yf := math.Floor(x), math.Floor(y)
	ix, iy := int(xf), int(yf)
	fx, fy := x-xf, y-yf
	g := func(i, j int) float64 {
		dx, dy := fx-float64(i), fy-float64(j)
		switch hash(ix+i, iy+j, 0, 3) & 7 {
		case 0:
			return dx + dy
		case 1:
			return dx - dy
		case 2:
			return dy - dx
		case 3:
			return -dx - dy
		case 4:
			return 1.4 * dx
		case 5:
			return -1.4 * dx
		case 6:
			return 1.4 * dy
		}
		return -1.4 * dy
	}
	u, v := fade(fx), fade(fy)
	return lerp(lerp(g(0, 0), g(1, 0), u), lerp(g(0, 1), g(1, 1), u), v)
}

// fbm2 adds octaves of noise, each twice as fine and half as strong as the one
// before; about -1 to 1.
func fbm2(x, y float64, octaves int) float64 {
	sum, amp := 0.0, 0.5
	for range octaves {
		sum += amp * noise2(x, y)
		// Turned by the angle of the 3-4-5 triangle, to hide the grid.
		x, y = 2*(0.8*x-0.6*y)+17.3, 2*(0.6*x+0.8*y)-9.1
		amp /= 2
	}
	return sum
}

// fbm3 is fbm2 in space.
func fbm3(p vec, octaves int) float64 {
	sum, amp := 0.0, 0.5
	for range octaves {
		sum += amp * noise3(p)
		p = vec{2*(0.8*p.x-0.6*p.z) + 11.7, 2*p.y + 5.3, 2*(0.6*p.x+0.8*p.z) - 7.9}
		amp /= 2
	}
	return sum
}

// ridged2 is a multifractal of sharp crests (Musgrave 1998), about 0 to 1: each
// octave is folded at zero and counts most where the one before was high.
func ridged2(x, y float64, octaves int) float64 {
	sum, amp, weight := 0.0, 0.5, 1.0
	for range octaves {
		n := 1 - math.Abs(noise2(x, y))
		n *= n * weight
		sum += amp * n
		weight = clamp(1.6*n, 0, 1)
		x, y = 2.05*(0.8*x-0.6*y)+31.7, 2.05*(0.6*x+0.8*y)-4.9
		amp /= 2
	}
	return sum
}

// cell returns the distances from (x, y) to the nearest and second nearest of
// points strewn one per unit square (Worley 1996), and a random number for the
// nearest one.
func cell(x, y float64, seed uint32) (d1, d2, id float64) {
	ix, iy := int(math.Floor(x)), int(math.Floor(y))
	d1, d2 = 9, 9
	for j := iy - 1; j <= iy+1; j++ {
		for i := ix - 1; i <= ix+1; i++ {
			px := float64(i) + chance(i, j, 1, seed)
			py := float64(j) + chance(i, j, 2, seed)
			d := math.Hypot(px-x, py-y)
			if d < d1 {
				d1, d2, id = d, d1, chance(i, j, 3, seed)
			} else if d < d2 {
				d2 = d
			}
		}
	}
	return d1, d2, id
}
