package exec

import (
	"sync"

	"nst/internal/engine/kernel"
)

// filters are the filters of networks in the form that the kernels take. Processors that are
// beside each other share them; see [CPU.Beside]. The last one to close frees them.
type filters struct {
	mu    sync.Mutex
	made  map[filterKey]*filter
	users int
}

// filterKey identifies a filter by the address of its weights, which must not change,
// by its direction and by what it is for.
type filterKey struct {
	weights *float32
	rotated bool
	bf16    bool
}

// filter is transformed filters and their memory.
type filter struct {
	*kernel.Filter
	floats int
	memory kernel.Memory
}

func newFilters() *filters { return &filters{made: map[filterKey]*filter{}, users: 1} }

// Beside returns another processor with threads of its own, which shares the filters of d. Two
// goroutines can compute with the two at the same time. It must be closed as well.
func (d *CPU) Beside(threads int) *CPU {
	d.filters.mu.Lock()
	defer d.filters.mu.Unlock()
	d.filters.users++
	return &CPU{engine: kernel.NewEngine(d.engine.CPU(), kernel.NewPool(threads)), filters: d.filters, spare: new(kernel.Memory), by: d.by}
}

// release ends the use of the filters by a processor.
func (s *filters) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	for _, f := range s.made {
		f.memory.Free()
	}
	clear(s.made)
}

// get returns a filter that was made, or nil.
func (s *filters) get(key filterKey) *filter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made[key]
}

// bytes is the memory of the filters.
func (s *filters) bytes() (bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.made {
		bytes += 4 * int64(f.floats)
	}
	return bytes
}

// make makes the filters w (k, c, 3, 3) in the form that the kernels take. They are made once
// and shared by all machines.
func (d *CPU) make(need filterNeed) error {
	s := d.filters
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[need.key()] != nil {
		return nil
	}
	memory, err := kernel.NewMemory(need.floats())
	if err != nil {
		return err
	}
	k16, c16 := whole(need.k), whole(need.c)
	create := kernel.NewFilterIn
	if need.bf16 {
		create = kernel.NewBF16FilterIn
	}
	f := create(d.engine.CPU(), memory.Floats(), padFilters(need.w, need.k, need.c, k16, c16), k16, c16, need.rotated)
	f.Make(d.engine.Pool())
	s.made[need.key()] = &filter{f, need.floats(), memory}
	return nil
}
