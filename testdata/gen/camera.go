package main

import "math"

// camera is a thin lens that looks from eye to target.
type camera struct {
	eye, target vec
	fov         float64 // across the width, in radians
	lens        float64 // radius of the lens, for the depth of field
	focus       float64 // distance of what is sharp
	exposure    float64
	paths       int // along each side of the grid of paths for a pixel
}

// render takes the picture.
func (cam camera) render(sc *scene, w, h int) *canvas {
	c := newCanvas(w, h)
	z := cam.target.sub(cam.eye).unit()
	x := vec{0, 1, 0}.cross(z).unit()
	y := z.cross(x)
	half := math.Tan(cam.fov / 2)
	rows(h, func(j int) {
		for i := range w {
			var sum vec
			for k := range cam.paths * cam.paths {
				rnd := &sampler{pixel: hash(i, j, 0, 5), i: k, k: cam.paths}
				u, v := rnd.pair()
				px := (2*(float64(i)+tent(u))/float64(w) - 1) * half
				py := (float64(h) - 2*(float64(j)+tent(v))) / float64(w) * half
				d := z.add(x.scale(px)).add(y.scale(py))
				o := cam.eye
				if cam.lens > 0 {
					a, b := rnd.pair()
					s, t := math.Sincos(2 * math.Pi * b)
					off := x.scale(s).add(y.scale(t)).scale(cam.lens * math.Sqrt(a))
					o = o.add(off)
					d = d.sub(off.scale(1 / cam.focus))
				}
				l := sc.trace(o, d.unit(), rnd)
				// A bright speck counts for no more than a bright area.
				sum = sum.add(l.scale(1 / max(1, l.max()*cam.exposure/6)))
			}
			mean := sum.scale(cam.exposure / float64(cam.paths*cam.paths))
			fx, fy := 2*float64(i)/float64(w)-1, 2*float64(j)/float64(h)-1
			c.px[j*w+i] = film(mean.scale(1 - 0.12*(fx*fx+fy*fy)))
		}
	})
	return c
}

// tent maps a uniform number to the offset of a sample in its pixel by a filter
// one and a half pixels wide.
func tent(u float64) float64 {
	if u < 0.5 {
		return 0.5 + 0.75*(math.Sqrt(2*u)-1)
	}
	return 0.5 + 0.75*(1-math.Sqrt(2-2*u))
}

// film turns light into display values: straight in the shadows, with a
// shoulder that keeps the lights from burning out, and a little more contrast.
func film(c vec) vec {
	return c.each(func(v float64) float64 {
		v = max(v, 0)
		v = v * (1 + v/9) / (1 + 0.75*v) * 1.12
		d := clamp(toDisplay(v), 0, 1)
		return lerp(d, d*d*(3-2*d), 0.35)
	})
}

// paths is the side of the grid of paths for a pixel: fewer for a quick look.
func paths(w int) int {
	if w < 400 {
		return 4
	}
	return 8
}
