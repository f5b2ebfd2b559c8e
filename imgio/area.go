package imgio

// ResizePlane returns a plane of values (h, w) in [0, 1], resampled to (toH, toW). All sizes
// are at least 1. Along a side that shrinks, a new value is the mean over its area; along a
// side that grows, values are interpolated linearly. Results stay in [0, 1], unlike those of
// [Planar.Resize].
func ResizePlane(pix []float32, w, h, toW, toH int) []float32 {
	return resizePlane(pix, w, coverage(w, toW), coverage(h, toH))
}

// resizePlane makes a plane of the given covers of one that is w pixels wide.
func resizePlane(pix []float32, w int, across, down []cover) []float32 {
	h, toW, toH := len(pix)/w, len(across), len(down)
	rows := make([]float64, h*toW)
	for y := range h {
		for x, part := range across {
			for i, share := range part.shares {
				rows[y*toW+x] += share * float64(pix[y*w+part.first+i])
			}
		}
	}
	out := make([]float32, toW*toH)
	for y, part := range down {
		for x := range toW {
			var sum float64
			for i, share := range part.shares {
				sum += share * rows[(part.first+i)*toW+x]
			}
			out[y*toW+x] = min(max(float32(sum), 0), 1)
		}
	}
	return out
}

// cover is how one output sample is made: the sum of shares[i] times input sample first+i.
// The shares add up to 1.
type cover struct {
	first  int
	shares []float64
}

// coverage returns the covers that make n samples into m over the same length.
func coverage(n, m int) []cover {
	out := make([]cover, m)
	for i := range out {
		if m > n {
			at := min(max((float64(i)+0.5)*float64(n)/float64(m)-0.5, 0), float64(n-1))
			first := min(int(at), max(n-2, 0))
			out[i] = cover{first, []float64{1 - (at - float64(first)), at - float64(first)}[:min(n, 2)]}
			continue
		}
		// In units of 1/m of an input sample, output i covers i*n to (i+1)*n, and input j
		// covers j*m to (j+1)*m.
		first, last := i*n/m, ((i+1)*n-1)/m
		c := cover{first, make([]float64, last-first+1)}
		for j := range c.shares {
			begin, end := (first+j)*m, (first+j+1)*m
			c.shares[j] = float64(min(end, (i+1)*n)-max(begin, i*n)) / float64(n)
		}
		out[i] = c
	}
	return out
}
