//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nst/imgio"
	"nst/nst"
)

// moments is how often a command is stopped: NST_TEST_KILLS, or few times.
func moments(t *testing.T) int {
	t.Helper()
	text := os.Getenv("NST_TEST_KILLS")
	if text == "" {
		return 2
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// endless are flags for runs that only a signal ends.
const endless = tiny + " --optimizer adam --iterations 1000000"

// process is a running nst.
type process struct {
	*exec.Cmd
	t      *testing.T
	stderr bytes.Buffer
}

// command returns nst in a folder with arguments that spaces separate. It is killed after a
// while.
func command(t *testing.T, dir, args string) *process {
	t.Helper()
	while := 3 * time.Minute
	if os.Getenv("NST_TEST_MEMORY") != "" {
		while = 10 * time.Minute // what fits into 2 GB takes long on a busy machine
	}
	ctx, cancel := context.WithTimeout(t.Context(), while)
	t.Cleanup(cancel)
	p := &process{Cmd: exec.CommandContext(ctx, "nst", strings.Fields(args)...), t: t}
	p.Dir = dir
	p.Env = append(os.Environ(), "NST_HOME="+filepath.Join(dir, "home"), "TMPDIR="+filepath.Join(dir, "temp"))
	p.Stderr = &p.stderr
	return p
}

// launch starts a command.
func launch(t *testing.T, dir, args string) *process {
	t.Helper()
	p := command(t, dir, args)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// ends waits for the process and wants an exit code.
func (p *process) ends(code int) {
	p.t.Helper()
	_ = p.Wait() // the state has the code
	if got := p.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("%v: exit code %d, want %d:\n%s", p.Args, got, code, p.stderr.String())
	}
}

// awaitLine waits until the file run.jsonl of the process has a line.
func (p *process) awaitLine() {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if data, _ := os.ReadFile(filepath.Join(p.Dir, "run.jsonl")); bytes.ContainsRune(data, '\n') {
			return
		}
	}
	_ = p.Process.Kill()
	p.ends(0)
	p.t.Fatal("no line in run.jsonl in a minute")
}

// signal sends a signal.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// whole fails the test unless every file below dir is whole. It returns the pictures, and the
// temporary files. The log may end within a line.
func whole(t *testing.T, dir string) (pictures map[string][]byte, temporary []string) {
	t.Helper()
	pictures = map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		ok := true
		switch filepath.Ext(path) {
		case ".png":
			_, _, err := imgio.Open(path)
			ok = err == nil
			name, _ := filepath.Rel(dir, path)
			pictures[name] = data
		case ".json":
			ok = json.Valid(data)
		case checkpointExtension:
			_, err := nst.ReadState(bytes.NewReader(data), int64(len(data)))
			ok = err == nil
		case ".svg", ".html":
			ok = bytes.HasSuffix(bytes.TrimSpace(data), []byte("</"+filepath.Ext(path)[1:]+">"))
		case ".csv":
			ok = bytes.HasSuffix(data, []byte("\n"))
		case ".tmp":
			temporary = append(temporary, path)
		}
		if !ok {
			t.Errorf("%s is not whole: %d bytes", path, len(data))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pictures, temporary
}
