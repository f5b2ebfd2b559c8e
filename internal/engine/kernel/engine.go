package kernel

import "nst/internal/memory"

// Engine joins an instruction set and threads. Its New methods make steps. The steps of an
// engine share working memory, so only one may run at a time.
type Engine struct {
	cpu     *CPU
	pool    *Pool
	scratch [][]float32 // one for each worker
	shared  []float32   // one for all of them

	// The operations that are methods, not steps.
	masks masks
	vec   vectors
	tv    tv
	pyr   pyramid
}

// NewEngine returns an engine that computes with cpu on pool.
func NewEngine(cpu *CPU, pool *Pool) *Engine {
	return &Engine{cpu: cpu, pool: pool, scratch: make([][]float32, pool.Threads())}
}

// CPU is the instruction set of e.
func (e *Engine) CPU() *CPU { return e.cpu }

// Pool is the pool of e.
func (e *Engine) Pool() *Pool { return e.pool }

// ScratchLen is the number of floats of working memory held, over all workers.
func (e *Engine) ScratchLen() int {
	n := len(e.shared)
	for _, s := range e.scratch {
		n += len(s)
	}
	return n
}

// share gives all workers together at least n floats of scratch.
func (e *Engine) share(n int) {
	if len(e.shared) < n {
		e.shared = memory.Make[float32](n)
	}
}

// reserve gives each worker at least n floats of scratch.
func (e *Engine) reserve(n int) {
	for i, s := range e.scratch {
		if len(s) < n {
			e.scratch[i] = memory.Make[float32](n)
		}
	}
}
