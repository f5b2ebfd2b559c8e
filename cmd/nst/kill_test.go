//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilled kills runs at random moments. Every file is whole or absent, and the same command
// again gives the pictures of a run that was not disturbed, without temporary files.
func TestKilled(t *testing.T) {
	for _, c := range []struct{ name, args string }{
		{"stylize", "stylize c.png s.png -o out.png --save-every 1 --plot out.svg --overwrite --iterations 30" + tiny},
		{"sweep", "sweep c.png s.png --tv-weight 0,1,2,3,4,5 --iterations 3 -o sheet.png --out-dir sheet" + tiny},
		{"batch", "batch c.png d.png --style s.png --style t.png --out-dir out --iterations 3" + tiny},
	} {
		t.Run(c.name, func(t *testing.T) {
			calm := newScene(t)
			began := time.Now()
			launch(t, calm, c.args).ends(0)
			took := time.Since(began)
			want, _ := whole(t, calm)
			random := rand.New(rand.NewPCG(1, 22))
			for range moments(t) {
				dir := newScene(t)
				p := launch(t, dir, c.args)
				time.Sleep(time.Duration(random.Float64() * float64(took)))
				_ = p.Process.Kill() // it may have ended
				_ = p.Wait()
				_, temporary := whole(t, dir)
				long := time.Now().Add(-24 * time.Hour)
				for _, path := range temporary {
					if err := os.Chtimes(path, long, long); err != nil {
						t.Fatal(err)
					}
				}
				launch(t, dir, c.args).ends(0)
				got, temporary := whole(t, dir)
				if len(temporary) > 0 {
					t.Errorf("temporary files are left: %q", temporary)
				}
				for name, data := range want {
					if name != "sheet.png" && !bytes.Equal(got[name], data) {
						t.Errorf("%s differs from that of a run that was not killed", name)
					}
				}
				if len(got) != len(want) {
					t.Errorf("%d pictures, want %d", len(got), len(want))
				}
			}
		})
	}
}

// TestKilledResume kills runs at random moments, and goes on with nst resume, which is killed
// as well. The pictures are those of a run that was not disturbed, and so is the log.
func TestKilledResume(t *testing.T) {
	for _, c := range []struct{ name, args string }{
		{"lbfgs", "stylize c.png s.png -o out.png --save-every 100 --plot out.svg --iterations 300 --scales 2"},
		{"adam", "stylize c.png s.png -o out.png --optimizer adam --iterations 400 --init noise"},
		{"texture", "texture s.png -o out.png --optimizer lbfgs-wolfe --iterations 300"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args + " --checkpoint-every 1ms" + tiny
			if c.name == "texture" {
				args = strings.Replace(args, "--content-layers relu1_2", "", 1)
			}
			calm := newScene(t)
			began := time.Now()
			launch(t, calm, args).ends(0)
			took := time.Since(began)
			want, _ := whole(t, calm)
			random := rand.New(rand.NewPCG(3, 22))
			checkpoint := func(dir string) string { return filepath.Join(dir, "out.png"+checkpointExtension) }
			resumed := 0
			for range moments(t) {
				dir, last := newScene(t), (*process)(nil)
				for n := 0; n == 0 || last.ProcessState.ExitCode() != 0; n++ {
					again := args
					if exists(checkpoint(dir)) {
						again = "resume out.png.checkpoint --threads " + strconv.Itoa(1+n%3)
						resumed++
					} else if n > 0 {
						again += " --overwrite"
					}
					last = launch(t, dir, again)
					if n < 2 {
						time.Sleep(time.Duration(random.Float64() * float64(took)))
						_ = last.Process.Kill() // it may have ended
					}
					_ = last.Wait()
					whole(t, dir)
					if n > 2 {
						t.Fatalf("%v: exit code %d:\n%s", last.Args, last.ProcessState.ExitCode(), last.stderr.String())
					}
				}
				got, _ := whole(t, dir)
				for name, data := range want {
					if !bytes.Equal(got[name], data) {
						t.Errorf("%s differs from that of a run that was not killed", name)
					}
				}
				if len(got) != len(want) || exists(checkpoint(dir)) {
					t.Errorf("%d pictures, want %d; or the checkpoint is left", len(got), len(want))
				}
				if log, calmLog := iterationsOf(t, dir), iterationsOf(t, calm); !slices.Equal(log, calmLog) {
					t.Errorf("the log has %v, want %v", log, calmLog)
				}
			}
			t.Logf("resumed %d times in %d runs", resumed, moments(t))
		})
	}
}

