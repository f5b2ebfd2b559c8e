package instant

import (
	"os"
	"runtime"
	"sync"

	"nst/internal/engine/exec"
	"nst/internal/feedforward"
)

// engine is the processor, with a painter for pictures of one size. The parts are kept from
// one picture to the next: to plan a graph and to get fresh memory takes as long as to paint.
type engine struct {
	threads int
	kernels string // what NST_CPU asks for
	device  *exec.CPU
	painter *feedforward.Painter // nil before the first picture
	w, h    int                  // that it paints
}

// painterFor returns a painter of w by h pixels, a new one if the last picture had another
// size.
func (e *engine) painterFor(a feedforward.Architecture, w, h int) (*feedforward.Painter, error) {
	if e.painter != nil && e.w == w && e.h == h {
		return e.painter, nil
	}
	if err := e.closePainter(); err != nil {
		return nil, err
	}
	var err error
	e.painter, err = feedforward.NewPainter(e.device, a, w, h)
	e.w, e.h = w, h
	return e.painter, err
}

// closePainter leaves the memory of the painter to the next user of the device.
func (e *engine) closePainter() error {
	if e.painter == nil {
		return nil
	}
	err := e.painter.Close()
	e.painter = nil
	return err
}

func (e *engine) close() {
	e.closePainter()
	e.device.Close()
}

// engines keeps the engine of the last picture for the next one of the same model. Pictures
// that are painted at the same time have engines of their own, of which one is kept.
type engines struct {
	mu   sync.Mutex
	idle *engine
}

// newEngines returns no engines yet. Those of an owner that is garbage are closed.
func newEngines[T any](owner *T) *engines {
	k := new(engines)
	runtime.AddCleanup(owner, (*engines).close, k)
	return k
}

// take returns an engine with a number of threads.
func (k *engines) take(threads int) (*engine, error) {
	kernels := os.Getenv("NST_CPU")
	k.mu.Lock()
	e := k.idle
	k.idle = nil
	k.mu.Unlock()
	if e != nil && e.threads == threads && e.kernels == kernels {
		return e, nil
	}
	if e != nil {
		e.close()
	}
	d, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		return nil, err
	}
	return &engine{threads: threads, kernels: kernels, device: d}, nil
}

// give takes back an engine.
func (k *engines) give(e *engine) {
	k.mu.Lock()
	e, k.idle = k.idle, e
	k.mu.Unlock()
	if e != nil {
		e.close()
	}
}

// close closes the engine that is kept.
func (k *engines) close() {
	k.mu.Lock()
	e := k.idle
	k.idle = nil
	k.mu.Unlock()
	if e != nil {
		e.close()
	}
}
