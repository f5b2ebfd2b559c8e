package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"runtime/debug"

	"nst/imgio"
	"nst/internal/headroom"
	"nst/nst"
)

// limits bounds the pictures that a command reads: --max-pixels, and half of the memory. It
// names what reads HEIC and AVIF, if there is something.
func (s *settings) limits(e *env) []imgio.Limit {
	all := []imgio.Limit{imgio.MaxPixels(int64(s.maxPixels) * 1e6), imgio.MaxMemory(headroom.Total(e.system()) / 2)}
	if p, ok := findHEIF(); ok {
		all = append(all, imgio.ConvertHEIF(p.convert))
	}
	return all
}

// system is the file system that says how much memory there is.
func (e *env) system() fs.FS {
	if e.System != nil {
		return e.System
	}
	return os.DirFS("/")
}

// footprint is the memory of a command, in bytes.
type footprint struct {
	total  int64 // with what the program takes before it begins
	heap   int64 // the most that is on the heap of Go
	mapped int64 // addresses outside of it
	output string
}

// started is the memory of the program in a plan, and counted what the system has counted of it
// at least when the plan is compared with what is left. The pages of its file may be counted for
// another process.
const (
	started = nst.ProgramBytes
	counted = 12 << 20
)

// Where a limit counts addresses, the heap of Go takes them in arenas, and its tables and
// threads take tables of their own.
const (
	arena  = 64 << 20
	tables = 32 << 20
	pages  = 20 << 20 // of the program's file, which [nst.ProgramBytes] has and the heap has not
)

// planning is the memory that planning a run takes.
const planning = 48 << 20

// margin is what a size that is said to fit leaves of a limit: the next run may find a little
// less. Addresses are counted in arenas, which leaves some already.
func margin(l headroom.Limit) int64 {
	if l.Mapped {
		return l.Left / 64
	}
	return 16<<20 + l.Left/64
}

// space is what the system leaves, before a command begins.
type space struct {
	limits []headroom.Limit
	arenas int64 // bytes of addresses that the heap of Go has
}

// left returns what the system leaves now.
func (e *env) left() space {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	have := arenas(int64(now.HeapSys))
	if begin, end, known := headroom.Heap(e.system()); known && begin/arena != (end-1)/arena && have == arena {
		have += arena // the heap is in two arenas, although it would fit into one
	}
	return space{headroom.Limits(e.system()), have}
}

// arenas rounds bytes up to whole arenas.
func arenas(bytes int64) int64 { return (bytes + arena - 1) / arena * arena }

// need returns how much of a limit a footprint takes, besides what is taken already.
func (s space) need(f footprint, l headroom.Limit) int64 {
	if !l.Mapped {
		return f.total - counted
	}
	mapped := f.mapped + max(0, f.mapped-arena)/6 // both have gaps
	bytes := tables + mapped + max(0, arenas((f.heap-pages)*5/4)+arena-s.arenas)
	if f.mapped > 0 {
		bytes += arena // which package kernel leaves to the heap of Go
	}
	return bytes
}

// lack returns the limit that lacks most for a footprint and what more says, and whether there
// is one.
func (s space) lack(f footprint, more func(headroom.Limit) int64) (worst headroom.Limit, found bool) {
	least := int64(0)
	for _, l := range s.limits {
		if over := s.need(f, l) + more(l) - l.Left; over > least {
			worst, least, found = l, over, true
		}
	}
	return worst, found
}

// memoryError tells that a command needs more memory than it may take.
type memoryError struct {
	what       string // that takes it
	need, left int64
	limit      string // the name of a limit
	size       int    // the largest one that fits; 0 for none
	flag       string // of sizes, without --; empty for --size
	with       string // the flags that the size needs, with a space after each
	instead    string // what else takes less memory; empty for nothing
	resumed    bool   // the command goes on with a run, whose size cannot change
	unforced   bool   // the command has no --force
}

// Error says how much is needed and how much is left, in MB of 2^20 bytes.
func (e *memoryError) Error() string {
	const mb = 1 << 20
	return fmt.Sprintf("%s takes %d MB more of memory, but %s leaves %d MB", e.what, (e.need+mb-1)/mb, e.limit, e.left/mb)
}

// hints returns what to do about it.
func (e *memoryError) hints() []string {
	var advice []string
	fits := fmt.Sprintf("%s--%s %d fits", e.with, cmp.Or(e.flag, "size"), e.size)
	switch {
	case e.resumed && e.size > 0:
		advice = append(advice, "go on where there is more memory, or begin again with a smaller size: "+fits)
	case e.resumed:
		advice = append(advice, "go on where there is more memory")
	case e.size > 0:
		advice = append(advice, fits)
	case e.instead != "":
		advice = append(advice, e.instead)
	}
	if e.unforced {
		return advice
	}
	return append(advice, "--force goes on nevertheless")
}

// fits compares the footprint of a command with what the system leaves. at returns that for a
// --size; the command has size, or 0 if it has no --size that could be smaller. The error is a
// [memoryError], or that of at. With --force it is a warning.
func (s *settings) fits(t *console, size int, at func(size int) (footprint, error)) (footprint, error) {
	left := t.e.left() // before planning, which takes some too
	if worst, lacks := left.lack(footprint{total: counted + planning, output: "planning"}, func(headroom.Limit) int64 { return 0 }); lacks && !s.force {
		return footprint{}, &memoryError{what: "planning a run", need: planning, left: worst.Left, limit: worst.Name}
	}
	f, err := at(size)
	if err != nil {
		return f, err
	}
	worst, lacks := left.lack(f, func(headroom.Limit) int64 { return 0 })
	if !lacks {
		return f, nil
	}
	full := &memoryError{what: f.output, need: left.need(f, worst), left: worst.Left, limit: worst.Name}
	if s.force {
		t.say("%v; going on because of --force", full)
		return f, nil
	}
	// Sizes below low fit, or are too small for the network; high and above do not fit.
	for low, high := nst.MinSize, size; low < high; {
		middle := (low + high) / 2
		f, err := at(middle)
		if err == nil {
			if _, lacks := left.lack(f, margin); lacks {
				high = middle
				continue
			}
			full.size = middle
		}
		low = middle + 1
	}
	return f, full
}

// roomToStart returns a [memoryError] if so few addresses are left that the heap of Go cannot grow:
// the program would end anywhere, with many lines about its insides.
func (e *env) roomToStart() error {
	const need = arena + tables
	for _, l := range headroom.Limits(e.system()) {
		if l.Mapped && l.Left < need {
			return &memoryError{
				what: "nst itself", need: need, left: l.Left, limit: l.Name, unforced: true,
				instead: "raise the limit, or limit the memory by a control group, which does not count addresses that Go only reserves",
			}
		}
	}
	return nil
}

// importing is the most that a network takes on the heap of Go while it is imported: all layers of
// VGG-19 have 80 MB in float32, and the largest is there twice while it is transposed.
const importing = 104 << 20

// roomToImport returns a [memoryError] if there is no memory for importing a network.
func (e *env) roomToImport() error {
	left, f := e.left(), footprint{total: started + importing, heap: importing}
	if worst, lacks := left.lack(f, func(headroom.Limit) int64 { return 0 }); lacks {
		return &memoryError{what: "importing a network", need: left.need(f, worst), left: worst.Left, limit: worst.Name, unforced: true}
	}
	return nil
}

// confine keeps the garbage on the heap of Go within a plan.
func confine(heap int64) {
	debug.SetMemoryLimit(heap)
}

// unconfine ends what confine began.
func unconfine() { debug.SetMemoryLimit(math.MaxInt64) }
