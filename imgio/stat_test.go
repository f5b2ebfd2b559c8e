package imgio_test

import (
	"bytes"
	"errors"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"nst/imgio"
)

// TestStat compares what headers say with what reading finds, for every picture of the awkward
// files that can be read.
func TestStat(t *testing.T) {
	files, err := os.ReadDir(awkward)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		path := filepath.Join(awkward, f.Name())
		p, info, err := imgio.Open(path)
		if err != nil {
			continue
		}
		read++
		h, err := imgio.Stat(path)
		if err != nil {
			t.Errorf("%s can be read, but not its header: %v", f.Name(), err)
			continue
		}
		if h.Width != p.W || h.Height != p.H || h.Format != info.Format {
			t.Errorf("%s: the header says %dx%d, %s; it is %dx%d, %s", f.Name(), h.Width, h.Height, h.Format, p.W, p.H, info.Format)
		}
		if least := int64(12 * p.W * p.H); h.Memory < least {
			t.Errorf("%s: reading takes %d bytes, the picture alone %d", f.Name(), h.Memory, least)
		}
	}
	if read < 60 {
		t.Errorf("only %d files could be read", read)
	}
}

// TestStatReadsHeaders cuts large files after their first bytes.
func TestStatReadsHeaders(t *testing.T) {
	big := noise(900, 700).Image()
	for name, file := range map[string][]byte{
		"big.png": encoded(t, big, png.Encode), "big.jpg": encoded(t, big, asJPEG), "big.gif": encoded(t, big, asGIF),
	} {
		path := filepath.Join(t.TempDir(), name)
		if len(file) <= 280<<10 {
			t.Fatalf("%s has only %d bytes", name, len(file))
		}
		hole := append(bytes.Clone(file[:260<<10]), make([]byte, len(file)-260<<10)...)
		if err := os.WriteFile(path, hole, 0o666); err != nil {
			t.Fatal(err)
		}
		h, err := imgio.Stat(path)
		if err != nil || h.Width != 900 || h.Height != 700 {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		if _, err := imgio.Stat(path, imgio.MaxPixels(1000)); !errors.Is(err, imgio.ErrTooLarge) {
			t.Errorf("%s beyond a limit: %v", name, err)
		}
	}
	if _, err := imgio.Stat(t.TempDir()); !errors.Is(err, imgio.ErrFolder) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := imgio.Stat(filepath.Join(t.TempDir(), "none.png")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
