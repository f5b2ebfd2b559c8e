//go:build unix && !race

package kernel

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"nst/internal/memory"
)

// room is what a block leaves of a limit on addresses. The heap of Go grows by so much at a time,
// and the program ends when it cannot.
const room = 64 << 20

// mapMemory returns zeros that begin at a page, or at a huge page if there are enough for one.
func mapMemory(bytes int) ([]byte, error) {
	const access, kind = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_ANON | unix.MAP_PRIVATE
	spare := 0
	if bytes >= memory.HugePage {
		spare = memory.HugePage + room
	}
	page := os.Getpagesize()
	bytes = (bytes + page - 1) / page * page
	at, err := unix.MmapPtr(-1, 0, nil, uintptr(bytes+spare), access, kind)
	if err != nil {
		return nil, err
	}
	if spare > 0 { // what lies before and after goes back: a limit on addresses counts it
		before := int(-uintptr(at) % memory.HugePage)
		if before > 0 {
			_ = unix.MunmapPtr(at, uintptr(before))
		}
		at = unsafe.Add(at, before)
		if after := spare - before; after > 0 {
			_ = unix.MunmapPtr(unsafe.Add(at, bytes), uintptr(after))
		}
	}
	return unsafe.Slice((*byte)(at), bytes), nil
}

// unmapMemory gives back what mapMemory returned. That cannot fail.
func unmapMemory(b []byte) {
	_ = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)))
}
