// Package headroom says how much more memory the system lets this process take: the
// machine, the control groups that the process is in, and its own limits.
//
// On Linux all are read from files, so that tests can give others. On macOS and Windows only
// the memory of the machine is known.
package headroom

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// Limit is a bound on the memory of this process.
type Limit struct {
	Name string // for people: the machine, its control group, ulimit -v, ulimit -d
	Left int64  // bytes that may still be taken

	// Mapped tells that memory counts when it is mapped, used or not.
	Mapped bool
}

// The names of limits.
const (
	Machine   = "the machine"
	Group     = "the control group"
	Addresses = "ulimit -v"
	Data      = "ulimit -d"
)

// Total returns the bytes of memory that the machine has, or that its control group allows
// if that is less. It is 0 where neither is known. root is the root of the file system.
func Total(root fs.FS) int64 {
	least := systemTotal()
	take := func(bytes int64, ok bool) {
		if ok && bytes > 0 && (least == 0 || bytes < least) {
			least = bytes
		}
	}
	take(field(root, "proc/meminfo", "MemTotal:", 1<<10))
	for _, g := range groups(root) {
		take(number(root, g.limit))
	}
	return least
}

// Limits returns what is left of each limit that is known and set. root is the root of the
// file system.
func Limits(root fs.FS) []Limit {
	var all []Limit
	if left, ok := field(root, "proc/meminfo", "MemAvailable:", 1<<10); ok {
		all = append(all, Limit{Name: Machine, Left: left})
	} else if left := systemFree(); left > 0 {
		all = append(all, Limit{Name: Machine, Left: left})
	}
	group := Limit{Name: Group, Left: math.MaxInt64}
	for _, g := range groups(root) {
		limit, limited := number(root, g.limit)
		used, known := number(root, g.used)
		if !limited || !known {
			continue
		}
		cache, _ := field(root, g.stat, g.cache, 1) // pages of files that can be dropped
		group.Left = min(group.Left, max(limit-used+min(cache, used), 0))
	}
	if group.Left < math.MaxInt64 {
		all = append(all, group)
	}
	for _, own := range []struct{ name, limit, used string }{
		{Addresses, "Max address space", "VmSize:"}, {Data, "Max data size", "VmData:"},
	} {
		limit, limited := field(root, "proc/self/limits", own.limit, 1)
		used, known := field(root, "proc/self/status", own.used, 1<<10)
		if limited && known {
			all = append(all, Limit{own.name, max(limit-used, 0), true})
		}
	}
	return all
}

// group is the files of a control group.
type group struct{ limit, used, stat, cache string }

// groups returns the control groups of this process and those around them, of both versions.
// In a container the group at the root is that of the container.
func groups(root fs.FS) []group {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	var all []group
	for line := range strings.Lines(string(text)) {
		// hierarchy:controllers:path
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		two := f[0] == "0" && f[1] == ""
		if !two && f[1] != "memory" {
			continue
		}
		for at := path.Clean("/" + f[2]); ; at = path.Dir(at) {
			if two {
				dir := path.Join("sys/fs/cgroup", at)
				all = append(all, group{dir + "/memory.max", dir + "/memory.current", dir + "/memory.stat", "inactive_file"})
			} else {
				dir := path.Join("sys/fs/cgroup/memory", at)
				all = append(all, group{dir + "/memory.limit_in_bytes", dir + "/memory.usage_in_bytes", dir + "/memory.stat", "total_inactive_file"})
			}
			if at == "/" {
				break
			}
		}
	}
	return all
}

// unlimited is what version 1 of control groups has for no limit, and more than any machine.
const unlimited = 1 << 60

// number returns the number in a file.
func number(root fs.FS, name string) (int64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	return n, err == nil && n >= 0 && n < unlimited
}

// field returns the number after a key at the beginning of a line of a file, times unit.
func field(root fs.FS, name, key string, unit int64) (int64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		rest, found := strings.CutPrefix(lines.Text(), key)
		if f := strings.Fields(rest); found && len(f) > 0 {
			n, err := strconv.ParseInt(f[0], 10, 64)
			return n * unit, err == nil && n >= 0 && n < unlimited/unit
		}
	}
	return 0, false
}
