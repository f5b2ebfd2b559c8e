package imgio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf8"
)

// maxComment is the longest JPEG comment in bytes. Its length field has 16 bits and counts
// itself.
const maxComment = 0xffff - 2

// text is one text in a picture file.
type text struct{ key, value string }

// check returns an error if PNG (11.3.3) or our form of JPEG comments does not allow the key
// or the value.
func (t text) check() error {
	switch {
	case len(t.key) < 1 || len(t.key) > 79,
		strings.Trim(t.key, " ") != t.key,
		strings.Contains(t.key, "  "),
		strings.Contains(t.key, ": "),
		strings.ContainsFunc(t.key, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("text key %q: want 1 to 79 printable ascii characters, no outer or double spaces, no colon before a space", t.key)
	case !utf8.ValidString(t.value) || strings.Contains(t.value, "\x00"):
		return fmt.Errorf("text %q: value is not utf-8 or holds a NUL", t.key)
	}
	return nil
}

// comment returns the text as a JPEG comment.
func (t text) comment() string { return t.key + ": " + t.value }

// jpegComments returns the texts as COM segments.
func (e *encoding) jpegComments() []byte {
	var b []byte
	for _, t := range e.text {
		c := t.comment()
		b = append(b, 0xff, 0xfe)
		b = binary.BigEndian.AppendUint16(b, uint16(2+len(c)))
		b = append(b, c...)
	}
	return b
}

// pngChunks returns an sRGB chunk with perceptual intent, and the texts: tEXt for ASCII,
// else iTXt without compression and language.
func (e *encoding) pngChunks() []byte {
	b := appendChunk(nil, "sRGB", "\x00")
	for _, t := range e.text {
		if strings.ContainsFunc(t.value, func(r rune) bool { return r > '~' }) {
			b = appendChunk(b, "iTXt", t.key+"\x00\x00\x00\x00\x00"+t.value)
		} else {
			b = appendChunk(b, "tEXt", t.key+"\x00"+t.value)
		}
	}
	return b
}

// appendChunk appends a PNG chunk: length, type, data, checksum of the last two.
func appendChunk(b []byte, kind, data string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	start := len(b)
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}

// ReadText returns the texts in a PNG file (tEXt, zTXt and iTXt chunks) or a JPEG file
// (comments), by key. A comment that does not look like "key: value" gets the key "Comment".
// If a key occurs twice, the first text counts. A file without texts gives an empty map.
// Errors match [ErrFormat] for other formats and [ErrCorrupt] for a damaged text, or come
// from r.
func ReadText(r io.Reader) (map[string]string, error) {
	data, err := io.ReadAll(io.LimitReader(r, fileBytes(DefaultMaxPixels)))
	if err != nil {
		return nil, fmt.Errorf("imgio: reading text: %w", err)
	}
	texts := map[string]string{}
	add := func(t text) {
		if _, ok := texts[t.key]; !ok {
			texts[t.key] = t.value
		}
	}
	c, err := sniff(data[:min(len(data), sniffLen)])
	switch {
	case err != nil:
		return nil, fmt.Errorf("imgio: reading text: %w", err)
	case c.name == "png":
		for kind, body := range pngChunks(data) {
			t, ok, err := pngText(kind, body)
			if err != nil {
				return nil, fmt.Errorf("imgio: reading text: %w: %s chunk: %w", ErrCorrupt, kind, err)
			}
			if ok {
				add(t)
			}
		}
	case c.name == "jpeg":
		for marker, body := range jpegSegments(data) {
			if marker != 0xfe {
				continue
			}
			key, value, ok := strings.Cut(string(body), ": ")
			if t := (text{key, value}); !ok || t.check() != nil {
				key, value = "Comment", string(body)
			}
			add(text{key, value})
		}
	default:
		return nil, fmt.Errorf("imgio: reading text: %w", &FormatError{Format: c.name, Supported: []string{"png", "jpeg"}})
	}
	return texts, nil
}

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