// iterationsOf returns the losses in the log of a run.
func iterationsOf(t *testing.T, dir string) (losses []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "run.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(data)) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		losses = append(losses, strconv.Itoa(l.Done)+" "+strconv.FormatFloat(float64(l.Loss.Total), 'g', -1, 64))
	}
	return losses
}

// TestSignals stops runs at random moments. The picture and the checkpoint are there, the exit
// code is 130.
func TestSignals(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 22))
	for _, c := range []struct{ args, picture string }{
		{"stylize c.png s.png -o out.png", "out.png"},
		{"sweep c.png s.png --tv-weight 0,1 -o sheet.png", "sheet.png"},
		{"batch c.png --style s.png --out-dir out", "out/partial/c-s.png"},
	} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			if signal.Ignored(s) {
				t.Logf("not tested: %v is ignored here, as nohup does", s)
				continue
			}
			for range max(1, moments(t)/3) {
				dir := newScene(t)
				p := launch(t, dir, c.args+endless)
				p.awaitLine()
				time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
				p.signal(s)
				if random.IntN(2) == 0 {
					p.signal(s) // counts as the same
				}
				p.ends(exitInterrupted)
				got, temporary := whole(t, dir)
				if got[filepath.FromSlash(c.picture)] == nil || len(temporary) > 0 {
					t.Errorf("%s, %v: no %s, or temporary files: %q", c.args, s, c.picture, temporary)
				}
				if checkpoint := c.picture + checkpointExtension; !strings.HasPrefix(c.args, "stylize") {
					continue
				} else if !exists(filepath.Join(dir, checkpoint)) || !strings.Contains(p.stderr.String(), "nst resume "+checkpoint) {
					t.Errorf("%s, %v: no %s:\n%s", c.args, s, checkpoint, p.stderr.String())
				}
			}
		}
	}
}

// TestNobodyReads closes the reading end of stderr during a run: it ends as after an interrupt.
func TestNobodyReads(t *testing.T) {
	dir := newScene(t)
	p := command(t, dir, "stylize c.png s.png -o out.png --progress json"+endless)
	p.Stderr = nil
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stderr.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	stderr.Close()
	p.ends(exitInterrupted)
	if got, _ := whole(t, dir); got["out.png"] == nil {
		t.Error("no picture")
	}
}

// TestNohup sends a hangup to a run that was started with nohup: it goes on.
func TestNohup(t *testing.T) {
	nohup, err := exec.LookPath("nohup")
	if err != nil {
		t.Skip(err)
	}
	dir := newScene(t)
	p := command(t, dir, "stylize c.png s.png -o out.png"+endless)
	p.Path, p.Args = nohup, append([]string{nohup}, p.Args...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	p.awaitLine()
	p.signal(syscall.SIGHUP)
	time.Sleep(200 * time.Millisecond)
	if err := p.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("it has ended: %v", err)
	}
	p.signal(syscall.SIGTERM)
	p.ends(exitInterrupted)
	if strings.Count(p.stderr.String(), "interrupted:") != 1 || !strings.Contains(p.stderr.String(), "wrote out.png") {
		t.Errorf("messages:\n%s", p.stderr.String())
	}
}

// TestInterruptedReading interrupts commands while they read: here from pipes that nobody
// writes to.
func TestInterruptedReading(t *testing.T) {
	for _, args := range []string{
		"stylize pipe s.png -o out.png" + tiny,
		"score pipe s.png c.png" + strings.TrimSuffix(tiny, " --log run.jsonl"),
	} {
		dir := newScene(t)
		if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666); err != nil {
			t.Skip(err)
		}
		p := launch(t, dir, args)
		time.Sleep(500 * time.Millisecond) // there is nothing to wait for
		p.signal(syscall.SIGINT)
		p.ends(exitInterrupted)
		if got := p.stderr.String(); !strings.HasSuffix(got, "nst: error: interrupted; nothing was written\n") || strings.Count(got, "error") > 1 {
			t.Errorf("%s: messages:\n%s", args, got)
		}
	}
}

// TestHead prints for a reader who goes away: there is no message.
func TestHead(t *testing.T) {
	dir := newScene(t)
	for _, args := range []string{"info", "presets show gatys", "--help", "completion bash"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		p := command(t, dir, args)
		p.Stdout = w
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		p.ends(exitFailed)
		if p.stderr.Len() > 0 {
			t.Errorf("%s: messages:\n%s", args, p.stderr.String())
		}
	}
}
