package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Task is work in independent items. Items write disjoint outputs, so the result does not
// depend on which worker does an item, or when.
type Task interface {
	Items() int          // how many there are
	Do(worker, item int) // does one; worker is below Pool.Threads
}

// Pool is a fixed set of workers: the caller of Run, and a goroutine for each further
// thread. They sleep between runs. A Pool does one Run at a time; other callers wait.
type Pool struct {
	threads int
	mu      sync.Mutex
	wake    []chan struct{}
	done    sync.WaitGroup

	task  Task
	items int64
	next  atomic.Int64

	panicked atomic.Bool
	cause    any
}

// NewPool returns a pool with the given number of threads. Below 1 it takes the number of
// processors that Go may use. Close ends its goroutines.
func NewPool(threads int) *Pool {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	p := &Pool{threads: threads, wake: make([]chan struct{}, threads-1)}
	for i := range p.wake {
		p.wake[i] = make(chan struct{}, 1)
		go p.work(i+1, p.wake[i])
	}
	return p
}

// Threads is the number of workers.
func (p *Pool) Threads() int { return p.threads }

// Close ends the goroutines. The pool must not be used after it.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.wake {
		close(c)
	}
	p.wake = nil
}

// Run does all items of t and returns when the last is done. It allocates
// nothing. If an item panics, the others are dropped and Run panics with the
// same value. Items must not call Run.
func (p *Pool) Run(t Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := t.Items()
	p.task, p.items = t, int64(n)
	p.next.Store(0)
	p.panicked.Store(false)
	helpers := min(n-1, len(p.wake))
	if helpers > 0 {
		p.done.Add(helpers)
		for _, c := range p.wake[:helpers] {
			c <- struct{}{}
		}
	}
	p.drain(0)
	p.done.Wait()
	p.task = nil
	if p.panicked.Load() {
		cause := p.cause
		p.cause = nil
		panic(cause)
	}
}

// work is the loop of a helper goroutine.
func (p *Pool) work(worker int, wake <-chan struct{}) {
	for range wake {
		p.drain(worker)
		p.done.Done()
	}
}

// drain does items until none is left.
func (p *Pool) drain(worker int) {
	defer func() {
		if r := recover(); r != nil {
			p.next.Store(p.items)
			if p.panicked.CompareAndSwap(false, true) {
				p.cause = r
			}
		}
	}()
	for {
		i := p.next.Add(1) - 1
		if i >= p.items {
			return
		}
		p.task.Do(worker, int(i))
	}
}
