//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nst/imgio"
)

// disk mounts a small file system on a folder until the test ends. It skips the test where
// that is not allowed.
func disk(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("nst-test", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// fails wants a run to end with code 1 and one error that holds text.
func (p *process) fails(text string) {
	p.t.Helper()
	p.ends(exitFailed)
	got := p.stderr.String()
	if strings.Count(got, "nst: error:") != 1 || !strings.Contains(got, text) {
		p.t.Errorf("want one error %q:\n%s", text, got)
	}
}

// empty wants a folder to hold nothing.
func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("%s holds %v: %v", dir, entries, err)
	}
}

// TestDiskFull saves a picture where there is no room for it.
func TestDiskFull(t *testing.T) {
	dir := newScene(t)
	full := filepath.Join(dir, "full")
	disk(t, full, "size=4k")
	launch(t, dir, "stylize c.png s.png -o full/out.png --size 64 --iterations 2 --strip strip.png"+strings.Replace(tiny, " --size 32", "", 1)).
		fails(`output "full/out.png": no space left on device`)
	empty(t, full)
	if got, _ := whole(t, dir); got["strip.png"] == nil {
		t.Error("the strip, which has room, is not there")
	}
}

// TestReadOnlyDisk makes the disk of the output read-only, before a run and during one.
func TestReadOnlyDisk(t *testing.T) {
	dir := newScene(t)
	d := filepath.Join(dir, "disk")
	disk(t, d, "size=1m")
	p := launch(t, dir, "stylize c.png s.png -o disk/out.png"+endless)
	p.awaitLine()
	if err := syscall.Mount("nst-test", d, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=1m"); err != nil {
		_ = p.Process.Kill()
		t.Skip(err)
	}
	p.signal(syscall.SIGINT)
	p.fails(`output "disk/out.png": read-only file system`)
	launch(t, dir, "stylize c.png s.png -o disk/out.png --overwrite"+endless).
		fails(`output "disk/out.png": read-only file system`)
	empty(t, d)
}

// TestFolderRemoved removes the folder of the output during a run.
func TestFolderRemoved(t *testing.T) {
	dir := newScene(t)
	gone := filepath.Join(dir, "gone")
	if err := os.Mkdir(gone, 0o777); err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir, "stylize c.png s.png -o gone/out.png"+endless)
	p.awaitLine()
	if err := os.RemoveAll(gone); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGINT)
	p.fails(`output "gone/out.png": folder does not exist`)
}

// TestInputReplaced spoils the inputs during a run, which has read them.
func TestInputReplaced(t *testing.T) {
	dir := newScene(t)
	p := launch(t, dir, "stylize c.png s.png -o out.png"+endless)
	p.awaitLine()
	for _, name := range []string{"c.png", "s.png", "net.safetensors"} {
		if err := os.Truncate(filepath.Join(dir, name), 100); err != nil {
			t.Fatal(err)
		}
	}
	p.signal(syscall.SIGINT)
	p.ends(exitInterrupted)
	if _, _, err := imgio.Open(filepath.Join(dir, "out.png")); err != nil {
		t.Error(err)
	}
}

// TestFilesThatAppear creates files during a run at the places of its outputs. They are kept,
// and the outputs get other names.
func TestFilesThatAppear(t *testing.T) {
	foreign := []byte("precious")
	for _, c := range []struct{ args, appears, instead string }{
		{"stylize c.png s.png -o out.png", "out.png", "out-2.png"},
		{"stylize c.png s.png -o out.png --strip strip.png", "strip.png", "strip-2.png"},
		{"batch c.png --style s.png --out-dir out", "out/partial/c-s.png", "out/partial/c-s-2.png"},
		{"sweep c.png s.png --tv-weight 0,1 -o sheet.png", "sheet.png", "sheet-2.png"},
		{"sweep c.png s.png --tv-weight 0,1 -o sheet.png", "sheet/index.html", "sheet/index-2.html"},
	} {
		dir := newScene(t)
		p := launch(t, dir, c.args+endless)
		p.awaitLine()
		path := filepath.Join(dir, c.appears)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, foreign, 0o666); err != nil {
			t.Fatal(err)
		}
		p.signal(syscall.SIGINT)
		p.ends(exitInterrupted)
		if got, err := os.ReadFile(path); !bytes.Equal(got, foreign) {
			t.Errorf("%s: %s was replaced: %v", c.args, c.appears, err)
		}
		if _, err := os.Stat(filepath.Join(dir, c.instead)); err != nil {
			t.Errorf("%s: %v", c.args, err)
		}
		if got := p.stderr.String(); !strings.Contains(got, c.instead) {
			t.Errorf("%s: no message about %s:\n%s", c.args, c.instead, got)
		}
	}
}

// TestNoRoomForData prints to a device that is full.
func TestNoRoomForData(t *testing.T) {
	dir := newScene(t)
	for _, args := range []string{"info", "info --json", "presets show gatys", "presets", "weights list", "--help", "stylize --help", "--version", "completion bash"} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		p := command(t, dir, args)
		p.Stdout = full
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		p.fails("standard output: no space left on device")
		full.Close()
	}
}
