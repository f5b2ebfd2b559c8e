//go:build linux && !race

package main

import (
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// greedy is a command that is refused with a large size, where memory is limited.
type greedy struct {
	args  string // without the size
	flag  string // of the size
	size  string // that is too large
	small bool   // all of it may fit into 1 GB
}

// greedyCommands returns a command of each kind, by name, and the folder that they run in.
func greedyCommands(t *testing.T) (dir string, commands map[string]greedy) {
	t.Helper()
	dir = newScene(t)
	large := image.NewYCbCr(image.Rect(0, 0, 4400, 4000), image.YCbCrSubsampleRatio420)
	for i := range large.Y {
		large.Y[i] = uint8(i%4400/40 ^ i/4400/40)
	}
	savePhoto(t, filepath.Join(dir, "large.jpg"), large)
	if err := os.Mkdir(filepath.Join(dir, "photos"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		savePhoto(t, filepath.Join(dir, "photos", fmt.Sprintf("%d.jpg", i)), large.SubImage(image.Rect(80*i, 0, 80*i+400, 300+i)))
	}
	launch(t, dir, "stylize c.png s.png --draft --size 64 --iterations 1 -o made.png").ends(exitDone)
	commands = map[string]greedy{
		"stylize":     {args: "stylize c.png s.png --draft --iterations 2 -o out.png"},
		"adam":        {args: "stylize c.png s.png --draft --optimizer adam --iterations 2 -o out.png"},
		"texture":     {args: "texture s.png --draft --iterations 2 -o out.png"},
		"sweep":       {args: "sweep c.png s.png --draft --iterations 2 --strength 50,80 -o out.png"},
		"batch":       {args: "batch c.png d.png --style s.png --draft --iterations 2 --out-dir out"},
		"score":       {args: "score c.png s.png d.png --draft"},
		"rerun":       {args: "rerun made.png -o out.png"},
		"train":       {args: "train s.png --photos photos --steps 1 --batch 8 -o out.safetensors", flag: "crop", size: "1024"},
		"apply":       {args: "apply s.png large.jpg -o out.png", small: true},
		"batch-apply": {args: "batch large.jpg --apply --style s.png --out-dir out", small: true},
	}
	if tool, err := exec.LookPath("ffmpeg"); err == nil {
		film := filepath.Join(dir, "film.mp4")
		if out, err := exec.Command(tool, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=3840x2160:rate=25", "-frames:v", "3", film).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		commands["video"] = greedy{args: "video film.mp4 --style s.png -o out.mp4", small: true}
		commands["paint"] = greedy{args: "video film.mp4 --style s.png --paint --draft --iterations 1 -o out.mp4"}
	}
	for name, c := range commands {
		if c.flag == "" {
			c.flag, c.size = "size", "16384"
			commands[name] = c
		}
	}
	return dir, commands
}

// largestFit is what a refusal says of a size that fits, with other flags before it, and the flag
// of the size.
var largestFit = regexp.MustCompile(`((?:--[a-z-]+ \d+ )*--(size|crop) \d+) fits`)

// takesAdvice runs a command that takes too much memory, and then with the size that its
// refusal names. run runs nst under a limit of so many MB and returns how it ended.
func (g greedy) takesAdvice(t *testing.T, dir string, mb int, run func(args string) (*process, error)) {
	t.Helper()
	t.Cleanup(func() {
		left, _ := filepath.Glob(filepath.Join(dir, "out*"))
		for _, path := range left {
			os.RemoveAll(path)
		}
	})
	p, err := run(g.args + " --" + g.flag + " " + g.size)
	if err == nil && g.small && mb > 512 {
		t.Skip("all of the picture fits")
	}
	found := largestFit.FindStringSubmatch(p.stderr.String())
	if err == nil || found == nil || found[2] != g.flag {
		t.Fatalf("no size is named: %v:\n%s", err, p.stderr.String())
	}
	most := 1.
	if strings.HasPrefix(g.args, "video") {
		most = 2 // with ffmpeg, which looks at the film
	}
	if used := p.ProcessState.UserTime() + p.ProcessState.SystemTime(); used.Seconds() > most {
		t.Errorf("the refusal took %v of the processor", used)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "out*")); left != nil {
		t.Errorf("the refusal has left %q", left)
	}
	p, err = run(g.args + " " + found[1])
	if err != nil || strings.Contains(p.stderr.String(), "goroutine ") {
		t.Errorf("%s: %v:\n%s", found[1], err, p.stderr.String())
	}
	t.Logf("%s fits", found[1])
}

// peak runs the process and returns the most memory that it had, in bytes. The system would also
// tell when the process has ended, but then it counts the memory of the test.
func (p *process) peak() (most int64, err error) {
	if err := p.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error)
	go func() { ended <- p.Wait() }()
	for {
		select {
		case err := <-ended:
			return most, err
		case <-time.After(time.Millisecond):
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
			if _, after, found := strings.Cut(string(text), "VmHWM:"); found {
				n, _ := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
				most = max(most, n<<10)
			}
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
