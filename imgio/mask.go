package imgio

// OpenMask is [Open] of a picture whose brightness selects: transparency is black, as a layer
// on which only the selection is painted has it.
func OpenMask(path string, limits ...Limit) (*Planar, Info, error) {
	m, info, err := OpenImage(path, limits...)
	if err != nil {
		return nil, Info{}, err
	}
	p := FromImageOver(m, [3]float32{})
	info.Mask, info.Coloured = true, p.isColoured()
	return p, info, nil
}

// isColoured reports whether one pixel in a hundred is clearly no grey.
func (p *Planar) isColoured() bool {
	n := 0
	r, g, b := p.Pix[:p.W*p.H], p.Pix[p.W*p.H:2*p.W*p.H], p.Pix[2*p.W*p.H:]
	for i := range r {
		if max(r[i], g[i], b[i])-min(r[i], g[i], b[i]) > 0.1 {
			n++
		}
	}
	return 100*n > p.W*p.H
}
