package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nst/imgio"
	"nst/internal/feedforward"
	"nst/vgg"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nst": main})
}

func TestScript(t *testing.T) {
	fixtures, err := filepath.Abs(filepath.Join("..", "..", "testdata", "weights"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NST_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("FIXTURES", fixtures)
			e.Setenv("AWKWARD", filepath.Join(fixtures, "..", "awkward"))
			nst, err := exec.LookPath("nst")
			e.Setenv("NST_BIN", filepath.Dir(nst))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode":  cmdExitcode,
			"interrupt": cmdInterrupt,
			"picture":   cmdPicture,
			"evenly":    cmdEvenly,
			"network":   cmdNetwork,
			"misshapen": cmdMisshapen,
			"evil":      cmdEvil,
			"truncate":  cmdTruncate,
			"jsonlines": cmdJSONLines,
			"falls":     cmdFalls,
			"samescore": cmdSameScore,
			"model":     cmdModel,
			"newer":     cmdNewer,
			"same":      cmdSame,
			"alpha":     cmdAlpha,
			"near":      cmdNear,
			"photos":    cmdPhotos,
		},
	})
}

// cmdExitcode is exitcode N PROGRAM ARG...: it runs the program and wants it to
// exit with code N.
func cmdExitcode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	wantCode(ts, err, args[0])
}

func wantCode(ts *testscript.TestScript, err error, want string) {
	got := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}

// cmdInterrupt is interrupt N LOG PROGRAM ARG...: it runs the program, interrupts
// it as soon as the file LOG has a line, and wants it to exit with code N.
func cmdInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	log := ts.MkAbs(args[1])
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	c := exec.Command(path, args[3:]...)
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "NST_HOME="+ts.Getenv("NST_HOME"))
	c.Stdout, c.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for logged := false; !logged; {
		select {
		case err := <-ended:
			ts.Fatalf("ended before it was interrupted: %v", err)
		case <-deadline:
			c.Process.Kill()
			ts.Fatalf("no line in %s in a minute", args[1])
		case <-tick.C:
			data, _ := os.ReadFile(log)
			logged = bytes.ContainsRune(data, '\n')
		}
	}
	ts.Check(c.Process.Signal(os.Interrupt))
	wantCode(ts, <-ended, args[0])
}

// cmdPicture is picture FILE WxH [alpha]: it draws waves, in the format of the
// file's extension.
func cmdPicture(ts *testscript.TestScript, _ bool, args []string) {
	ws, hs, _ := strings.Cut(args[1], "x")
	w, err := strconv.Atoi(ws)
	ts.Check(err)
	h, err := strconv.Atoi(hs)
	ts.Check(err)
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	phase := float64(len(args[0])) // another picture for another name
	wave := func(x float64) uint8 { return uint8(127 + 120*math.Sin(x+phase)) }
	for y := range h {
		for x := range w {
			c := color.NRGBA{wave(float64(x) / 3), wave(float64(y) / 5), wave(float64(x*y) / 90), 255}
			if len(args) > 2 && x < w/2 {
				c.A = 100
			}
			m.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if strings.HasSuffix(args[0], ".jpg") {
		err = jpeg.Encode(&b, m, nil)
	} else {
		err = png.Encode(&b, m)
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// cmdEvenly is evenly FILE WxH GREY: it draws a PNG of one grey, 0 to 255.
func cmdEvenly(ts *testscript.TestScript, _ bool, args []string) {
	var w, h, grey int
	_, err := fmt.Sscanf(args[1]+" "+args[2], "%dx%d %d", &w, &h, &grey)
	ts.Check(err)
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = uint8(grey)
	}
	var b bytes.Buffer
	ts.Check(png.Encode(&b, m))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// cmdNetwork is network FILE LAYER [NETWORK [FACTOR]]: it writes a network, vgg19 unless
// said, with random weights up to and with LAYER, whose features are FACTOR times as large.
func cmdNetwork(ts *testscript.TestScript, _ bool, args []string) {
	net := vgg.VGG19()
	if len(args) > 2 {
		var err error
		net, err = vgg.ByName(args[2])
		ts.Check(err)
	}
	w, err := vgg.Seeded(net, vgg.Caffe(), args[1], 1)
	ts.Check(err)
	if len(args) > 3 {
		factor, err := strconv.ParseFloat(args[3], 32)
		ts.Check(err)
		enlarge(w, float32(factor))
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
	f, err := os.Create(path)
	ts.Check(err)
	ts.Check(vgg.Write(f, w, true))
	ts.Check(f.Close())
}

// enlarge multiplies the features of a network: the filters of its first convolution, and all
// biases.
func enlarge(w *vgg.Weights, factor float32) {
	for name, f := range w.Filters {
		for i := range f.B {
			f.B[i] *= factor
		}
		if name == "conv1_1" {
			for i := range f.W {
				f.W[i] *= factor
			}
		}
	}
}

// cmdMisshapen is misshapen FILE: it changes the shape of conv1_1 in a network
// from 64 filters of 3x3 to as many of 1x9.
func cmdMisshapen(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	bad := bytes.Replace(data, []byte("[64,3,3,3]"), []byte("[64,3,1,9]"), 1)
	if bytes.Equal(bad, data) {
		ts.Fatalf("%s has no conv1_1", path)
	}
	ts.Check(os.WriteFile(path, bad, 0o666))
}

// cmdEvil is evil FILE: it writes a PyTorch file that would run "touch owned" if
// it were let.
func cmdEvil(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "archive/data.pkl", Method: zip.Store})
	ts.Check(err)
	_, err = io.WriteString(w, "\x80\x02cposix\nsystem\nX\x0b\x00\x00\x00touch owned\x85R.")
	ts.Check(err)
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// cmdTruncate is truncate FILE N: it cuts a file to its first N bytes.
func cmdTruncate(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// cmdJSONLines is jsonlines FILE N: it wants N lines (any number above 0, if N is
// not given), each a JSON object.
func cmdJSONLines(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	for _, line := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			ts.Fatalf("%q: %v", line, err)
		}
	}
	if len(args) > 1 && strconv.Itoa(len(lines)) != args[1] {
		ts.Fatalf("%d lines, want %s", len(lines), args[1])
	}
}

// cmdModel is model FILE NAME...: it writes a small network with random parameters that has
// styles of these names.
func cmdModel(ts *testscript.TestScript, _ bool, args []string) {
	var styles []feedforward.Style
	for _, name := range args[1:] {
		styles = append(styles, feedforward.Style{Name: name, Title: "The " + name, Painter: "A. Painter", Year: "1889"})
	}
	m, err := feedforward.New(feedforward.Architecture{Widths: [3]int{4, 6, 8}, Blocks: 1}, styles, 1)
	ts.Check(err)
	for i := range m.Params[m.Shared():] {
		m.Params[m.Shared()+i] += float32(i%7) * 0.1 // so that styles differ
	}
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o777))
	ts.Check(m.Save(ts.MkAbs(args[0]), true))
}

// cmdSame is same A B: it wants two pictures to have the same pixels. Their files may differ,
// because their recipes may.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	a, _, err := imgio.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	b, _, err := imgio.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	if same := a.W == b.W && slices.Equal(a.Pix, b.Pix); same == neg {
		ts.Fatalf("%s and %s: the same pixels: %v", args[0], args[1], same)
	}
}

