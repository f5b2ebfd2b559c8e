package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// FileOf returns the description of the file at path. It reads the whole file. A pipe or a
// device, which can be read only once, is not read: its description has only the name. Errors
// come from package os.
func FileOf(path string) (File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return File{Name: Base(path)}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("recipe: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return File{}, fmt.Errorf("recipe: %w", err)
	}
	return File{Name: Base(path), SHA256: hex.EncodeToString(h.Sum(nil)), Bytes: n}, nil
}

// FileOfBytes returns the description of a file whose contents are data.
func FileOfBytes(name string, data []byte) File {
	sum := sha256.Sum256(data)
	return File{Name: Base(name), SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(data))}
}

// Base returns the last part of a path of any system, in valid UTF-8. It has no folder, so it
// may stand in a recipe.
func Base(path string) string {
	path = strings.TrimRight(path, `/\`)
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	if name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "\uFFFD"); name == "." || name == ".." {
		return ""
	}
	return name
}
