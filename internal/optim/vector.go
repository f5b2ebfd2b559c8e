package optim

import "math"

// Vector is the arithmetic that the optimisers need. The arguments of a call have the same
// length. They do not overlap, unless they are the same slice. Sums are computed in float64
// and must depend on the data alone, or the same run gives different pictures on different
// machines. Infinities and NaN must be kept: AbsSum of a slice with one of them is not finite.
type Vector interface {
	Dot(x, y []float32) float64                  // sum x[i] y[i]
	AbsSum(x []float32) float64                  // sum |x[i]|
	AbsMax(x []float32) float32                  // max |x[i]|, 0 for none
	Axpy(a float32, x, y []float32)              // y[i] += a x[i]
	Scale(dst []float32, a float32, x []float32) // dst[i] = a x[i]; dst may be x
	Sub(dst, x, y []float32)                     // dst[i] = x[i] - y[i]; dst may be x or y
	Copy(dst, src []float32)                     // dst[i] = src[i]; neither need come from Make
	Clear(x []float32)                           // x[i] = 0
	Make(n int) []float32                        // n zeros, in memory that the other methods are fast with

	// Adam does step t of [Adam] on x, counted from 1. g is the gradient, m and v are the
	// running means of g and g².
	Adam(x, g, m, v []float32, rate, beta1, beta2, eps float64, t int)
}

// Recursion has optional methods of a [Vector]: a step of each of the two loops of L-BFGS. It
// is for devices from which a sum is slow to read. α[i] stays on the device between Down and
// Up.
type Recursion interface {
	Down(i int, rho float64, s, y, d []float32) // α[i] = rho s·d, then d -= α[i] y
	Up(i int, rho float64, s, y, d []float32)   // d += (α[i] - rho y·d) s
}

// chunk is how many values are summed before the sum joins the total.
const chunk = 1024

// Plain is [Vector] in Go, on one core. Sums are computed in float64 and in order, over
// chunks of 1024 values with four partial sums each.
type Plain struct{}

// Dot returns sum x[i] y[i].
func (Plain) Dot(x, y []float32) float64 {
	y = y[:len(x)]
	total := 0.0
	for len(x) > 0 {
		n := min(chunk, len(x))
		total += dotChunk(x[:n], y[:n])
		x, y = x[n:], y[n:]
	}
	return total
}

// dotChunk gives the same result with and without fused multiply-add, because the product of
// two float32 is exact in float64.
func dotChunk(x, y []float32) float64 {
	var s0, s1, s2, s3 float64
	for len(x) >= 4 && len(y) >= 4 {
		s0 += float64(x[0]) * float64(y[0])
		s1 += float64(x[1]) * float64(y[1])
		s2 += float64(x[2]) * float64(y[2])
		s3 += float64(x[3]) * float64(y[3])
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s0 += float64(v) * float64(y[i])
	}
	return (s0 + s1) + (s2 + s3)
}

// AbsSum returns sum |x[i]|.
func (Plain) AbsSum(x []float32) float64 {
	total := 0.0
	for len(x) > 0 {
		n := min(chunk, len(x))
		total += absChunk(x[:n])
		x = x[n:]
	}
	return total
}

func absChunk(x []float32) float64 {
	var s0, s1, s2, s3 float64
	for len(x) >= 4 {
		s0 += math.Abs(float64(x[0]))
		s1 += math.Abs(float64(x[1]))
		s2 += math.Abs(float64(x[2]))
		s3 += math.Abs(float64(x[3]))
		x = x[4:]
	}
	for _, v := range x {
		s0 += math.Abs(float64(v))
	}
	return (s0 + s1) + (s2 + s3)
}

// AbsMax returns max |x[i]|: 0 for an empty slice, NaN if x has one.
func (Plain) AbsMax(x []float32) float32 {
	var m float32
	for _, v := range x {
		m = max(m, v, -v)
	}
	return m
}

// Axpy does y[i] += a x[i]. It rounds twice on every machine.
func (Plain) Axpy(a float32, x, y []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += float32(a * v)
	}
}

// Scale does dst[i] = a x[i].
func (Plain) Scale(dst []float32, a float32, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = a * v
	}
}

// Sub does dst[i] = x[i] - y[i].
func (Plain) Sub(dst, x, y []float32) {
	dst, y = dst[:len(x)], y[:len(x)]
	for i, v := range x {
		dst[i] = v - y[i]
	}
}

// Copy does dst[i] = src[i].
func (Plain) Copy(dst, src []float32) { copy(dst, src) }

// Clear does x[i] = 0.
func (Plain) Clear(x []float32) { clear(x) }

// Make returns n zeros.
func (Plain) Make(n int) []float32 { return make([]float32, n) }

// Adam does one step in the order of operations of torch.optim.Adam. It rounds after each
// operation on every machine.
func (Plain) Adam(x, g, m, v []float32, rate, beta1, beta2, eps float64, t int) {
	b1, b2 := float32(beta1), float32(beta2)
	rest1, rest2 := float32(1-beta1), float32(1-beta2)
	step := float32(-rate / (1 - math.Pow(beta1, float64(t))))
	root := float32(math.Sqrt(1 - math.Pow(beta2, float64(t))))
	small := float32(eps)
	m, v = m[:len(x)], v[:len(x)]
	for i, gi := range g[:len(x)] {
		// The conversions round each product, so that no machine fuses it into the sum.
		mi := float32(m[i]*b1) + float32(rest1*gi)
		vi := float32(v[i]*b2) + float32(float32(rest2*gi)*gi)
		m[i], v[i] = mi, vi
		x[i] += float32(step*mi) / (float32(math.Sqrt(float64(vi)))/root + small)
	}
}