// cmdAlpha is alpha FILE: it wants a picture with the transparency that cmdPicture draws: the
// left half.
func cmdAlpha(ts *testscript.TestScript, neg bool, args []string) {
	m, _, err := imgio.OpenImage(ts.MkAbs(args[0]))
	ts.Check(err)
	_, alpha := imgio.Separate(m)
	if (alpha == nil) != neg {
		ts.Fatalf("%s has transparency: %v", args[0], alpha != nil)
	}
	if neg {
		return
	}
	last := m.Bounds().Dx() - 1
	if left, right := alpha[0], alpha[last]; math.Abs(float64(left)-100.0/255) > 0.01 || right != 1 {
		ts.Fatalf("%s: alpha from %v to %v", args[0], left, right)
	}
}

// cmdNewer is newer FILE COPY: it copies a network as a file of a later version.
func cmdNewer(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	later := bytes.Replace(data, []byte(`"version":"1"`), []byte(`"version":"9"`), 1)
	if bytes.Equal(later, data) {
		ts.Fatalf("%s has no version", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), later, 0o666))
}

// cmdPhotos is photos DIR N: it draws N pictures of 80x64 in a folder.
func cmdPhotos(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o777))
	for i := range n {
		cmdPicture(ts, false, []string{filepath.Join(args[0], fmt.Sprintf("%0*d.png", 2+i, i)), "80x64"})
	}
}

// cmdFalls is falls FILE: it wants the total loss to be lower on the last line of a
// log than on the first.
func cmdFalls(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	total := func(line string) float64 {
		var v struct{ Loss struct{ Total float64 } }
		ts.Check(json.Unmarshal([]byte(line), &v))
		return v.Loss.Total
	}
	if first, last := total(lines[0]), total(lines[len(lines)-1]); !(last < first) {
		ts.Fatalf("the loss goes from %v to %v", first, last)
	}
}

// cmdSameScore is samescore SAID MEASURED: it wants the score in the JSON that stylize said to
// be the total that nst score measured.
func cmdSameScore(ts *testscript.TestScript, _ bool, args []string) {
	var measured struct{ Total float64 }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &measured))
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var said struct{ Score *float64 }
		ts.Check(json.Unmarshal([]byte(line), &said))
		if said.Score == nil {
			continue
		}
		if off := math.Abs(*said.Score/measured.Total - 1); off > 1e-5 {
			ts.Fatalf("stylize says %v, score measures %v", *said.Score, measured.Total)
		}
		return
	}
	ts.Fatalf("stylize said no score")
}
