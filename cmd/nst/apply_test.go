package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nst/imgio"
	"nst/internal/feedforward"
)

// inFolder makes a folder with a small network m.safetensors and two photographs the current
// one.
func inFolder(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	m, err := feedforward.New(feedforward.Architecture{Widths: [3]int{4, 4, 4}}, []feedforward.Style{{Name: "swirl"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save("m.safetensors", true); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.png", "b.png"} {
		if err := imgio.Save(name, grey(40, 32), imgio.Encoding{}); err != nil {
			t.Fatal(err)
		}
	}
}

// After an interrupt apply begins no further picture, says what is left, and leaves nothing
// that is half written.
func TestApplyInterrupted(t *testing.T) {
	for args, want := range map[string]string{
		"apply m.safetensors a.png b.png --out-dir out": "0 done, 0 skipped (already there), 0 failed, 2 left to do",
		"apply m.safetensors a.png":                     "interrupted; nothing was written",
	} {
		inFolder(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var b bytes.Buffer
		e := quietEnv()
		e.Stderr = &b
		if code := run(ctx, e, strings.Fields(args)); code != exitInterrupted {
			t.Errorf("%s: exit code %d, want %d", args, code, exitInterrupted)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s: %q, want %q", args, b.String(), want)
		}
		var files []string
		if err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if want := []string{"a.png", "b.png", "m.safetensors"}; !slices.Equal(files, want) {
			t.Errorf("%s: left %v, want %v", args, files, want)
		}
	}
}

// No picture goes to a terminal.
func TestApplyTerminal(t *testing.T) {
	inFolder(t)
	var out, b bytes.Buffer
	e := quietEnv()
	e.Stdout, e.Stderr, e.StdoutTerminal = &out, &b, true
	if code := run(t.Context(), e, strings.Fields("apply m.safetensors a.png -o -")); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if out.Len() > 0 || !strings.Contains(b.String(), "standard output is a terminal") {
		t.Errorf("%d bytes on standard output, and %q", out.Len(), b.String())
	}
}

// On a terminal a bar counts many pictures.
func TestApplyBar(t *testing.T) {
	inFolder(t)
	var b bytes.Buffer
	e := quietEnv()
	e.Stderr, e.IsTerminal = &b, true
	if code := run(t.Context(), e, strings.Fields("apply m.safetensors a.png b.png --out-dir out")); code != exitDone {
		t.Errorf("exit code %d: %s", code, b.String())
	}
	if s := b.String(); !strings.Contains(s, "2/2 100%") || strings.Contains(s, "wrote") || !strings.Contains(s, "2 done") {
		t.Errorf("%q", s)
	}
}
