//go:build linux && !race

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// memoryGroup is a control group, of version 1 or 2, in which processes have a limited memory.
type memoryGroup struct{ dir, limit, killed string }

// newMemoryGroup makes a control group for the test. Without the right to make one, or without
// control groups, the test is skipped.
func newMemoryGroup(t *testing.T, mb int) memoryGroup {
	t.Helper()
	name := fmt.Sprintf("nst-test-%d-%d", os.Getpid(), mb)
	g := memoryGroup{"/sys/fs/cgroup/memory/" + name, "memory.limit_in_bytes", "memory.oom_control"}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		g = memoryGroup{"/sys/fs/cgroup/" + name, "memory.max", "memory.events"}
	}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		t.Skip("no control group can be made here:", err)
	}
	t.Cleanup(func() {
		for range 50 { // the system takes its time to count the last process out
			if os.Remove(g.dir) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Errorf("%s is left", g.dir)
	})
	if err := os.WriteFile(filepath.Join(g.dir, g.limit), []byte(strconv.Itoa(mb<<20)), 0); err != nil {
		t.Skip("the memory of a control group cannot be limited here:", err)
	}
	return g
}

// kills returns how many processes of the group were killed for their memory.
func (g memoryGroup) kills(t *testing.T) (n int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(g.dir, g.killed))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if count, found := strings.CutPrefix(line, "oom_kill "); found {
			if n, err = strconv.Atoi(strings.TrimSpace(count)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}

// run runs nst in the group.
func (g memoryGroup) run(t *testing.T, dir, args string) (*process, error) {
	t.Helper()
	p := command(t, dir, "")
	nst, err := exec.LookPath("nst")
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("echo $$ > %s/cgroup.procs && exec %s %s", g.dir, nst, args)
	p.Path, p.Args = "/bin/sh", []string{"sh", "-c", script}
	return p, p.Run()
}

// TestMemoryGroups takes the advice of refusals in control groups. NST_TEST_MEMORY asks for it,
// since what fits into 2 GB takes long to paint.
func TestMemoryGroups(t *testing.T) {
	if os.Getenv("NST_TEST_MEMORY") == "" {
		t.Skip("NST_TEST_MEMORY is not set")
	}
	dir, commands := greedyCommands(t)
	for _, mb := range []int{512, 1024, 2048} {
		for name, c := range commands {
			t.Run(fmt.Sprintf("%d/%s", mb, name), func(t *testing.T) {
				g := newMemoryGroup(t, mb)
				c.takesAdvice(t, dir, mb, func(args string) (*process, error) {
					p, err := g.run(t, dir, args)
					if n := g.kills(t); n > 0 {
						t.Fatalf("%s: %d killed:\n%s", args, n, p.stderr.String())
					}
					return p, err
				})
			})
		}
	}
}
