package main

// neighbours generates what finds the nearest features, and the loss of the cosine to them.
func (a *asm) neighbours() {
	a.nearest()
	a.cosines()
	a.cosineGrad()
}

// nearest replaces the lanes of best, and those of arg, where x + bias is above best.
func (a *asm) nearest() {
	a.begin("nearest", "n int, x, bias []float32, block float32, best, arg []float32")
	n, x, best, arg := a.load("n"), a.load("x"), a.load("best"), a.load("arg")
	bias, block := a.factors(a.load("bias"), 0), a.broadcast("block")
	v, most, at, mask := a.v(), a.v(), a.v(), a.v()
	a.loop("loop", n, func() {
		for j, b := range bias {
			a.loadQ(x.at(16*j), v)
			a.loadQ(best.at(16*j), most)
			a.loadQ(arg.at(16*j), at)
			a.add(v, v, b)
			a.greater(mask, v, most)
			a.insert(most, v, mask)
			a.insert(at, block, mask)
			a.storeQ(most, best.at(16*j))
			a.storeQ(at, arg.at(16*j))
		}
		for _, p := range []reg{x, best, arg} {
			a.move(p, 64)
		}
	})
	a.ret()
}

// neighbour points row to the row of a position's neighbour: at has its number, size is the
// length of a row in bytes.
func (a *asm) neighbour(row, rows, at, size reg) {
	a.scope(func() {
		index := a.v()
		a.loadS(at.at(0), index)
		a.inst("FCVTZSS F%d, R%d", index, row)
	})
	a.inst("MUL R%d, R%d", size, row)
	a.advance(row, rows)
}

// blocks runs body for each block of a row of size bytes. p, mean and row move on.
func (a *asm) blocks(label string, size, step, p, mean, row reg, body func()) {
	count := a.gp()
	a.copy(count, size)
	a.label(label)
	body()
	a.advance(p, step)
	a.move(mean, 64)
	a.move(row, 64)
	a.inst("SUBS $64, R%d", count)
	a.inst("BNE %s", label)
}

// cosines adds up the products of features with their neighbours, and their squares.
func (a *asm) cosines() {
	a.begin("cosines", "n, blocks int, x []float32, xStride int, mean, rows, at, sums []float32")
	n, size := a.load("n"), a.stride("blocks", 6)
	x, step := a.load("x"), a.stride("xStride", 2)
	mean, rows, at, sums := a.load("mean"), a.load("rows"), a.load("at"), a.load("sums")
	row, p, m := a.gp(), a.gp(), a.gp()
	dot, square, d, v := a.vs(4), a.vs(4), a.v(), a.v()
	a.loop("loop", n, func() {
		a.neighbour(row, rows, at, size)
		a.copy(p, x)
		a.copy(m, mean)
		for j := range dot {
			a.zero(dot[j])
			a.zero(square[j])
		}
		a.blocks("blocks", size, step, p, m, row, func() {
			for j := range dot {
				a.loadQ(p.at(16*j), d)
				a.loadQ(m.at(16*j), v)
				a.sub(d, d, v)
				a.loadQ(row.at(16*j), v)
				a.fma(dot[j], d, v)
				a.fma(square[j], d, d)
			}
		})
		for j := range dot {
			a.storeQ(dot[j], sums.at(16*j))
			a.storeQ(square[j], sums.at(64+16*j))
		}
		a.move(x, 64)
		a.move(at, 4)
		a.move(sums, 128)
	})
	a.ret()
}

// cosineGrad is a sum of each neighbour and the features, with two factors. It is generated
// twice in a routine: to store the result, and to add it.
func (a *asm) cosineGrad() {
	a.begin("cosineGrad", "n, blocks int, x []float32, xStride int, mean, rows, at, k, y []float32, add bool")
	n, size := a.load("n"), a.stride("blocks", 6)
	x, step := a.load("x"), a.stride("xStride", 2)
	mean, rows, at, k, y, add := a.load("mean"), a.load("rows"), a.load("at"), a.load("k"), a.load("y"), a.flag("add")
	row, p, q, m, count := a.gp(), a.gp(), a.gp(), a.gp(), a.gp()
	d, v, w, factors := a.v(), a.v(), a.v(), a.v()
	body := func(label string, sum bool) {
		a.neighbour(row, rows, at, size)
		a.copy(p, x)
		a.copy(q, y)
		a.copy(m, mean)
		a.loadD(k.at(0), factors)
		a.blocks(label, size, step, p, m, row, func() {
			for j := range 4 {
				a.loadQ(p.at(16*j), d)
				a.loadQ(m.at(16*j), v)
				a.sub(d, d, v)
				a.loadQ(row.at(16*j), w)
				a.mulLane(v, w, lane{factors, 0})
				a.fmaLane(v, d, lane{factors, 1})
				if sum {
					a.loadQ(q.at(16*j), w)
					a.add(v, v, w)
				}
				a.storeQ(v, q.at(16*j))
			}
			a.advance(q, step)
		})
		a.move(x, 64)
		a.move(y, 64)
		a.move(at, 4)
		a.move(k, 8)
	}
	a.copy(count, n)
	a.inst("CBNZ R%d, sums", add)
	a.loop("store", n, func() { body("store_blocks", false) })
	a.inst("RET")
	a.label("sums")
	a.loop("add", count, func() { body("add_blocks", true) })
	a.ret()
}
