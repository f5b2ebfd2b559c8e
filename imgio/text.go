package imgio

import (
	"bytes"
	"errors"
	"strings"
)

// pngText reads a text chunk. ok is false for chunks of other types.
func pngText(kind string, body []byte) (t text, ok bool, err error) {
	if kind != "tEXt" && kind != "zTXt" && kind != "iTXt" {
		return text{}, false, nil
	}
	errShort := errors.New("ends too early")
	key, rest, found := bytes.Cut(body, []byte{0})
	if !found {
		return text{}, false, errShort
	}
	compressed := false
	switch kind {
	case "zTXt": // method, data
		if len(rest) < 1 {
			return text{}, false, errShort
		}
		compressed, rest = true, rest[1:]
	case "iTXt": // flag, method, language, 0, translated key, 0, data
		if len(rest) < 2 {
			return text{}, false, errShort
		}
		compressed, rest = rest[0] != 0, rest[2:]
		for range 2 {
			if _, rest, found = bytes.Cut(rest, []byte{0}); !found {
				return text{}, false, errShort
			}
		}
	}
	if compressed {
		if rest, err = inflate(rest); err != nil {
			return text{}, false, err
		}
	}
	if kind == "iTXt" {
		return text{latin1(key), string(rest)}, true, nil
	}
	return text{latin1(key), latin1(rest)}, true, nil
}

// latin1 decodes ISO 8859-1, in which each byte is a Unicode code point.
func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
