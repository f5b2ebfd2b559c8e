package instant

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
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

// BuiltinSum returns the SHA-256 of the network of [Builtin], in hexadecimal digits, and its
// length in bytes.
func BuiltinSum() (sum string, bytes int64) { return sumOf(builtin) }

// UniversalSum is [BuiltinSum] of the network of [Universal].
func UniversalSum() (sum string, bytes int64) { return sumOf(universal) }

func sumOf(data string) (sum string, bytes int64) {
	h := sha256.Sum256([]byte(data))
	return hex.EncodeToString(h[:]), int64(len(data))
}
