package headroom

import (
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// Heap returns where the mapped part of the heap of Go begins and ends, in addresses of the
// process, and whether that is known: on Linux it is. Go begins the heap at a random place of
// its first arena, so that a small heap can be in two of them. root is the root of the file
// system.
func Heap(root fs.FS) (begin, end uint64, ok bool) {
	text, err := fs.ReadFile(root, "proc/self/maps")
	if err != nil {
		return 0, 0, false
	}
	object := make([]byte, 1<<12)
	at := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(object))))
	begin, end, ok = mapping(string(text), at)
	runtime.KeepAlive(object)
	return begin, end, ok
}

// mapping returns the mapping that holds an address. maps has a line for each, which begins
// with its addresses, such as c000000000-c000400000.
func mapping(maps string, at uint64) (begin, end uint64, ok bool) {
	for line := range strings.Lines(maps) {
		addresses, _, _ := strings.Cut(line, " ")
		from, to, _ := strings.Cut(addresses, "-")
		begin, err := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err == nil && err2 == nil && begin <= at && at < end {
			return begin, end, true
		}
	}
	return 0, 0, false
}
