package main

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"
)

// messageWriter is the stream of messages. Several goroutines may write to it.
type messageWriter struct {
	mu   sync.Mutex
	w    io.Writer
	gone func() // is called when nobody reads the stream any more
}

// Write writes p in one piece.
func (m *messageWriter) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.w.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		m.gone()
	}
	return n, err
}

// dataWriter is the stream of data. It keeps the first error, because most of those who print
// do not look.
type dataWriter struct {
	w        io.Writer
	terminal bool // replace what a terminal would take for a command
	err      error
}

// Write writes p, to a terminal in printable form.
func (d *dataWriter) Write(p []byte) (int, error) {
	text := p
	if d.terminal {
		text = []byte(printableLines(string(p)))
	}
	n, err := d.w.Write(text)
	if err != nil {
		err = &streamError{err}
	}
	if d.err == nil {
		d.err = err
	}
	return min(n, len(p)), err
}

// streamError means that not all data could be written to standard output.
type streamError struct{ err error }

// Error names the stream.
func (e *streamError) Error() string { return "standard output: " + cause(e.err) }

// Unwrap returns the reason.
func (e *streamError) Unwrap() error { return e.err }

// readerGone reports whether err says only that nobody reads the data any more. Whoever went
// away, such as head(1), knows that.
func readerGone(err error) bool {
	stream, ok := err.(*streamError)
	return ok && errors.Is(stream.err, syscall.EPIPE)
}

// check returns an error for data that was lost, unless err tells of it already.
func (d *dataWriter) check(err error) error {
	if errors.Is(err, d.err) {
		return nil
	}
	return d.err
}

// printable returns s with every character that is not graphic, and every byte that is no
// UTF-8, replaced by its escape in Go: names of files must not give commands to a terminal.
func printable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		char := s[i : i+n]
		if r == utf8.RuneError && n == 1 || !strconv.IsGraphic(r) {
			char = strings.Trim(strconv.QuoteToGraphic(char), `"`)
		}
		b.WriteString(char)
		i += n
	}
	return b.String()
}

// printableLines is printable for a text of several lines, with tabs.
func printableLines(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		i := strings.IndexAny(s, "\n\t")
		if i < 0 {
			i = len(s)
		}
		b.WriteString(printable(s[:i]))
		if i < len(s) {
			b.WriteByte(s[i])
			i++
		}
		s = s[i:]
	}
	return b.String()
}
