//go:build linux && !race

package main

import (
	"fmt"
	"image"
	"image/jpeg"
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
	dir := newScene(t)
	large := image.NewYCbCr(image.Rect(0, 0, 4400, 4000), image.YCbCrSubsampleRatio420)
	for i := range large.Y {
		large.Y[i] = uint8(i%4400/40 ^ i/4400/40)
	}
	savePhoto(t, filepath.Join(dir, "large.jpg"), large)
	commands := map[string]string{
		"stylize":     "stylize c.png s.png --draft --iterations 2 -o out.png --size ",
		"adam":        "stylize c.png s.png --draft --optimizer adam --iterations 2 -o out.png --size ",
		"texture":     "texture s.png --draft --iterations 2 -o out.png --size ",
		"sweep":       "sweep c.png s.png --draft --iterations 2 --strength 50,80 -o out.png --size ",
		"batch":       "batch c.png d.png --style s.png --draft --iterations 2 --out-dir out --size ",
		"score":       "score c.png s.png d.png --draft --size ",
		"apply":       "apply s.png large.jpg -o out.png --size ",
		"batch-apply": "batch large.jpg --apply --style s.png --out-dir out --size ",
	}
	if tool, err := exec.LookPath("ffmpeg"); err == nil {
		film := filepath.Join(dir, "film.mp4")
		if out, err := exec.Command(tool, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=3840x2160:rate=25", "-frames:v", "3", film).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		commands["video"] = "video film.mp4 --style s.png -o out.mp4 --size "
		commands["paint"] = "video film.mp4 --style s.png --paint --draft --iterations 1 -o out.mp4 --size "
	}
	for _, mb := range []int{512, 1024, 2048} {
		for name, args := range commands {
			t.Run(fmt.Sprintf("%d/%s", mb, name), func(t *testing.T) {
				g := newMemoryGroup(t, mb)
				p, err := g.run(t, dir, args+"16384")
				found := fitting.FindStringSubmatch(p.stderr.String())
				if err == nil && mb > 512 && (name == "apply" || name == "batch-apply" || name == "video") {
					t.Skip("all of the picture fits")
				}
				if err == nil || found == nil || g.kills(t) > 0 {
					t.Fatalf("no size is named: %v, %d killed:\n%s", err, g.kills(t), p.stderr.String())
				}
				t.Cleanup(func() {
					left, _ := filepath.Glob(filepath.Join(dir, "out*"))
					for _, path := range left {
						os.RemoveAll(path)
					}
				})
				if p, err = g.run(t, dir, args+found[1]); err != nil || g.kills(t) > 0 {
					t.Errorf("--size %s: %v, %d killed:\n%s", found[1], err, g.kills(t), p.stderr.String())
				}
			})
		}
	}
}

// savePhoto writes a JPEG file.
func savePhoto(t *testing.T, path string, m image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(f, m, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
