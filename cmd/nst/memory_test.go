package main

import (
	"io/fs"
	"testing"
)

func TestMachineMemory(t *testing.T) {
	const info, v2, v1 = "/proc/meminfo", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing known", nil, 0},
		{"machine", map[string]string{info: "MemTotal:       16000 kB\nMemFree: 5 kB\n"}, 16000 << 10},
		{"group", map[string]string{info: "MemTotal: 16000 kB\n", v2: "1048576\n"}, 1 << 20},
		{"group without a limit", map[string]string{info: "MemTotal: 16000 kB\n", v2: "max\n"}, 16000 << 10},
		{"old group without a limit", map[string]string{info: "MemTotal: 16000 kB\n", v1: "9223372036854771712\n"}, 16000 << 10},
		{"old group", map[string]string{v1: "2097152\n"}, 2 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := machineMemory(func(path string) ([]byte, error) {
				if text, ok := tt.files[path]; ok {
					return []byte(text), nil
				}
				return nil, fs.ErrNotExist
			})
			if got != tt.want {
				t.Errorf("%d bytes, want %d", got, tt.want)
			}
		})
	}
}
