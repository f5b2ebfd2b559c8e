package main

import "math"

// sky is the light of a day with cumulus clouds. Heights and distances are in
// kilometres.
type sky struct {
	sun             vec // direction to the sun
	zenith, horizon vec // colours of the clear air
	warm            vec // colour of sunlight
	cover           float64
	seed            float64
	dome            *canvas // what look returns, see at
	wide            float64 // azimuth at the right edge of dome
}

const cloudBase, cloudTop = 1.1, 3.0

// clear is the colour of the air without clouds.
func (s *sky) clear(d vec) vec {
	up := math.Sqrt(clamp(d.y, 0, 1))
	c := s.horizon.mix(s.zenith, step(0, 1, 1.25*up))
	glow := math.Pow(clamp(0.5+0.5*d.dot(s.sun), 0, 1), 6)
	return c.add(s.warm.scale(0.10 * glow * (1.1 - up)))
}

// density of the clouds at p: heaps on a flat base, eaten away by noise.
func (s *sky) density(p vec, detail int) float64 {
	h := (p.y - cloudBase) / (cloudTop - cloudBase)
	if h <= 0 || h >= 1 {
		return 0
	}
	heap := fbm2(p.x*0.22+s.seed, p.z*0.22-s.seed, 3) + s.cover
	heap -= 0.55*h + 0.25*(1-step(0, 0.08, h))
	if heap < -0.3 {
		return 0
	}
	q := vec{p.x*1.1 + s.seed, p.y * 1.3, p.z * 1.1}
	return clamp(5*(heap+0.62*fbm3(q, detail)), 0, 1)
}

// look marches through the layer of clouds along d from the ground.
func (s *sky) look(d vec) vec {
	air := s.clear(d)
	if d.y < 0.01 {
		return air
	}
	near, far := cloudBase/d.y, min(cloudTop/d.y, 45)
	if near > 42 {
		return air
	}
	const steps = 56
	dt := (far - near) / steps
	left := 1.0 // light that still gets through
	var sum vec
	cos := d.dot(s.sun)
	phase := 0.55 + 0.9*math.Pow(clamp(0.5+0.5*cos, 0, 1), 5)
	for i := range steps {
		t := near + dt*(float64(i)+0.5)
		p := d.scale(t)
		rho := s.density(p, 5)
		if rho <= 0 {
			continue
		}
		depth := 0.0
		for k := range 5 {
			depth += s.density(p.add(s.sun.scale(0.07*float64(k*k+1))), 3) * 0.09 * float64(k+1)
		}
		h := (p.y - cloudBase) / (cloudTop - cloudBase)
		lit := s.warm.scale((math.Exp(-7*depth) + 0.35*math.Exp(-1.6*depth)) * phase)
		lit = lit.add(s.zenith.mix(s.horizon, 0.45).scale(0.5 + 0.6*h))
		a := 1 - math.Exp(-11*rho*min(dt, 0.3))
		lit = lit.mix(s.horizon, 1-math.Exp(-t/26))
		sum = sum.add(lit.scale(a * left))
		if left *= 1 - a; left < 0.01 {
			break
		}
	}
	return sum.add(air.scale(left))
}

// paint looks in all directions up to wide to the left and right of z, so that
// at only has to look them up.
func (s *sky) paint(w int, wide float64) {
	c := newCanvas(w, w/2)
	rows(c.h, func(j int) {
		e := math.Pi / 2 * sq((float64(j)+0.5)/float64(c.h))
		se, ce := math.Sincos(e)
		for i := range w {
			sa, ca := math.Sincos(wide * (2*(float64(i)+0.5)/float64(w) - 1))
			c.px[j*w+i] = s.look(vec{sa * ce, se, ca * ce})
		}
	})
	s.dome, s.wide = c, wide
}

// at is the light from direction d. Behind the camera, the sky in front of it
// is repeated as in a mirror.
func (s *sky) at(d vec) vec {
	az := math.Atan2(d.x, d.z)
	for math.Abs(az) > s.wide {
		az = math.Copysign(2*s.wide-math.Abs(az), az)
		if s.wide > math.Pi/2 {
			break
		}
	}
	e := math.Asin(clamp(d.y, 0, 1))
	return s.dome.sample((az/s.wide+1)/2*float64(s.dome.w), math.Sqrt(e/(math.Pi/2))*float64(s.dome.h))
}

// light is the lamp of a scene lit by a sun of the given power, about three
// times as wide as the real one for soft edges.
func (s *sky) light(power vec) func(p vec, u, v float64) (to, power vec) {
	x, y := s.sun.basis()
	return func(_ vec, u, v float64) (vec, vec) {
		r := 0.014 * math.Sqrt(u)
		sn, cs := math.Sincos(2 * math.Pi * v)
		return s.sun.add(x.scale(r * cs)).add(y.scale(r * sn)).unit().scale(1e5), power
	}
}
