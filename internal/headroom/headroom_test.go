package headroom

import (
	"reflect"
	"runtime"
	"testing"
	"testing/fstest"
)

const (
	info    = "MemTotal:       16000 kB\nMemFree:  5 kB\nMemAvailable:    9000 kB\n"
	process = "Name:\tnst\nVmSize:\t  700 kB\nVmData:\t   40 kB\n"
	limits  = "Limit                     Soft Limit           Hard Limit           Units\n" +
		"Max data size             unlimited            unlimited            bytes\n" +
		"Max address space         1024000              1024000              bytes\n"
	plenty = "Max data size             unlimited            unlimited            bytes\nMax address space         unlimited            unlimited            bytes\n"
	v1     = "9:name=systemd:/\n4:memory:/a/b\n3:cpuset:/\n0::/\n"
	v2     = "0::/user.slice/nst.scope\n"
)

func files(of map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range of {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestLimits(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system itself is asked here")
	}
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []Limit
		total int64
	}{
		{name: "nothing known"},
		{"machine", map[string]string{"proc/meminfo": info}, []Limit{{Machine, 9000 << 10, false}}, 16000 << 10},
		{"addresses", map[string]string{"proc/self/limits": limits, "proc/self/status": process}, []Limit{{Addresses, 1024000 - 700<<10, true}}, 0},
		{"no limits", map[string]string{"proc/self/limits": plenty, "proc/self/status": process}, nil, 0},
		{"version 2", map[string]string{
			"proc/self/cgroup":                                  v2,
			"sys/fs/cgroup/user.slice/memory.max":               "max\n",
			"sys/fs/cgroup/user.slice/memory.current":           "1000\n",
			"sys/fs/cgroup/user.slice/nst.scope/memory.max":     "5000\n",
			"sys/fs/cgroup/user.slice/nst.scope/memory.current": "2000\n",
			"sys/fs/cgroup/user.slice/nst.scope/memory.stat":    "anon 1\nfile 900\ninactive_file 700\n",
		}, []Limit{{Group, 3700, false}}, 5000},
		{"a group around", map[string]string{
			"proc/self/cgroup":                                  v2,
			"sys/fs/cgroup/user.slice/memory.max":               "4000\n",
			"sys/fs/cgroup/user.slice/memory.current":           "3900\n",
			"sys/fs/cgroup/user.slice/nst.scope/memory.max":     "5000\n",
			"sys/fs/cgroup/user.slice/nst.scope/memory.current": "2000\n",
		}, []Limit{{Group, 100, false}}, 4000},
		{"container", map[string]string{
			"proc/self/cgroup":             "0::/\n",
			"sys/fs/cgroup/memory.max":     "5000\n",
			"sys/fs/cgroup/memory.current": "6000\n",
			"proc/meminfo":                 info,
		}, []Limit{{Machine, 9000 << 10, false}, {Group, 0, false}}, 5000},
		{"version 1", map[string]string{
			"proc/self/cgroup":                               v1,
			"sys/fs/cgroup/memory/memory.limit_in_bytes":     "9223372036854771712\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes":     "1000\n",
			"sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "5000\n",
			"sys/fs/cgroup/memory/a/b/memory.usage_in_bytes": "2000\n",
			"sys/fs/cgroup/memory/a/b/memory.stat":           "cache 5\ntotal_inactive_file 500\n",
		}, []Limit{{Group, 3500, false}}, 5000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := files(tt.files)
			if got := Limits(root); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("limits %+v, want %+v", got, tt.want)
			}
			if got := Total(root); got != tt.total {
				t.Errorf("%d bytes in all, want %d", got, tt.total)
			}
		})
	}
}
