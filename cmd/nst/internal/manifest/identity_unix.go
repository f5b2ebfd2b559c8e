//go:build unix

package manifest

import (
	"io/fs"
	"strconv"
	"syscall"
)

// identity returns the number of a file in its file system. The number of the device is left
// out, because it is another on every machine that mounts the file system.
func identity(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return strconv.FormatUint(uint64(s.Ino), 10)
	}
	return ""
}
