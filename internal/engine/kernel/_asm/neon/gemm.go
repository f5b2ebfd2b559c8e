package main

import "fmt"

// gemm keeps up to 6 rows of a block of 16 columns in 24 registers. Six more hold four values
// of each row of a, whose lanes are the factors; the last two hold eight columns of the panel.
// So every register is in use, and 96 multiplications need 22 loads.
func (a *asm) gemm() {
	a.begin("gemm1", "n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool")
	n, k := a.load("n"), a.load("k")
	x, xStride := a.load("a"), a.stride("aStride", 2)
	b, m, mRow := a.load("b"), a.load("m"), a.stride("mRow", 2)
	add := a.flag("add")
	xp, bp, mp, count, ahead := a.gp(), a.gp(), a.gp(), a.gp(), a.gp()
	a.inst("ADD R%d<<6, R%d, R%d", k, b, ahead) // the panel that comes next
	a.inst("LSR $4, R%d", k)
	for _, rows := range []int{6, 4, 2, 1} {
		name := fmt.Sprintf("rows%d", rows)
		a.label(name)
		a.inst("CMP $%d, R%d", rows, n)
		a.inst("BLT %s_end", name)
		a.scope(func() {
			acc := a.vs(4 * rows)
			for _, v := range acc {
				a.zero(v)
			}
			a.copy(xp, x)
			a.copy(bp, b)
			a.copy(count, k)
			a.label(name + "_k")
			for q := 0; q < 16; q += 4 {
				if rows == 6 {
					a.inst("PRFM (R%d), PLDL2KEEP", ahead)
					a.move(ahead, 64)
				}
				a.fourRows(acc, rows, xp.at(4*q), bp.at(64*q))
			}
			a.advance(xp, xStride)
			a.move(bp, 1024)
			a.inst("SUBS $1, R%d", count)
			a.inst("BNE %s_k", name)
			a.storeRows(name, acc, rows, add, m, mp, mRow)
		})
		a.move(x, 64*rows)
		a.inst("SUB $%d, R%d", rows, n)
		a.inst("B %s", name)
		a.label(name + "_end")
	}
	a.ret()
}

// fourRows adds to the accumulators the products of four values of each row of a, which are
// 64 bytes apart, and four rows of the panel.
func (a *asm) fourRows(acc []vreg, rows int, x, b mem) {
	a.scope(func() {
		xs, bs := a.vs(rows), a.vs(2)
		for r, v := range xs {
			a.loadQ(mem{x.base, x.disp + 64*r}, v)
		}
		for q := range 4 {
			for j := 0; j < 4; j += 2 {
				a.loadPair(mem{b.base, b.disp + 64*q + 16*j}, bs[0], bs[1])
				for h, v := range bs {
					for r, f := range xs {
						a.fmaLane(acc[4*r+j+h], v, lane{f, q})
					}
				}
			}
		}
	})
}

// storeRows stores the accumulators, or adds them to what is there. m points behind the rows
// afterwards.
func (a *asm) storeRows(name string, acc []vreg, rows int, add, m, mp, mRow reg) {
	visit := func(p reg, f func(acc vreg, at mem)) {
		for r := range rows {
			for j := range 4 {
				f(acc[4*r+j], p.at(16*j))
			}
			a.advance(p, mRow)
		}
	}
	a.inst("CBZ R%d, %s_store", add, name)
	a.copy(mp, m)
	a.scope(func() {
		t := a.v()
		visit(mp, func(acc vreg, at mem) {
			a.loadQ(at, t)
			a.add(acc, acc, t)
		})
	})
	a.label(name + "_store")
	visit(m, a.storeQ)
}

// gram keeps 4 of the 16 rows in registers at a time.
func (a *asm) gram() {
	a.begin("gram", "n int, a, b, g []float32")
	n, x, y, g := a.load("n"), a.load("a"), a.load("b"), a.load("g")
	part, count, xp, yp := a.gp(), a.gp(), a.gp(), a.gp()
	a.inst("MOVD $4, R%d", part)
	a.label("part")
	a.copy(count, n)
	a.copy(xp, x)
	a.copy(yp, y)
	acc := a.vs(16)
	for _, v := range acc {
		a.zero(v)
	}
	f, ys := a.v(), a.vs(4)
	a.loop("loop", count, func() {
		a.loadQ(xp.at(0), f)
		a.loadPair(yp.at(0), ys[0], ys[1])
		a.loadPair(yp.at(32), ys[2], ys[3])
		for i := range 4 {
			for j, v := range ys {
				a.fmaLane(acc[4*i+j], v, lane{f, i})
			}
		}
		a.move(xp, 64)
		a.move(yp, 64)
	})
	for i, v := range acc {
		a.loadQ(g.at(16*i), f)
		a.add(v, v, f)
		a.storeQ(v, g.at(16*i))
	}
	a.move(x, 16)
	a.move(g, 256)
	a.inst("SUBS $1, R%d", part)
	a.inst("BNE part")
	a.ret()
}
