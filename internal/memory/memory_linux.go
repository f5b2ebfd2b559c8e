package memory

import "syscall"

// AdviseHuge asks the system for huge pages for b, which begins at a multiple of [HugePage].
// If the system refuses, only speed is lost.
func AdviseHuge(b []byte) {
	const madvHugepage = 14
	_ = syscall.Madvise(b[:len(b)/HugePage*HugePage], madvHugepage)
}
