package batch

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Spec is one job of a job file.
type Spec struct {
	Line                           int // from 1
	Content, Style, Output, Masked string
	Settings                       map[string]string // values of flags, by name; empty for none
}

// SpecError is a line of a job file that makes no sense.
type SpecError struct {
	Line int // from 1
	Err  error
}

// Error names the line.
func (e *SpecError) Error() string { return fmt.Sprintf("batch: line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *SpecError) Unwrap() error { return e.Err }

// mostLine is the longest line of a job file, in bytes.
const mostLine = 1 << 20

// ReadSpecs reads a job file: CSV with a line of names first, or JSON Lines with an object for
// each job. The names are content, style, output, protect, and those of settings, with or
// without dashes before them. Only the content is needed. The error joins a [SpecError] for each line that
// cannot be read; the other jobs are returned.
func ReadSpecs(r io.Reader) ([]Spec, error) {
	in := bufio.NewReaderSize(r, mostLine)
	if start, _ := in.Peek(3); bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3) // a mark that Windows puts there
	}
	for {
		start, err := in.Peek(1)
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("batch: it has no jobs")
		case err != nil:
			return nil, err
		case start[0] == '{':
			return readJSON(in)
		case !bytes.ContainsRune([]byte(" \t\r\n"), rune(start[0])):
			return readCSV(in)
		}
		_, _ = in.Discard(1)
	}
}

// readJSON reads JSON Lines.
func readJSON(r io.Reader) ([]Spec, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, mostLine)
	var out []Spec
	var errs []error
	number := 0
	for lines.Scan() {
		number++
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		spec, err := specOfJSON(text)
		if err != nil {
			errs = append(errs, &SpecError{number, err})
			continue
		}
		spec.Line = number
		out = append(out, spec)
	}
	return out, errors.Join(append(errs, lines.Err())...)
}

func specOfJSON(text []byte) (Spec, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return Spec{}, fmt.Errorf("is no JSON object: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Spec{}, errors.New("has something after the object")
	}
	texts := map[string]string{}
	for name, v := range fields {
		switch v := v.(type) {
		case nil:
		case string:
			texts[name] = v
		case json.Number:
			texts[name] = v.String()
		case bool:
			texts[name] = map[bool]string{true: "on", false: "off"}[v]
		default:
			return Spec{}, fmt.Errorf("%s must be a text, a number, true or false", name)
		}
	}
	return specOf(texts)
}

// readCSV reads CSV, separated by commas or semicolons.
func readCSV(r *bufio.Reader) ([]Spec, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1 // lines with another number are errors of their own
	c.TrimLeadingSpace = true
	if start, _ := r.Peek(r.Size()); !bytes.ContainsRune(firstLine(start), ',') && bytes.ContainsRune(firstLine(start), ';') {
		c.Comma = ';'
	}
	names, err := c.Read()
	if err != nil {
		return nil, &SpecError{1, err}
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	if !slices.Contains(names, "content") {
		return nil, &SpecError{1, fmt.Errorf("has no name content; the first line names the columns, such as content,style,strength")}
	}
	var out []Spec
	var errs []error
	for {
		values, err := c.Read()
		if errors.Is(err, io.EOF) {
			return out, errors.Join(errs...)
		}
		if bad := new(csv.ParseError); errors.As(err, &bad) {
			errs = append(errs, &SpecError{bad.Line, bad.Err})
			continue
		} else if err != nil {
			return out, errors.Join(append(errs, err)...)
		}
		line, _ := c.FieldPos(0)
		if len(values) != len(names) {
			errs = append(errs, &SpecError{line, fmt.Errorf("has %d values for %d columns", len(values), len(names))})
			continue
		}
		texts := map[string]string{}
		for i, v := range values {
			texts[names[i]] = strings.TrimSpace(v)
		}
		spec, err := specOf(texts)
		if err != nil {
			errs = append(errs, &SpecError{line, err})
			continue
		}
		spec.Line = line
		out = append(out, spec)
	}
}

func firstLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return line
}

// specOf returns the job with these fields. Empty values are none.
func specOf(texts map[string]string) (Spec, error) {
	s := Spec{Settings: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		v := texts[name]
		if v == "" {
			continue
		}
		switch name = strings.TrimLeft(name, "-"); name {
		case "content":
			s.Content = v
		case "style":
			s.Style = v
		case "output":
			s.Output = v
		case "protect":
			s.Masked = v
		case "":
			return s, errors.New("a name is empty")
		default:
			s.Settings[name] = v
		}
	}
	if s.Content == "" {
		return s, errors.New("has no content")
	}
	return s, nil
}

// ReadList reads names of files, one a line, or separated by zero bytes if there are any.
// Empty lines are left out.
func ReadList(r io.Reader) ([]string, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	sep := "\n"
	if bytes.IndexByte(data, 0) >= 0 {
		sep = "\x00"
	}
	var out []string
	for name := range strings.SplitSeq(string(data), sep) {
		if sep == "\n" {
			name = strings.TrimSuffix(name, "\r")
		}
		if name != "" {
			out = append(out, name)
		}
	}
	return out, nil
}
