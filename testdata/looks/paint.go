package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// pair is a photograph and a painting, by their files.
type pair struct{ content, style string }

// String names the pair.
func (p pair) String() string { return stem(p.content) + " in " + stem(p.style) }

// stem returns the name of a file without its ending.
func stem(path string) string {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}

// choosePairs returns the pairs of the flag, or each photograph with a painting in turn.
func (s *settings) choosePairs() ([]pair, error) {
	contents, err := pictures(filepath.Join(s.images, "content"))
	if err != nil {
		return nil, err
	}
	styles, err := pictures(filepath.Join(s.images, "style"))
	if err != nil {
		return nil, err
	}
	var pairs []pair
	if s.pairs == "" {
		for i, c := range contents {
			pairs = append(pairs, pair{c, styles[i%len(styles)]})
		}
		return pairs, nil
	}
	for _, text := range strings.Split(s.pairs, ",") {
		c, st, _ := strings.Cut(text, ":")
		i := slices.IndexFunc(contents, func(f string) bool { return stem(f) == c })
		j := slices.IndexFunc(styles, func(f string) bool { return stem(f) == st })
		if i < 0 || j < 0 {
			return nil, fmt.Errorf("pair %q: %s has no such pictures", text, s.images)
		}
		pairs = append(pairs, pair{contents[i], styles[j]})
	}
	return pairs, nil
}

// pictures returns the files of a folder that are pictures.
func pictures(dir string) ([]string, error) {
	var files []string
	for _, ext := range []string{"jpg", "png"} {
		more, err := filepath.Glob(filepath.Join(dir, "*."+ext))
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("folder %s has no pictures", dir)
	}
	slices.Sort(files)
	return files, nil
}

// paint paints a pair, unless the same program has painted it with the same settings. It
// returns the file and whether it was painted now.
func (s *settings) paint(ctx context.Context, p pair, c column) (file string, fresh bool, err error) {
	program := c.program
	if program == "" {
		program = s.nst
	}
	code, err := os.ReadFile(program)
	if err != nil {
		return "", false, err
	}
	args := append([]string{"stylize", p.content, p.style, "--size", strconv.Itoa(s.size)}, c.flags...)
	sum := sha256.Sum256(append(code, strings.Join(args, "\x00")...))
	file = filepath.Join(s.out, "painted", fmt.Sprintf("%s-%s-%s-%x.png", stem(p.content), stem(p.style), c.name, sum[:4]))
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		return file, false, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return "", false, err
	}
	return file, true, paintWhole(ctx, program, args, file)
}

// paintWhole runs a program whose picture appears at file when it has succeeded. An interrupted
// one leaves a picture too, which must not be taken for a finished one.
func paintWhole(ctx context.Context, program string, args []string, file string) error {
	part := strings.TrimSuffix(file, ".png") + ".unfinished.png"
	clear := func() error {
		for _, f := range []string{part, part + ".checkpoint"} {
			if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		return nil
	}
	if err := clear(); err != nil { // of a run that was killed
		return err
	}
	cmd := exec.CommandContext(ctx, program, append(args, "-o", part, "--quiet")...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return errors.Join(err, clear())
	}
	return os.Rename(part, file)
}
