package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"nst/internal/feedforward"
	"nst/vgg"
)

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

// cmdPhotos is photos DIR N: it draws N pictures of 80x64 in a folder.
func cmdPhotos(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o777))
	for i := range n {
		cmdPicture(ts, false, []string{filepath.Join(args[0], fmt.Sprintf("%0*d.png", 2+i, i)), "80x64"})
	}
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

// cmdNewer is newer FILE COPY: it copies a network as a file of a later version.
func cmdNewer(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	later := bytes.Replace(data, []byte(`"version":"1"`), []byte(`"version":"9"`), 1)
	if bytes.Equal(later, data) {
		ts.Fatalf("%s has no version", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), later, 0o666))
}
