// Gen draws the pictures in testdata/images, which the tests, make demo, the README and the
// gallery use: three rendered scenes as contents, six paintings as styles, and masks of the
// sky of two scenes. A picture depends on its size alone, so it can be drawn again byte for
// byte.
//
//	go run ./testdata/gen [-out DIR] [-size N] [name...]
//
// A name is the path of a picture without its extension, such as content/town, or the last
// part of it. Without names all pictures are drawn.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// picture is one file to be drawn.
type picture struct {
	name    string // slash-separated, without extension
	w, h    int    // pixels
	quality int    // of the JPEG file, 1 to 100; 0 makes a grey PNG file
	draw    func(w, h int) *canvas
}

func pictures() []picture {
	return []picture{
		{"content/lakeside", 512, 384, 92, lakeside},
		{"content/stilllife", 512, 384, 92, stilllife},
		{"content/town", 512, 384, 92, town},
		{"style/flow", 512, 384, 90, flow},
		{"style/mosaic", 448, 448, 90, mosaic},
		{"style/woodcut", 384, 512, 88, woodcut},
		{"style/watercolour", 512, 384, 92, watercolour},
		{"style/pointillism", 512, 384, 88, pointillism},
		{"style/cubist", 384, 512, 92, cubist},
		{"mask/lakeside-sky", 512, 384, 0, lakesideSky},
		{"mask/lakeside-ground", 512, 384, 0, opposite(lakesideSky)},
		{"mask/town-sky", 512, 384, 0, townSky},
		{"mask/town-ground", 512, 384, 0, opposite(townSky)},
	}
}

func main() {
	out := flag.String("out", filepath.Join("testdata", "images"), "folder to write to")
	size := flag.Int("size", 0, "longest side in pixels, for a quick look (0: as committed)")
	flag.Parse()
	if err := run(*out, *size, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gen: error:", err)
		os.Exit(1)
	}
}

// run draws the named pictures, or all, into files under dir.
func run(dir string, size int, names []string) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	for _, p := range chosen {
		start := time.Now()
		if size > 0 {
			p = p.resized(size)
		}
		var buf bytes.Buffer
		if err := p.encode(&buf); err != nil {
			return err
		}
		file := filepath.Join(dir, p.file())
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, buf.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %dx%d, %d KB, %.1f s\n",
			p.name, p.w, p.h, (buf.Len()+1023)/1024, time.Since(start).Seconds())
	}
	return nil
}

// file is the path of the picture's file below the folder of all.
func (p picture) file() string {
	if p.quality == 0 {
		return filepath.FromSlash(p.name) + ".png"
	}
	return filepath.FromSlash(p.name) + ".jpg"
}

// encode draws p and writes its file.
func (p picture) encode(w io.Writer) error {
	m, err := p.draw(p.w, p.h).image(), error(nil)
	if p.quality == 0 {
		grey := image.NewGray(m.Rect)
		draw.Draw(grey, m.Rect, m, image.Point{}, draw.Src)
		err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, grey)
	} else {
		err = jpeg.Encode(w, m, &jpeg.Options{Quality: p.quality})
	}
	if err != nil {
		return fmt.Errorf("encoding %s: %w", p.name, err)
	}
	return nil
}

// choose returns the pictures called names, in that order, or all of them.
func choose(names []string) ([]picture, error) {
	all := pictures()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []picture
next:
	for _, name := range names {
		for _, p := range all {
			if p.name == name || path.Base(p.name) == name {
				chosen = append(chosen, p)
				continue next
			}
		}
		known := make([]string, len(all))
		for i, p := range all {
			known[i] = p.name
		}
		return nil, fmt.Errorf("no picture %q (known: %s)", name, strings.Join(known, ", "))
	}
	return chosen, nil
}

// resized returns p with its longest side size pixels long.
func (p picture) resized(size int) picture {
	long := max(p.w, p.h)
	p.w, p.h = max(1, p.w*size/long), max(1, p.h*size/long)
	return p
}
