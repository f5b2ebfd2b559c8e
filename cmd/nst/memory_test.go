package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"nst/internal/headroom"
)

// systems are machines and control groups that leave so many bytes, as files say it.
func systems(bytes int64) map[string]fstest.MapFS {
	file := func(format string, a ...any) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, format, a...)}
	}
	return map[string]fstest.MapFS{
		headroom.Machine: {"proc/meminfo": file("MemAvailable: %d kB\n", bytes>>10)},
		headroom.Group: {
			"proc/meminfo":                     file("MemTotal: 900000000 kB\nMemAvailable: 900000000 kB\n"),
			"proc/self/cgroup":                 file("0::/nst\n"),
			"sys/fs/cgroup/nst/memory.max":     file("%d\n", bytes),
			"sys/fs/cgroup/nst/memory.current": file("0\n"),
		},
		headroom.Group + " of version 1": {
			"proc/self/cgroup": file("4:memory:/nst\n"),
			"sys/fs/cgroup/memory/nst/memory.limit_in_bytes": file("%d\n", bytes),
			"sys/fs/cgroup/memory/nst/memory.usage_in_bytes": file("0\n"),
		},
		headroom.Addresses: {
			"proc/self/limits": file("Max address space %d %d bytes\n", bytes, bytes),
			"proc/self/status": file("VmSize: 0 kB\n"),
		},
	}
}

// runIn runs a command in this process, in a system, and returns its exit code and messages.
func runIn(t *testing.T, system fstest.MapFS, args ...string) (code int, messages string) {
	t.Helper()
	var out, messagesTo bytes.Buffer
	e := &env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &messagesTo, System: system, Getenv: func(name string) string {
		if name == "NST_HOME" {
			return filepath.Join(t.TempDir(), "home")
		}
		return ""
	}}
	code = run(context.Background(), e, args)
	return code, out.String() + messagesTo.String()
}

// headerOnly writes a grey PNG picture of w by h pixels that ends after its header.
func headerOnly(t *testing.T, path string, w, h int) {
	t.Helper()
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(w))
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(h))
	chunk = append(chunk, 8, 0, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(chunk))
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestRefusals runs every command that paints where its memory is not there. It is refused
// before anything but headers is read: the pictures have nothing else.
func TestRefusals(t *testing.T) {
	for name, mb := range map[string]int64{headroom.Machine: 512, headroom.Group: 1024, headroom.Group + " of version 1": 512, headroom.Addresses: 2048} {
		t.Run(name, func(t *testing.T) {
			system := systems(mb << 20)[name]
			dir := t.TempDir()
			picture := filepath.Join(dir, "p.png")
			side := int(math.Sqrt(float64(mb << 20 / 40))) // half of the memory can read it, all of it cannot paint it
			headerOnly(t, picture, side, side)
			out := filepath.Join(dir, "out")
			for _, args := range [][]string{
				{"stylize", picture, picture, "--draft", "--size", "6000", "-o", out + ".png"},
				{"stylize", picture, picture, "--draft", "--size", "original", "--optimizer", "lbfgs-torch", "-o", out + ".png"},
				{"texture", picture, "--draft", "--size", "5000", "-o", out + ".png"},
				{"batch", picture, "--style", picture, "--draft", "--size", "6000", "--out-dir", out},
				{"sweep", picture, picture, "--draft", "--size", "200,6000", "-o", out + ".png"},
				{"score", picture, picture, picture, "--draft", "--size", "9000"},
				{"apply", picture, picture, "-o", out + ".png"},
				{"train", picture, "--photos", picture, "--style-size", "4096", "--batch", "16", "-o", out + ".safetensors"},
			} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				code, messages := runIn(t, system, args...)
				runtime.ReadMemStats(&after)
				limit, _, _ := strings.Cut(name, " of version")
				if !strings.Contains(messages, "MB more of memory, but "+limit+" leaves") || !strings.Contains(messages, "--force goes on") || code != exitFailed {
					t.Errorf("%d MB of %s: %v: exit code %d:\n%s", mb, name, args, code, messages)
				}
				most := uint64(200) // garbage included
				if args[0] == "train" {
					most = 400 // it looks for two sizes
				}
				if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; taken > most {
					t.Errorf("%d MB of %s: %v allocated %d MB before it was refused", mb, name, args, taken)
				}
			}
			if left, _ := filepath.Glob(out + "*"); left != nil {
				t.Errorf("%d MB of %s: %v is there", mb, name, left)
			}
		})
	}
}

var fitting = regexp.MustCompile(`--size (\d+) fits`)

// TestSizeThatFits takes the advice of a refusal.
func TestSizeThatFits(t *testing.T) {
	dir := newScene(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, system := range systems(200 << 20) {
		for _, args := range [][]string{
			{"stylize", at("c.png"), at("s.png"), "-o", at("o.png"), "--scales", "1", "--iterations", "2", "--overwrite"},
			{"texture", at("s.png"), "-o", at("o.png"), "--scales", "1", "--iterations", "2", "--overwrite"},
			{"score", at("c.png"), at("s.png"), at("d.png")},
		} {
			if args[0] != "texture" {
				args = append(args, "--content-layers", "relu1_2")
			} else {
				args = append(args[:4:4], args[6:]...)
			}
			args = append(args, "--style-layers", "relu1_1", "--network", at("net.safetensors"))
			code, messages := runIn(t, system, append(args, "--size", "5000")...)
			found := fitting.FindStringSubmatch(messages)
			if code != exitFailed || found == nil {
				t.Errorf("%s: %v: exit code %d:\n%s", name, args, code, messages)
				continue
			}
			if code, messages := runIn(t, system, append(args, "--size", found[1])...); code != exitDone {
				t.Errorf("%s: %v with --size %s: exit code %d:\n%s", name, args, found[1], code, messages)
			}
		}
	}
}

// TestForce goes on where the memory seems not to suffice.
func TestForce(t *testing.T) {
	dir := newScene(t)
	args := append([]string{"stylize", filepath.Join(dir, "c.png"), filepath.Join(dir, "s.png"), "--force", "-o", filepath.Join(dir, "o.png")}, strings.Fields(strings.ReplaceAll(tiny, "net.", filepath.Join(dir, "net.")))...)
	args = append(args, "--iterations", "2", "--log", filepath.Join(dir, "l.jsonl"))
	code, messages := runIn(t, systems(1 << 20)[headroom.Machine], args...)
	if code != exitDone || !strings.Contains(messages, "going on because of --force") || !strings.Contains(messages, "wrote ") {
		t.Errorf("exit code %d:\n%s", code, messages)
	}
}
