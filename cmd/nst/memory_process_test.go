//go:build linux && !race

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

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

// TestAddresses takes the advice of refusals under a limit on addresses: that of stylize, and
// with NST_TEST_MEMORY that of all commands.
func TestAddresses(t *testing.T) {
	dir, commands := newScene(t), map[string]greedy{
		"one scale": {args: "stylize c.png s.png --draft --orientations 1 --optimizer adam --iterations 1 -o out.png", flag: "size", size: "9000"},
	}
	if os.Getenv("NST_TEST_MEMORY") != "" {
		dir, commands = greedyCommands(t)
	}
	for _, mb := range []int{1024, 2048} {
		for name, c := range commands {
			t.Run(fmt.Sprintf("%d/%s", mb, name), func(t *testing.T) {
				c.takesAdvice(t, dir, mb, func(args string) (*process, error) {
					p := limited(t, dir, mb<<10, args)
					return p, p.Run()
				})
			})
		}
	}
}

// TestFewAddresses starts nst with few addresses. It refuses or names a size in a few lines,
// unless Go itself does not start: below 832 MB, where there is no room for its tables, or from
// 1150 to 1311, where it takes larger ones. Near these bounds it starts or runs out in the middle
// of its start, by where its heap begins, which is random.
func TestFewAddresses(t *testing.T) {
	dir := newScene(t)
	for mb := 512; mb <= 1408; mb += 32 {
		p := limited(t, dir, mb<<10, "stylize c.png s.png -o out.png --draft --size 9000")
		err := p.Run()
		messages := p.stderr.String()
		first, _, _ := strings.Cut(messages, "\n")
		t.Logf("%d MB: %s", mb, first)
		starts, most := mb >= 832 && mb < 1150 || mb >= 1312, 200
		if starts || strings.HasPrefix(first, "nst: ") {
			most = 3
		}
		if lines := strings.Count(messages, "\n"); err == nil || lines > most {
			t.Errorf("%d MB: %v, %d lines:\n%s", mb, err, lines, messages)
		}
		if mb >= 1024 && mb < 1150 && !fitting.MatchString(messages) {
			t.Errorf("%d MB: no size is named:\n%s", mb, messages)
		}
	}
	if exists(filepath.Join(dir, "out.png")) {
		t.Error("there is a picture")
	}
}

// TestResumeRefused goes on with a run where there is too little memory: it is refused before the
// state is read, and a new run with the size that is named runs.
func TestResumeRefused(t *testing.T) {
	dir := newScene(t)
	const kb, layers = 1 << 20, " --network net.safetensors --content-layers relu1_2 --style-layers relu1_1 --optimizer adam --scales 1"
	p := launch(t, dir, "stylize c.png s.png -o out.png --size 1000 --iterations 1000000 --log run.jsonl"+layers)
	p.awaitLine()
	p.signal(syscall.SIGINT)
	p.ends(exitInterrupted)
	p = limited(t, dir, kb, "resume out.png"+checkpointExtension)
	most, err := p.peak()
	messages := p.stderr.String()
	found := fitting.FindStringSubmatch(messages)
	if err == nil || found == nil || !strings.Contains(messages, "hint: go on where there is more memory, or begin again with a smaller size: --size ") {
		t.Fatalf("%v:\n%s", err, messages)
	}
	if used := p.ProcessState.UserTime() + p.ProcessState.SystemTime(); used.Seconds() > 1 || most > 100<<20 {
		t.Errorf("the refusal took %v of the processor and %d MB", used, most>>20)
	}
	p = limited(t, dir, kb, "stylize c.png s.png -o again.png --iterations 1 --size "+found[1]+layers)
	if err := p.Run(); err != nil {
		t.Errorf("--size %s: %v:\n%s", found[1], err, p.stderr.String())
	}
	before := len(iterationsOf(t, dir))
	p = launch(t, dir, "resume out.png"+checkpointExtension)
	for deadline := time.Now().Add(time.Minute); len(iterationsOf(t, dir)) <= before && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	p.signal(syscall.SIGINT)
	p.ends(exitInterrupted)
	if after := len(iterationsOf(t, dir)); after <= before {
		t.Errorf("%d iterations, then %d", before, after)
	}
}
