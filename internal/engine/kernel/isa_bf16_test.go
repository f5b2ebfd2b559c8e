package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBF16Rounding compares toBF16 with the nearest of the two neighbours.
func TestBF16Rounding(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	value := func(b uint16) float64 { return float64(math.Float32frombits(uint32(b) << 16)) }
	for range 100000 {
		f := math.Float32frombits(r.Uint32())
		if b := math.Float32bits(f) & 0x7f800000; b == 0 || b >= 0x7f000000 {
			continue
		}
		got, down := toBF16(f), uint16(math.Float32bits(f)>>16)
		want, below, above := down, math.Abs(float64(f)-value(down)), math.Abs(value(down+1)-float64(f))
		if above < below || above == below && down&1 != 0 {
			want++
		}
		if got != want {
			t.Fatalf("%v is %04x, want %04x", f, got, want)
		}
	}
	for _, c := range []struct {
		f    float32
		want uint16
	}{
		{0, 0},
		{float32(math.Copysign(0, -1)), 0x8000},
		{math.SmallestNonzeroFloat32, 0},
		{-math.SmallestNonzeroFloat32, 0x8000},
		{math.MaxFloat32, 0x7f80},
		{float32(math.Inf(-1)), 0xff80},
		{1, 0x3f80},
		{1 + 1./256, 0x3f80},
		{1 + 3./256, 0x3f82},
	} {
		if got := toBF16(c.f); got != c.want {
			t.Errorf("%v is %04x, want %04x", c.f, got, c.want)
		}
	}
	if f, _ := toBF16(float32(math.NaN())), 0; f&0x7f80 != 0x7f80 || f&0x7f == 0 {
		t.Errorf("NaN is %04x", f)
	}
}

// bf16Values returns numbers of all kinds, as one is likely to meet them: few are denormal.
func bf16Values(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * math.Exp2(float64(r.IntN(12)-6)))
		switch r.IntN(20) {
		case 0:
			x[i] = 0
		case 1:
			x[i] *= 0x1p-130
		}
	}
	return x
}

// bf16Pairs returns pairs of such numbers.
func bf16Pairs(r *rand.Rand, n int) []float32 {
	p := make([]float32, n)
	for i := range p {
		x := bf16Values(r, 2)
		p[i] = pair(x[0], x[1])
	}
	return p
}

// sameBits fails unless two slices have the same bits.
func sameBits(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i, v := range want {
		if math.Float32bits(got[i]) != math.Float32bits(v) {
			t.Fatalf("%s: element %d of %d is %08x, want %08x", name, i, len(want), math.Float32bits(got[i]), math.Float32bits(v))
		}
	}
}

// bf16Kernels returns the kernels in assembly that this processor has.
func bf16Kernels(t testing.TB) map[string]*multiplier {
	all := map[string]*multiplier{}
	for _, c := range supported() {
		if c.isa.bf16 != nil && c.Name() != "generic" {
			all[c.Name()] = c.isa.bf16
		}
	}
	if len(all) == 0 {
		t.Skip("this processor has no instructions for bfloat16")
	}
	return all
}

// TestBF16Products compares the matrix products and the rounding in assembly with their twins,
// bit for bit.
func TestBF16Products(t *testing.T) {
	for name, s := range bf16Kernels(t) {
		r := rand.New(rand.NewPCG(1, 2))
		for n := range 5 {
			lo, hi := bf16Values(r, n*16), bf16Values(r, n*16)
			got, want := bf16Values(r, n*20+guard), make([]float32, n*20+guard)
			copy(want, got)
			s.pairs(n, lo, hi, got, 20)
			pairsGo(n, lo, hi, want, 20)
			sameBits(t, fmt.Sprintf("%s pairs n=%d", name, n), got, want)
			s.round(n, lo, got)
			roundGo(n, lo, want)
			sameBits(t, fmt.Sprintf("%s round n=%d", name, n), got, want)
			a, b := bf16Pairs(r, n*16), bf16Pairs(r, n*16)
			got, want = bf16Values(r, 256+guard), make([]float32, 256+guard)
			copy(want, got)
			s.gram(n, a, b, got)
			gramBF16Go(n, a, b, want)
			sameBits(t, fmt.Sprintf("%s gram n=%d", name, n), got, want)
		}
		for w := range s.gemm {
			for n := range 20 {
				for _, k := range []int{16, 32, 48, 112} {
					compareBF16Gemm(t, s, r, w, n, k)
				}
			}
		}
	}
}

// compareBF16Gemm compares a product of n rows over k channels with its twin.
func compareBF16Gemm(t *testing.T, s *multiplier, r *rand.Rand, w, n, k int) {
	t.Helper()
	nb, aStride := 1<<w, (n+3)*pairLanes
	mRow, mStride := 16, (n+1)*16
	if n%2 == 0 {
		mRow, mStride = nb*16+5, 16
	}
	a, b := bf16Pairs(r, k/16*aStride), bf16Pairs(r, k/2*nb*16)
	for _, add := range []bool{false, true} {
		got := bf16Values(r, max(0, n-1)*mRow+(nb-1)*mStride+16+guard)
		want := append([]float32(nil), got...)
		s.gemm[w](n, k, a, aStride, b, got, mRow, mStride, add)
		genericBF16().gemm[w](n, k, a, aStride, b, want, mRow, mStride, add)
		sameBits(t, fmt.Sprintf("gemm%d n=%d k=%d add=%v", nb, n, k, add), got, want)
	}
}

// TestBF16Transforms compares the transforms with those of float32, rounded.
func TestBF16Transforms(t *testing.T) {
	for _, c := range supported() {
		if c.isa.bf16 == nil {
			continue
		}
		s, r := c.isa, rand.New(rand.NewPCG(3, 4))
		for n := range 6 {
			pitch, half := 4*n+2+n%3, 2*n+2+n%2
			x := make([]float32, (5*pitch+4*n+2)*16)
			mask := make([]uint16, len(x)/16)
			for i := range x {
				x[i] = float32(r.NormFloat64())
			}
			for i := range mask {
				mask[i] = uint16(r.Uint32())
			}
			for name, run := range map[string]func(m multiplier, v []float32, vStride int){
				"winoIn":     func(m multiplier, v []float32, vStride int) { m.winoIn(n, x, pitch, v, vStride) },
				"winoInMask": func(m multiplier, v []float32, vStride int) { m.winoInMask(n, x, mask, pitch, v, vStride) },
				"winoInUnpool": func(m multiplier, v []float32, vStride int) {
					m.winoInUnpool(n, x, half, mask, pitch, 0.75, v, vStride)
				},
			} {
				whole := make([]float32, 36*(n+1)*16)
				run(s.multiplier(false), whole, (n+1)*16)
				got := bf16Values(r, 36*(n+1)*pairLanes+guard)
				want := append([]float32(nil), got...)
				run(s.multiplier(true), got, (n+1)*pairLanes)
				for f := range 36 {
					for i := range n * pairLanes {
						v := whole[f*(n+1)*16+2*i:]
						want[f*(n+1)*pairLanes+i] = pair(v[0], v[1])
					}
				}
				sameBits(t, fmt.Sprintf("%s %s n=%d", s.name, name, n), got, want)
			}
		}
	}
}
