package main

func lakesideSky(w, h int) *canvas {
	_, sc, cam := lakesideView(w)
	return softened(cam.matte(sc, w, h))
}

func townSky(w, h int) *canvas {
	_, sc, cam := townView(w)
	return softened(cam.matte(sc, w, h))
}

// softened returns a mask with its edges blurred over some four pixels of a
// picture 512 wide, so that two styles meet without a seam.
func softened(c *canvas) *canvas {
	grey := make([]float64, len(c.px))
	for i, p := range c.px {
		grey[i] = p.x
	}
	passes := 4 * c.w * c.w / (512 * 512) // the width grows with their root
	for i, v := range blur(grey, c.w, c.h, passes) {
		c.px[i] = vec{v, v, v}
	}
	return c
}

// opposite draws white what draw draws black.
func opposite(draw func(w, h int) *canvas) func(w, h int) *canvas {
	return func(w, h int) *canvas {
		c := draw(w, h)
		for i, p := range c.px {
			c.px[i] = vec{1, 1, 1}.sub(p)
		}
		return c
	}
}
