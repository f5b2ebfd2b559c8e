package instant

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed builtin.safetensors
var builtin string

// Builtin returns the network that comes with the program, which was taught twelve styles.
// tools/builtin made it. It is read again on every call.
func Builtin() (*Model, error) {
	m, err := Read(strings.NewReader(builtin), int64(len(builtin)))
	if err != nil {
		return nil, fmt.Errorf("%w (in the styles that come with the program)", err)
	}
	return m, nil
}
