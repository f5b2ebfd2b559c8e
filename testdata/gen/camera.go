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
	c := cam.expose(w, h, func(o, d vec, rnd *sampler) vec {
		l := sc.trace(o, d, rnd)
		// A bright speck counts for no more than a bright area.
		return l.scale(1 / max(1, l.max()*cam.exposure/6))
	})
	for i, light := range c.px {
		fx, fy := 2*float64(i%w)/float64(w)-1, 2*float64(i/w)/float64(h)-1
		c.px[i] = film(light.scale(1 - 0.12*(fx*fx+fy*fy)))
	}
	return c
}

// matte takes the mask that belongs to the picture: white where the sky is seen,
// grey where it is seen through leaves or past an edge, black elsewhere.
func (cam camera) matte(sc *scene, w, h int) *canvas {
	cam.exposure = 1
	return cam.expose(w, h, func(o, d vec, _ *sampler) vec {
		if tri, _, _, _ := sc.hit(o, d, math.Inf(1), true); tri >= 0 {
			return vec{}
		}
		return vec{1, 1, 1}
	})
}

// expose sends the paths of each pixel on their way and returns the mean of what
// light says of them, times the exposure.
func (cam camera) expose(w, h int, light func(o, d vec, rnd *sampler) vec) *canvas {
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
				sum = sum.add(light(o, d.unit(), rnd))
			}
			c.px[j*w+i] = sum.scale(cam.exposure / float64(cam.paths*cam.paths))
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
