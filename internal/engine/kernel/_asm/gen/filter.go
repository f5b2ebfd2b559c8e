package gen

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// winoFilter is G g G^T for 16 filters.
func (s ISA) winoFilter() {
	s.text("winoFilter", "g, u []float32, uStride int")
	g, u := base("g"), base("u")
	row := newStrided(u, stride("uStride", 2))
	tmp := s.frame(18)
	line := func(from func(i int) Mem, to func(i int) Mem) {
		d, e, x := s.vs(3), s.vs(2), s.v()
		for i := range d {
			VMOVUPS(from(i), d[i])
		}
		put := func(i int) { VMOVUPS(x, to(i)) }
		scaled := func(f float64, v reg.VecVirtual) { VMULPS(s.constantMem(f), v, x) }
		VMOVUPS(d[2], to(5))
		scaled(1/(p*p*q*q), d[0])
		put(0)
		pair := func(first int, point, factor float64) {
			scaled(factor*point*point, d[2])
			VMOVAPS(x, e[0])
			scaled(factor, d[0])
			VADDPS(x, e[0], e[0])
			scaled(factor*point, d[1])
			VSUBPS(x, e[0], e[1])
			VMOVUPS(e[1], to(first+1))
			VADDPS(x, e[0], x)
			put(first)
		}
		pair(1, p, normP)
		pair(3, q, normQ)
	}
	half := GP64()
	MOVQ(U32(uint32(64/s.bytes())), half)
	loop("half", half, func() {
		for x := range 3 {
			line(func(i int) Mem { return Mem{Base: g, Disp: (3*i + x) * 64} }, func(i int) Mem { return tmp(3*i + x) })
		}
		for y := range 6 {
			line(func(i int) Mem { return tmp(3*y + i) }, func(i int) Mem { return row.at(i, 0) })
			if y < 5 {
				LEAQ(Mem{Base: u, Index: row.s3, Scale: 2}, u)
			}
		}
		for range 5 {
			SUBQ(row.s3, u)
			SUBQ(row.s3, u)
		}
		ADDQ(I32(int32(s.bytes())), g)
		ADDQ(I32(int32(s.bytes())), u)
	})
	s.ret()
}
