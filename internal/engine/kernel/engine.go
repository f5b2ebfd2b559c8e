package kernel

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

// Scratch is working memory, in floats.
type Scratch struct {
	Each   int // of each worker
	Shared int // of all of them together
}

// Max returns what is enough for both.
func (s Scratch) Max(t Scratch) Scratch {
	return Scratch{max(s.Each, t.Each), max(s.Shared, t.Shared)}
}

// Reserve gives e at least the working memory s. Steps take what they need; Reserve takes it
// before them.
func (e *Engine) Reserve(s Scratch) {
	e.reserve(s.Each)
	if s.Shared > 0 {
		e.share(s.Shared)
	}
}

// PlanScratch returns what [Engine.ScratchLen] would be after Reserve.
func (e *Engine) PlanScratch(s Scratch) int {
	n := max(len(e.shared), s.Shared)
	for _, held := range e.scratch {
		n += max(len(held), s.Each)
	}
	return n
}

// share gives all workers together at least n floats of scratch.
func (e *Engine) share(n int) {
	if len(e.shared) < n {
		e.shared = Floats(n)
	}
}

// reserve gives each worker at least n floats of scratch.
func (e *Engine) reserve(n int) {
	for i, s := range e.scratch {
		if len(s) < n {
			e.scratch[i] = Floats(n)
		}
	}
}
