package kernel

import "syscall"

// adviseHuge asks for huge pages for b, which begins at one. It is advice: a
// refusal costs speed only.
func adviseHuge(b []byte) {
	const madvHugepage = 14
	_ = syscall.Madvise(b[:len(b)/hugePage*hugePage], madvHugepage)
}
