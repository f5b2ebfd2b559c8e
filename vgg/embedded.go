package vgg

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
)

// EmbeddedName is the name of the weights that come with the program: those of [Slim].
const EmbeddedName = "slim"

//go:embed slim.safetensors
var embedded string

// Embedded returns the weights that come with the program: those of [Slim], with
// projections to the features of VGG-19. They are read again on every call. They were
// trained from the weights of Simonyan and Zisserman and have the same licence, CC BY 4.0.
func Embedded() (*Weights, error) {
	ws, err := Read(strings.NewReader(embedded), int64(len(embedded)))
	if err != nil {
		return nil, fmt.Errorf("%w (in the weights that come with the program)", err)
	}
	return ws, nil
}

// EmbeddedEntry describes the weights that come with the program, as [Store.List] does for
// those on disk. Its Path is empty.
func EmbeddedEntry() Entry {
	e := Entry{Name: EmbeddedName}
	if err := e.describe(strings.NewReader(embedded), int64(len(embedded))); err != nil {
		e.Info, e.Err = nil, fmt.Errorf("vgg: weights that come with the program: %w", err)
	}
	return e
}

// EmbeddedSum returns the SHA-256 of the weights that come with the program, in hexadecimal
// digits, and their length in bytes.
func EmbeddedSum() (sum string, bytes int64) {
	h := sha256.Sum256([]byte(embedded))
	return hex.EncodeToString(h[:]), int64(len(embedded))
}
