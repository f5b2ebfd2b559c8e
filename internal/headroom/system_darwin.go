package headroom

import "golang.org/x/sys/unix"

// systemTotal is the memory of the machine.
func systemTotal() int64 {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return int64(n)
}

// systemFree is the memory of the machine too. How much of it is free is not known without C.
func systemFree() int64 { return systemTotal() }
