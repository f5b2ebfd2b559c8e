package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"

	"nst/imgio"
)

// checkOutput returns an error unless a run that reads inputs may write its picture to path.
func checkOutput(path string, overwrite bool, inputs []string) error {
	if err := checkInputs("output", path, inputs); err != nil {
		return err
	}
	if err := imgio.CheckWritable(path, overwrite); err != nil {
		return &fileError{"output", path, err}
	}
	return nil
}

// save writes a picture in the format and quality that the flags give.
func (s *settings) save(path string, p *imgio.Planar) error {
	var opts []imgio.Option
	if format, err := imgio.FormatOf(path); err == nil && format == "jpeg" {
		opts = append(opts, imgio.JPEGQuality(s.quality))
	}
	if err := imgio.Save(path, p, opts...); err != nil {
		return &fileError{"output", path, err}
	}
	return nil
}

// checkInputs returns an error if path is one of inputs, under any name.
func checkInputs(what, path string, inputs []string) error {
	for _, in := range inputs {
		if imgio.SameFile(path, in) {
			return &fileError{what, path, errIsInput}
		}
	}
	return nil
}

// checkNumbered returns an error if a picture of --save-every, out-0050.png, would
// replace one of inputs.
func checkNumbered(output string, inputs []string) error {
	ext := filepath.Ext(output)
	stem := filepath.Base(output[:len(output)-len(ext)])
	name := regexp.MustCompile(`^` + regexp.QuoteMeta(stem) + `-\d{4,}` + regexp.QuoteMeta(ext) + `$`)
	for _, in := range inputs {
		beside := filepath.Join(filepath.Dir(output), filepath.Base(in))
		if name.MatchString(filepath.Base(in)) && imgio.SameFile(beside, in) {
			return &fileError{"picture of --save-every", beside, errIsInput}
		}
	}
	return nil
}

// checkLog returns an error unless a log may be written to path.
func checkLog(path string, others []string) error {
	if path == "" {
		return nil
	}
	for _, other := range others {
		if filepath.Clean(path) == filepath.Clean(other) || imgio.SameFile(path, other) {
			return &fileError{"log", path, errors.New("is another file of this run")}
		}
	}
	return nil
}

// makeDir creates a folder for pictures and checks that it can be written to.
func makeDir(dir, format string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return &fileError{"output folder", dir, err}
	}
	if err := imgio.CheckWritable(filepath.Join(dir, "picture."+format), true); err != nil {
		return &fileError{"output folder", dir, err}
	}
	return nil
}

// exists reports whether there is anything at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
