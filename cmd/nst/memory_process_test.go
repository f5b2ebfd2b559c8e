//go:build linux && !race

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nst/imgio"
)

// limited returns nst in a folder under a limit on addresses, in kB.
func limited(t *testing.T, dir string, kb int, args string) *process {
	t.Helper()
	p := command(t, dir, "")
	nst, err := exec.LookPath("nst")
	if err != nil {
		t.Fatal(err)
	}
	p.Path, p.Args = "/bin/sh", []string{"sh", "-c", fmt.Sprintf("ulimit -v %d; exec %s %s", kb, nst, args)}
	return p
}

// TestOutOfMemory runs out of addresses during a run, which --force has begun. The picture of
// the last size that was painted is saved, and Go says nothing of its own.
func TestOutOfMemory(t *testing.T) {
	dir := newScene(t)
	saved := 0
	for _, kb := range []int{1600000, 1800000} {
		out := fmt.Sprintf("out%d.png", kb)
		p := limited(t, dir, kb, "stylize c.png s.png --draft --size 1200 --iterations 2 --force -o "+out)
		err := p.Run()
		messages := p.stderr.String()
		if strings.Contains(messages, "goroutine ") || err == nil {
			t.Errorf("%d kB: %v:\n%s", kb, err, messages)
			continue
		}
		if !strings.Contains(messages, "error: no memory for a picture of") {
			continue // before the first size was done
		}
		picture, _, err := imgio.Open(filepath.Join(dir, out))
		if err != nil || max(picture.W, picture.H) != 1200 {
			t.Errorf("%d kB: %v:\n%s", kb, err, messages)
			continue
		}
		saved++
	}
	if saved == 0 {
		t.Error("no run saved a picture")
	}
}

// TestAddresses takes the advice of a refusal under a limit on addresses.
func TestAddresses(t *testing.T) {
	dir := newScene(t)
	const flags = "stylize c.png s.png --draft --orientations 1 --optimizer adam --iterations 1 -o out.png --overwrite --size "
	for _, kb := range []int{1048576, 2097152} {
		p := limited(t, dir, kb, flags+"9000")
		err := p.Run()
		found := fitting.FindStringSubmatch(p.stderr.String())
		if err == nil || found == nil {
			t.Fatalf("%d kB: %v:\n%s", kb, err, p.stderr.String())
		}
		used := p.ProcessState.UserTime() + p.ProcessState.SystemTime()
		if used.Seconds() > 1 {
			t.Errorf("%d kB: the refusal took %v of the processor", kb, used)
		}
		p = limited(t, dir, kb, flags+found[1])
		if err := p.Run(); err != nil {
			t.Errorf("%d kB: --size %s: %v:\n%s", kb, found[1], err, p.stderr.String())
		}
	}
}
