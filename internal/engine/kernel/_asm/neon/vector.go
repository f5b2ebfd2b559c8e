package main

// vectors generates the operations on flat vectors. n is a multiple of 16.
func (a *asm) vectors() {
	a.dots("dot", func(x, y vreg) (p, q vreg) { return x, y })
	a.dots("diff2", func(x, y vreg) (p, q vreg) {
		a.subD(x, x, y)
		return x, x
	})

	a.elementwise("axpy", "n int, a float32, x, y []float32", []string{"a"}, []string{"x", "y"}, func(c []vreg, at []mem) {
		x, y := a.read(at[0]), a.read(at[1])
		a.fma(y, x, c[0])
		a.storeQ(y, at[1])
	})
	a.elementwise("scale", "n int, a float32, x []float32", []string{"a"}, []string{"x"}, func(c []vreg, at []mem) {
		x := a.read(at[0])
		a.mul(x, x, c[0])
		a.storeQ(x, at[0])
	})
	a.elementwise("sub", "n int, dst, x, y []float32", nil, []string{"dst", "x", "y"}, func(_ []vreg, at []mem) {
		x, y := a.read(at[1]), a.read(at[2])
		a.sub(x, x, y)
		a.storeQ(x, at[0])
	})
	a.elementwise("diffGrad", "n int, s float32, x, y, dst []float32", []string{"s"}, []string{"x", "y", "dst"}, func(c []vreg, at []mem) {
		x, y := a.read(at[0]), a.read(at[1])
		a.sub(x, x, y)
		a.mul(x, x, c[0])
		a.storeQ(x, at[2])
	})
	a.elementwise("diffGradAdd", "n int, s float32, x, y, dst []float32", []string{"s"}, []string{"x", "y", "dst"}, func(c []vreg, at []mem) {
		x, y, d := a.read(at[0]), a.read(at[1]), a.read(at[2])
		a.sub(x, x, y)
		a.fma(d, x, c[0])
		a.storeQ(d, at[2])
	})
	a.elementwise("adam", "n int, x, g, m, v []float32, c1, c2, step, corr, eps float32", []string{"c1", "c2", "step", "corr", "eps"}, []string{"x", "g", "m", "v"}, func(c []vreg, at []mem) {
		x, g, m, v := a.read(at[0]), a.read(at[1]), a.read(at[2]), a.read(at[3])
		t, square := a.v(), a.v()
		a.sub(t, g, m)
		a.fma(m, t, c[0])
		a.storeQ(m, at[2])
		a.mul(square, g, g)
		a.sub(square, square, v)
		a.fma(v, square, c[1])
		a.storeQ(v, at[3])
		a.sqrt(v, v)
		a.mov(t, c[4])
		a.fma(t, v, c[3]) // sqrt(v)*corr + eps
		a.div(m, m, t)
		a.fms(x, m, c[2])
		a.storeQ(x, at[0])
	})
	a.elementwise("clamp", "n int, x []float32, lo, hi float32", []string{"lo", "hi"}, []string{"x"}, func(c []vreg, at []mem) {
		x := a.read(at[0])
		a.max(x, x, c[0])
		a.min(x, x, c[1])
		a.storeQ(x, at[0])
	})
	// The inner pixels of a row have neighbours on both sides.
	a.elementwise("tvGrad", "n int, dst, row, up, down []float32, sx, sy float32", []string{"sx", "sy"}, []string{"dst", "row", "up", "down"}, func(c []vreg, at []mem) {
		x, up, down := a.read(at[1]), a.read(at[2]), a.read(at[3])
		left, right := a.read(mem{at[1].base, at[1].disp - 4}), a.read(mem{at[1].base, at[1].disp + 4})
		twice := a.v()
		a.add(twice, x, x)
		a.sub(left, twice, left)
		a.sub(left, left, right)
		a.sub(up, twice, up)
		a.sub(up, up, down)
		a.mul(left, left, c[0])
		a.fma(left, up, c[1])
		a.storeQ(left, at[0])
	})
}

// read is a new register with what is at m.
func (a *asm) read(m mem) vreg {
	v := a.v()
	a.loadQ(m, v)
	return v
}

// elementwise generates a loop over registers. body gets the broadcast scalars and the
// places of the vectors.
func (a *asm) elementwise(name, signature string, scalars, slices []string, body func(c []vreg, at []mem)) {
	a.begin(name, signature)
	n := a.load("n")
	var c []vreg
	for _, s := range scalars {
		c = append(c, a.broadcast(s))
	}
	a.each16(n, slices, func(at []mem) { body(c, at) })
	a.ret()
}

// each16 generates a loop over 16 values, which calls body for each four.
func (a *asm) each16(n reg, slices []string, body func(at []mem)) {
	var bases []reg
	for _, s := range slices {
		bases = append(bases, a.load(s))
	}
	a.inst("LSR $4, R%d", n)
	a.loop("loop", n, func() {
		for i := 0; i < 64; i += 16 {
			var at []mem
			for _, b := range bases {
				at = append(at, b.at(i))
			}
			a.scope(func() { body(at) })
		}
		for _, b := range bases {
			a.move(b, 64)
		}
	})
}

// dots generates the sum, in float64, of the products that f returns. f may change x.
func (a *asm) dots(name string, f func(x, y vreg) (p, q vreg)) {
	a.begin(name, "n int, x, y []float32", "(sum float64)")
	n := a.load("n")
	acc := a.vs(8)
	for _, v := range acc {
		a.zero(v)
	}
	next := 0
	a.each16(n, []string{"x", "y"}, func(at []mem) {
		x, y := a.read(at[0]), a.read(at[1])
		for i := range 2 {
			p, q := a.v(), a.v()
			a.widen(p, x, i == 1)
			a.widen(q, y, i == 1)
			p, q = f(p, q)
			a.fmaD(acc[next], p, q)
			next++
		}
	})
	for len(acc) > 1 {
		half := len(acc) / 2
		for i := range half {
			a.addD(acc[i], acc[i], acc[half+i])
		}
		acc = acc[:half]
	}
	a.pairD(acc[0], acc[0])
	a.inst("FMOVD F%d, sum+%d(FP)", acc[0], a.params["sum"].offset)
	a.ret()
}
