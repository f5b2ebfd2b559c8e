package imgio_test

import (
	"bytes"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"nst/imgio"
)

// wantRefusal fails the test if opening a file does not end with an error of the given kind,
// or takes more than 100 MB on the way.
func wantRefusal(t *testing.T, path string, kind error, limits ...imgio.Limit) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := imgio.Open(path, limits...)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want %v", err, kind)
	}
	if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 100 {
		t.Errorf("%d MB allocated before the refusal", mb)
	}
}

// Files that are mostly a hole are refused by their length or their first bytes.
func TestRefuseSparseFiles(t *testing.T) {
	small := noise(8, 6).Image()
	for _, tt := range []struct {
		name string
		head []byte
		size int64
		want error
	}{
		{"signature.png", []byte("\x89PNG\r\n\x1a\n"), 3 << 30, imgio.ErrCorrupt},
		{"header.png", encoded(t, small, png.Encode)[:60], 3 << 30, imgio.ErrTooLarge},
		{"header.jpg", encoded(t, small, asJPEG)[:200], 3 << 30, imgio.ErrTooLarge},
		{"start.jpg", []byte{0xff, 0xd8, 0xff, 0xe0}, 5 << 30, imgio.ErrTooLarge},
		{"header.gif", encoded(t, small, asGIF)[:40], 3 << 30, imgio.ErrTooLarge},
		{"header.tif", []byte("II*\x00"), 3 << 30, imgio.ErrCorrupt},
		{"letters.bmp", []byte("BM"), 3 << 30, imgio.ErrFormat},
		{"text.png", []byte("hello"), 3 << 30, imgio.ErrFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.name)
			if err := os.WriteFile(path, tt.head, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, tt.size); err != nil {
				t.Skip("no sparse files here:", err)
			}
			wantRefusal(t, path, tt.want)
		})
	}
}

// Headers of large pictures in small files are refused before the pixels have memory.
func TestRefuseHugePictures(t *testing.T) {
	for _, name := range []string{"png-huge.png", "gif-huge.gif", "webp-huge.webp", "jpeg-huge.jpg", "bmp-huge.bmp"} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, filepath.Join(awkward, name), imgio.ErrTooLarge)
		})
	}
}

func TestLimits(t *testing.T) {
	file := encoded(t, noise(100, 80).Image(), png.Encode)
	path := filepath.Join(t.TempDir(), "noise.png")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		limit imgio.Limit
		want  error
	}{
		{"pixels", imgio.MaxPixels(8000), nil},
		{"a pixel less", imgio.MaxPixels(7999), imgio.ErrTooLarge},
		{"memory", imgio.MaxMemory(int64(len(file)) + 16*8000), nil},
		{"a byte less", imgio.MaxMemory(int64(len(file)) + 16*8000 - 1), imgio.ErrTooLarge},
		{"less than the file", imgio.MaxMemory(1000), imgio.ErrTooLarge},
		{"no limit", imgio.MaxMemory(0), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := imgio.Open(path, tt.limit); !errors.Is(err, tt.want) {
				t.Errorf("file: error %v, want %v", err, tt.want)
			}
			if _, _, err := imgio.Decode(bytes.NewReader(file), tt.limit); !errors.Is(err, tt.want) {
				t.Errorf("stream: error %v, want %v", err, tt.want)
			}
		})
	}
}
