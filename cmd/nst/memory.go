package main

import (
	"os"
	"strconv"
	"strings"

	"nst/imgio"
)

// limits bounds the pictures that a command reads: --max-pixels, and half of the memory. It
// names what reads HEIC and AVIF, if there is something.
func (s *settings) limits() []imgio.Limit {
	all := []imgio.Limit{imgio.MaxPixels(int64(s.maxPixels) * 1e6), imgio.MaxMemory(machineMemory(os.ReadFile) / 2)}
	if p, ok := findHEIF(); ok {
		all = append(all, imgio.ConvertHEIF(p.convert))
	}
	return all
}

// machineMemory returns the bytes of memory that the machine has, or that its control group
// leaves to the program if that is less. It is 0 where neither is known, as on other systems
// than Linux.
func machineMemory(read func(path string) ([]byte, error)) int64 {
	least := int64(0)
	add := func(number string, unit int64) {
		if n, err := strconv.ParseInt(number, 10, 64); err == nil && n > 0 && n < 1<<50 && (least == 0 || n*unit < least) {
			least = n * unit
		}
	}
	if info, err := read("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "MemTotal:" {
				add(f[1], 1<<10)
			}
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if limit, err := read(path); err == nil {
			add(strings.TrimSpace(string(limit)), 1)
		}
	}
	return least
}
