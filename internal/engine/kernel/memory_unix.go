//go:build unix && !race

package kernel

import "golang.org/x/sys/unix"

// mapMemory returns zeros at the beginning of a page.
func mapMemory(bytes int) ([]byte, error) {
	return unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

// unmapMemory gives back what mapMemory returned. That cannot fail.
func unmapMemory(b []byte) { _ = unix.Munmap(b) }
