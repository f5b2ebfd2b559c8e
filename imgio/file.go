package imgio

import (
	"fmt"
	"io"
	"path/filepath"
)

// WriteFile makes the file at path hold what write writes, with the promises of
// [Save]: the whole of it or what was there before.
func WriteFile(path string, write func(io.Writer) error) error {
	err := checkTarget(path, true)
	if err == nil {
		err = replaceFile(path, write)
	}
	if err != nil {
		return fmt.Errorf("imgio: saving %q: %w", path, err)
	}
	return nil
}

// CheckFile is [CheckWritable] for a file that [WriteFile] is going to write,
// whatever its name extension.
func CheckFile(path string, overwrite bool) error {
	err := checkTarget(path, overwrite)
	if err == nil {
		err = tryFolder(filepath.Dir(resolve(path)))
	}
	if err != nil {
		return fmt.Errorf("imgio: cannot write %q: %w", path, err)
	}
	return nil
}
