package memory

import "syscall"

// adviseHuge asks the system for huge pages for b, which begins at a multiple of one. If
// the system refuses, only speed is lost.
func adviseHuge(b []byte) {
	const madvHugepage = 14
	_ = syscall.Madvise(b[:len(b)/hugePage*hugePage], madvHugepage)
}
