package headroom

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryStatus is MEMORYSTATUSEX.
type memoryStatus struct {
	length, load                                 uint32
	total, free, totalPage, freePage             uint64
	totalVirtual, freeVirtual, freeExtendedSpace uint64
}

// status asks GlobalMemoryStatusEx.
func status() (s memoryStatus) {
	s.length = uint32(unsafe.Sizeof(s))
	call := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	if call.Find() != nil {
		return memoryStatus{}
	}
	if ok, _, _ := call.Call(uintptr(unsafe.Pointer(&s))); ok == 0 {
		return memoryStatus{}
	}
	return s
}

// systemTotal is the memory of the machine.
func systemTotal() int64 { return int64(status().total) }

// systemFree is how much of it is free.
func systemFree() int64 { return int64(status().free) }
