//go:build !race

package kernel

import (
	"unsafe"

	"golang.org/x/sys/windows"

	"nst/internal/memory"
)

// mapMemory returns zeros that begin at a page, and enough of them to begin at a huge page.
func mapMemory(bytes int) ([]byte, error) {
	if bytes >= memory.HugePage {
		bytes += memory.HugePage
	}
	at, err := windows.VirtualAlloc(0, uintptr(bytes), windows.MEM_RESERVE|windows.MEM_COMMIT, windows.PAGE_READWRITE)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&at))), bytes), nil
}

// unmapMemory gives back what mapMemory returned. That cannot fail.
func unmapMemory(b []byte) {
	_ = windows.VirtualFree(uintptr(unsafe.Pointer(unsafe.SliceData(b))), 0, windows.MEM_RELEASE)
}
