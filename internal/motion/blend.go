package motion

import "nst/imgio"

// sameTexture is about how much, as a share of the range of a channel, what is painted and what
// was painted before differ where only the interpolation between pixels makes a difference.
// Less than that is left alone, so that nothing gets blurred that does not flicker.
const sameTexture = 8.0 / 255

// around is how far away pixels count for how much a place flickers, at half the size.
const around = 3

// Blend mixes what was painted with the last result, in place: painted gets a share of warped
// where that can be trusted and differs. trust is that of [Consistent]; share is the most that
// warped gets, 0 to 1.
func Blend(painted, warped *imgio.Planar, trust []float32, share float32, threads int) {
	w, h := (painted.W+1)/2, (painted.H+1)/2
	change := differences(painted, warped, w, h, threads)
	parallel(threads, h, func(y int) {
		for x, d := range change[y*w:][:w] {
			change[y*w+x] = share * trust[y*w+x] * d * d / (d*d + sameTexture*sameTexture)
		}
	})
	Mix(painted, warped, change, 1, threads)
}

// Mix mixes what is painted with another picture, in place. The other one gets a share for each
// pixel, at half the size, times share.
func Mix(painted, warped *imgio.Planar, shares []float32, share float32, threads int) {
	w, h := (painted.W+1)/2, (painted.H+1)/2
	inRows(threads, painted.W, painted.H, 1, func(y int, rows [][]float32) {
		double(rows[0], shares, w, h, y)
		for c := range 3 {
			at := (c*painted.H + y) * painted.W
			from := warped.Pix[at:][:painted.W]
			to := painted.Pix[at:][:painted.W]
			for x, k := range rows[0] {
				to[x] += k * share * (from[x] - to[x])
			}
		}
	})
}

// Alike returns how far a frame and the one before, moved along back, show the same around each
// pixel, 0 to 1, at half their size. It needs no sure motion: in a flat part, any will do. What
// comes from outside gets 0.
func Alike(frame, moved *imgio.Planar, back *Flow, threads int) []float32 {
	w, h := back.W, back.H
	out := differences(frame, moved, w, h, threads)
	for i, d := range out {
		x, y := float32(i%w)+back.U[i], float32(i/w)+back.V[i]
		if x < 0 || y < 0 || x > float32(w-1) || y > float32(h-1) {
			out[i] = 0
			continue
		}
		out[i] = trust(255 * d)
	}
	return out
}

// differences returns the mean difference of two pictures around each pixel, at half their
// size, w by h.
func differences(a, b *imgio.Planar, w, h, threads int) []float32 {
	at := make([]float32, w*h)
	n := a.W * a.H
	parallel(threads, h, func(y int) {
		for x := range w {
			sum := float32(0)
			for c := range 3 {
				i := c*n + 2*y*a.W + 2*x
				d := a.Pix[i] - b.Pix[i]
				sum += max(d, -d)
			}
			at[y*w+x] = sum / 3
		}
	})
	rows, out := make([]float32, w*h), make([]float32, w*h)
	parallel(threads, h, func(y int) { means(rows[y*w:], at[y*w:], w, 1) })
	parallel(threads, w, func(x int) { means(out[x:], rows[x:], h, w) })
	return out
}

// means writes the means of n values, step apart, over those around each.
func means(to, from []float32, n, step int) {
	sum, count := float32(0), 0
	for i := range min(around, n) {
		sum, count = sum+from[i*step], count+1
	}
	for i := range n {
		if j := i + around; j < n {
			sum, count = sum+from[j*step], count+1
		}
		if j := i - around - 1; j >= 0 {
			sum, count = sum-from[j*step], count-1
		}
		to[i*step] = max(0, sum/float32(count))
	}
}
