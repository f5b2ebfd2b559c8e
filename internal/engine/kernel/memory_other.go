//go:build !unix && !windows

package kernel

// mapMemory returns zeros of the heap.
func mapMemory(bytes int) ([]byte, error) { return make([]byte, bytes+64), nil }

// unmapMemory leaves them to the garbage collector.
func unmapMemory([]byte) {}
