package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"nst/imgio"
)

// heifProgram is a program of this machine that turns HEIC and AVIF files into files that nst
// reads. The decoders of these formats are large, and those in Go are young, so nst has none.
type heifProgram struct {
	name   string
	args   string // in which IN and OUT stand for the files
	suffix string // of OUT
	system string // where it is looked for; "" for everywhere
	tags   bool   // it tags the picture with its orientation instead of turning it
}

// heifPrograms are tried in this order. All of them keep the colour profile of a picture.
// ffmpeg does not, and reads one tile of many.
func heifPrograms() []heifProgram {
	return []heifProgram{
		{"sips", "-s format jpeg -s formatOptions 100 IN --out OUT", ".jpg", "darwin", true},
		{"heif-dec", "IN OUT", ".png", "", false}, // libheif since 1.19
		{"heif-convert", "IN OUT", ".png", "", false},
		{"magick", "IN OUT", ".png", "", false},
	}
}

// findHEIF returns the first of the programs that is installed.
func findHEIF() (heifProgram, bool) {
	for _, p := range heifPrograms() {
		if p.system != "" && p.system != runtime.GOOS {
			continue
		}
		if _, err := exec.LookPath(p.name); err == nil {
			return p, true
		}
	}
	return heifProgram{}, false
}

// pictureExtensions are those of the pictures that a command takes from a folder. Photographs
// that cannot be read are named, not passed over.
func pictureExtensions() []string {
	return append(imgio.Extensions(), ".heic", ".heif", ".avif")
}

// convert is an [imgio.Converter].
func (p heifProgram) convert(file []byte) (imgio.Conversion, error) {
	c := imgio.Conversion{By: p.name, Upright: !p.tags}
	dir, err := os.MkdirTemp("", "nst-heif-")
	if err != nil {
		return c, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "in.heic"), filepath.Join(dir, "out"+p.suffix)
	if err := os.WriteFile(in, file, 0o600); err != nil {
		return c, err
	}
	if err := p.run(in, out); err != nil {
		return c, fmt.Errorf("%s: %w", p.name, err)
	}
	c.File, err = os.ReadFile(out)
	if errors.Is(err, fs.ErrNotExist) { // a file of several pictures becomes several files
		c.File, err = os.ReadFile(filepath.Join(dir, "out-1"+p.suffix))
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s wrote no picture", p.name)
	}
	return c, err
}

// run runs the program.
func (p heifProgram) run(in, out string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	args := strings.Fields(p.args)
	for i, arg := range args {
		switch arg {
		case "IN":
			args[i] = in
		case "OUT":
			args[i] = out
		}
	}
	var messages bytes.Buffer
	cmd := exec.CommandContext(ctx, p.name, args...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &messages, &messages, time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return errors.New("took more than two minutes")
	case err != nil:
		return fmt.Errorf("%w: %s", err, lastLine(messages.String()))
	}
	return nil
}

// lastLine returns the last line of what a program printed.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
