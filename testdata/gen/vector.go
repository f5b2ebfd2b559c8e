package main

import "math"

// vec is a point, a direction or a colour (x, y, z for red, green, blue).
type vec struct{ x, y, z float64 }

func (a vec) add(b vec) vec            { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec            { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) mul(b vec) vec            { return vec{a.x * b.x, a.y * b.y, a.z * b.z} }
func (a vec) scale(s float64) vec      { return vec{a.x * s, a.y * s, a.z * s} }
func (a vec) dot(b vec) float64        { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) len() float64             { return math.Sqrt(a.dot(a)) }
func (a vec) unit() vec                { return a.scale(1 / max(a.len(), 1e-12)) }
func (a vec) mix(b vec, t float64) vec { return a.add(b.sub(a).scale(t)) }
func (a vec) max() float64             { return max(a.x, a.y, a.z) }

func (a vec) cross(b vec) vec {
	return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

// each applies f to every component.
func (a vec) each(f func(float64) float64) vec { return vec{f(a.x), f(a.y), f(a.z)} }

// basis returns two directions that form a right angle with the unit vector n
// and with each other.
func (a vec) basis() (u, v vec) {
	u = vec{0, 1, 0}
	if math.Abs(a.y) > 0.9 {
		u = vec{1, 0, 0}
	}
	u = u.cross(a).unit()
	return u, a.cross(u)
}

// rgb is the colour 0xRRGGBB with components in [0, 1], in display (sRGB) values.
func rgb(c uint32) vec {
	return vec{float64(c >> 16), float64(c >> 8 & 255), float64(c & 255)}.scale(1.0 / 255)
}

// light is the colour 0xRRGGBB in linear light, for the renderer.
func light(c uint32) vec { return rgb(c).each(toLinear) }

// toLinear and toDisplay are the two directions of the sRGB transfer curve.
func toLinear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func toDisplay(v float64) float64 {
	if v <= 0.0031308 {
		return max(v, 0) * 12.92
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// ramp returns the colour at t along evenly spaced stops over [0, 1].
func ramp(t float64, stops ...vec) vec {
	f := clamp(t, 0, 1) * float64(len(stops)-1)
	i := min(int(f), len(stops)-2)
	return stops[i].mix(stops[i+1], f-float64(i))
}

// hsv turns hue (turns), saturation and value into a colour.
func hsv(h, s, v float64) vec {
	c := func(k float64) float64 {
		k = math.Mod(k+6*(h-math.Floor(h)), 6)
		return v - v*s*clamp(min(k, 4-k), 0, 1)
	}
	return vec{c(5), c(3), c(1)}
}

// turn returns c with its hue moved by dh turns and its saturation and value
// multiplied.
func turn(c vec, dh, sat, val float64) vec {
	hi, lo := c.max(), min(c.x, c.y, c.z)
	d, h := hi-lo, 0.0
	switch {
	case d == 0:
	case hi == c.x:
		h = (c.y - c.z) / d
	case hi == c.y:
		h = 2 + (c.z-c.x)/d
	default:
		h = 4 + (c.x-c.y)/d
	}
	s := d / max(hi, 1e-9)
	return hsv(h/6+dh, clamp(s*sat, 0, 1), clamp(hi*val, 0, 1))
}

func clamp(v, lo, hi float64) float64 { return min(max(v, lo), hi) }
func lerp(a, b, t float64) float64    { return a + (b-a)*t }
func fract(v float64) float64         { return v - math.Floor(v) }
func sq(v float64) float64            { return v * v }

// step rises smoothly from 0 at a to 1 at b; b may be below a.
func step(a, b, v float64) float64 {
	t := clamp((v-a)/(b-a), 0, 1)
	return t * t * (3 - 2*t)
}
