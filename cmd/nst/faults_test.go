//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nst/imgio"
	"nst/nst"
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
	full, temp := filepath.Join(dir, "full"), filepath.Join(dir, "temp")
	disk(t, full, "size=4k")
	if err := os.Mkdir(temp, 0o777); err != nil {
		t.Fatal(err)
	}
	args := strings.Replace(endless, " --size 32", " --size 64 --checkpoint-every 1ms", 1)
	p := launch(t, dir, "stylize c.png s.png -o full/out.png --strip strip.png"+args)
	p.awaitLine()
	time.Sleep(100 * time.Millisecond)
	p.signal(syscall.SIGINT)
	p.fails(fmt.Sprintf(`output "full/out.png": no space left on device; the picture is %q instead`, filepath.Join(temp, "out.png")))
	if got := p.stderr.String(); strings.Count(got, `checkpoint "full/out.png.checkpoint": no space left on device`) != 1 {
		t.Errorf("want one warning about the checkpoint:\n%s", got)
	}
	empty(t, full)
	if got, _ := whole(t, dir); got["strip.png"] == nil || got["temp/out.png"] == nil {
		t.Error("strip and picture, which have room, are not there")
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
	p.fails(`output "disk/out.png": read-only file system; the picture is "out.png" instead`)
	if got, _ := whole(t, dir); got["out.png"] == nil {
		t.Error("no picture")
	}
	launch(t, dir, "stylize c.png s.png -o disk/out.png --overwrite"+endless).
		fails(`output "disk/out.png": read-only file system`)
	empty(t, d)
}

// TestSavedElsewhere makes the disk of a batch and of a sweep read-only while they paint.
func TestSavedElsewhere(t *testing.T) {
	few := strings.Replace(endless, "1000000", "3000", 1)
	for _, c := range []struct{ args, message, instead string }{
		{"sweep c.png s.png --tv-weight 0,1 -o sheet.png --out-dir disk/out" + few, `output "disk/out/tv-weight-0.png"`, "tv-weight-0.png"},
		{"batch c.png --style s.png --jobs 1 --out-dir disk/out" + few, `result "disk/out/c-s.png"`, "c-s.png"},
	} {
		dir := newScene(t)
		d := filepath.Join(dir, "disk")
		disk(t, d, "size=1m")
		p := launch(t, dir, c.args)
		p.awaitLine()
		if err := syscall.Mount("nst-test", d, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=1m"); err != nil {
			_ = p.Process.Kill()
			t.Skip(err)
		}
		p.ends(exitFailed)
		want := fmt.Sprintf("%s: read-only file system; the picture is %q instead", c.message, c.instead)
		if got := p.stderr.String(); strings.Count(got, want) != 1 {
			t.Errorf("%s: want one error %q:\n%s", c.args, want, got)
		}
		if _, _, err := imgio.Open(filepath.Join(dir, c.instead)); err != nil {
			t.Error(err)
		}
	}
}

// TestOtherProgram does not go on with the run of another build of the same version.
func TestOtherProgram(t *testing.T) {
	dir := newScene(t)
	p := launch(t, dir, "stylize c.png s.png -o out.png"+endless)
	p.awaitLine()
	p.signal(syscall.SIGINT)
	p.ends(exitInterrupted)
	path := filepath.Join(dir, "out.png.checkpoint")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := nst.ReadState(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	made := s.Meta[metaProgram]
	if !strings.HasPrefix(made, version()) || len(made) < len(version())+16 {
		t.Errorf("made by %q", made)
	}
	s.Meta[metaProgram] = made[:len(made)-3] + "00)"
	if s.Meta[metaProgram] == made {
		s.Meta[metaProgram] = made[:len(made)-3] + "11)"
	}
	var b bytes.Buffer
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	launch(t, dir, "resume out.png.checkpoint").fails("another version of nst made it: " + s.Meta[metaProgram])
}

// TestFolderRemoved removes the folder of the output during a run.
func TestFolderRemoved(t *testing.T) {
	dir := newScene(t)
	gone := filepath.Join(dir, "gone")
	if err := os.Mkdir(gone, 0o777); err != nil {
		t.Fatal(err)
	}
	taken, err := os.ReadFile(filepath.Join(dir, "c.png"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "out.png"), taken, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir, "stylize c.png s.png -o gone/out.png"+endless)
	p.awaitLine()
	if err := os.RemoveAll(gone); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGINT)
	p.fails(`output "gone/out.png": folder does not exist; the picture is "out-2.png" instead`)
	if got, _ := whole(t, dir); got["out-2.png"] == nil || !bytes.Equal(got["out.png"], taken) {
		t.Error("no picture, or the name was not free")
	}
}

// TestInputReplaced spoils the inputs during a run, which has read them.
func TestInputReplaced(t *testing.T) {
	dir := newScene(t)
	p := launch(t, dir, "stylize c.png s.png -o out.png"+endless)
	p.awaitLine()
	inputs := map[string][]byte{}
	for _, name := range []string{"c.png", "s.png", "net.safetensors"} {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.Truncate(path, 100)
		}
		if err != nil {
			t.Fatal(err)
		}
		inputs[name] = data
	}
	p.signal(syscall.SIGINT)
	p.ends(exitInterrupted)
	if _, _, err := imgio.Open(filepath.Join(dir, "out.png")); err != nil {
		t.Error(err)
	}
	inputs["c.png"], inputs["s.png"] = inputs["s.png"], inputs["c.png"]
	for name, data := range inputs {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	launch(t, dir, "resume out.png.checkpoint").fails(`content image "c.png": is not the one that the run began with`)
	whole(t, dir)
}

// TestNoStdout paints without a standard output and without standard error.
func TestNoStdout(t *testing.T) {
	for _, closed := range []string{">&-", ">&- 2>&-"} {
		dir := newScene(t)
		p := command(t, dir, "stylize c.png s.png -o out.png --iterations 3"+tiny)
		inShell(t, p, `exec nst "$@" `+closed)
		p.ends(exitDone)
		if got, _ := whole(t, dir); got["out.png"] == nil {
			t.Errorf("%s: no picture", closed)
		}
	}
}

// TestFileSizeLimit paints where no file may be as large as the picture: there is one error,
// and nothing is half written, in no folder.
func TestFileSizeLimit(t *testing.T) {
	dir := newScene(t)
	args := strings.Replace(tiny, " --size 32 --log run.jsonl", " --size 256", 1)
	p := command(t, dir, "stylize c.png s.png -o out.png --iterations 3 --scales 1"+args)
	inShell(t, p, `ulimit -f 8 && exec nst "$@"`)
	p.fails(`output "out.png": file too large`)
	if got, temporary := whole(t, dir); got["out.png"] != nil || len(temporary) > 0 {
		t.Errorf("there is a picture, or temporary files: %q", temporary)
	}
}

// inShell starts a process by a line of sh, in which its arguments are "$@".
func inShell(t *testing.T, p *process, script string) {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	p.Path, p.Args = sh, append([]string{sh, "-c", script, "sh"}, p.Args[1:]...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
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
