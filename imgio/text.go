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

// maxComment is the length of the longest JPEG comment: its length field has 16
// bits and counts itself.
const maxComment = 0xffff - 2

// text is one entry of the texts in a picture file.
type text struct{ key, value string }

// check reports a key or value that PNG (11.3.3) or our form of JPEG comments
// has no room for.
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

// comment is the text as a JPEG comment.
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

// pngChunks returns an sRGB chunk, perceptual intent, and the texts: tEXt where
// ASCII is enough, else iTXt, not compressed, with no language.
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

// ReadText returns the texts in a PNG file (tEXt, zTXt and iTXt chunks) or in a
// JPEG file (comments that read "key: value"; others are found under
// "Comment"), by key. A file without any gives an empty map; of several under
// one key the first counts. Errors match [ErrFormat] for files of other formats
// and [ErrCorrupt] for a text that cannot be read, or are those of r.
func ReadText(r io.Reader) (map[string]string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile))
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

// pngText reads a text chunk; ok is false for a chunk of any other type.
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

// latin1 decodes ISO 8859-1, in which a byte is the number of its character.
func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
