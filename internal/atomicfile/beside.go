package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// mostNames is how many names [Beside] tries.
const mostNames = 1000

// Beside calls create with path. As long as the error matches fs.ErrExist, it calls create
// again, with path-2, path-3 and so on (out-2.png for out.png). It returns the path of the
// last call, and its error.
func Beside(path string, create func(path string) error) (string, error) {
	ext := filepath.Ext(path)
	at := path
	for n := 2; ; n++ {
		err := create(at)
		if !errors.Is(err, fs.ErrExist) || n > mostNames {
			return at, err
		}
		at = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), n, ext)
	}
}
