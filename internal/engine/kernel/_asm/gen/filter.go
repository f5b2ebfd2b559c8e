package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// filterConstants are the constants of filterLine.
type filterConstants struct {
	first Op
	pairs [2][3]Op // of points ±p and ±q: the factors of a, b and c
}

func (s ISA) filterConstants() filterConstants {
	c := filterConstants{first: s.constant(1 / (p * p * q * q))}
	for i, f := range [2][2]float64{{p, normP}, {q, normQ}} {
		point, norm := f[0], f[1]
		c.pairs[i] = [3]Op{s.constant(norm), s.constant(norm * point), s.constant(norm * point * point)}
	}
	return c
}

// filterLine is G in one dimension. It calls put with each of the six results:
//
//	o0 = a / p²q²      o1, o2 = norm (a + p² c) +- norm p b      o5 = c
//
// and o3, o4 as o1, o2 with q.
func (s ISA) filterLine(d []reg.VecVirtual, c filterConstants, put func(i int, v reg.VecVirtual)) {
	x := s.v()
	VMULPS(c.first, d[0], x)
	put(0, x)
	for i, f := range c.pairs {
		even, odd, sum := s.v(), s.v(), s.v()
		VMULPS(f[0], d[0], even)
		VMULPS(f[2], d[2], sum)
		VADDPS(sum, even, even) // rounded as the plain Go twin does
		VMULPS(f[1], d[1], odd)
		VADDPS(odd, even, sum)
		put(2*i+1, sum)
		VSUBPS(odd, even, even)
		put(2*i+2, even)
	}
	put(5, d[2])
}

// filtersAhead is how many inputs before its use a filter is asked for. It comes from memory.
const filtersAhead = 12

// winoFilter is G g G^T for 16 filters at a time. With AVX-512 what is between the two lines
// stays in registers.
func (s ISA) winoFilter() {
	s.text("winoFilter", "n int, g, u []float32, uStride, uStep int")
	n, g, u := load("n"), base("g"), base("u")
	row := newStrided(GP64(), stride("uStride", 2))
	step := stride("uStep", 2)
	var tmp func(i int) Mem
	if !s.wide {
		tmp = s.frame(18)
	}
	c := s.filterConstants()
	s.positions(n, []pointer{{g, 32, 9 * 64}, {u, 32, 0}}, func() {
		var t [6][3]reg.VecVirtual
		for x := range 3 {
			d := s.vs(3)
			for i := range d {
				VMOVUPS(Mem{Base: g, Disp: (3*i + x) * 64}, d[i])
				PREFETCHT0(Mem{Base: g, Disp: (9*filtersAhead + 3*i + x) * 64})
			}
			s.filterLine(d, c, func(y int, v reg.VecVirtual) {
				if t[y][x] = v; !s.wide {
					VMOVUPS(v, tmp(3*y+x))
				}
			})
		}
		MOVQ(u, row.base)
		for y, d := range t {
			if !s.wide {
				d = [3]reg.VecVirtual{s.v(), s.v(), s.v()}
				for i, v := range d {
					VMOVUPS(tmp(3*y+i), v)
				}
			}
			s.filterLine(d[:], c, func(x int, v reg.VecVirtual) { VMOVUPS(v, row.at(x, 0)) })
			if y < 5 {
				LEAQ(Mem{Base: row.base, Index: row.s3, Scale: 2}, row.base)
			}
		}
	}, func() { ADDQ(step, u) })
	s.ret()
}
