package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nst/nst"
)

// owns reports whether the interrupt has saved the file at path, and it is unchanged since.
func (r *resuming) owns(path string) bool {
	if r == nil || r.files[path] == "" {
		return false
	}
	sum, err := fileSum(path)
	return err == nil && sum == r.files[path]
}

// mode says what the run does with a file at path. If it goes on, a file that is there already
// is looked at when it is to be written: it may be what the run is going to write.
func (s *settings) mode(path string) writeMode {
	if s.resume != nil && !s.replaces(path) && exists(path) {
		return skips
	}
	return replacing(s.replaces(path))
}

// replaces reports whether the file at path may be replaced.
func (s *settings) replaces(path string) bool { return s.overwrite || s.resume.owns(path) }

// goOn makes o a run that goes on, if e says so.
func (o *stylizeOptions) goOn(e *env, t *console) {
	r := e.resuming
	if r == nil {
		return
	}
	// The command line may be another's: its --overwrite does not count here.
	o.resume, o.overwrite, t.resumes = r, r.overwrite, true
	o.settings.force = o.settings.force || r.force
	if strings.EqualFold(filepath.Ext(r.output), filepath.Ext(o.output)) {
		o.output = r.output
	}
}

// errChanged means that an input is not what it was.
var errChanged = errors.New("is not the one that the run began with")

// changed returns an error of a run that goes on with the name of the file that it is about.
func (o *stylizeOptions) changed(err error) error {
	differs := new(nst.ResumeError)
	if !errors.As(err, &differs) {
		return err
	}
	what, path, number := differs.What, "", 0
	of := func(name string, files []string) {
		if n, _ := fmt.Sscanf(what, name+" %d", &number); n == 1 && number <= len(files) {
			path = files[number-1]
		}
	}
	switch what {
	case "content":
		path = o.content
	case "first picture":
		path = o.start
	case "protect mask":
		path = o.masks.protect
	}
	of("style", o.styles)
	of("style mask", o.masks.style)
	of("content mask", o.masks.content)
	if path == "" || path == rest {
		return err
	}
	if !strings.Contains(what, "mask") {
		what, _, _ = strings.Cut(what, " ")
		what += " image"
	}
	return &fileError{what, path, fmt.Errorf("%w: %w", errChanged, err)}
}

// mostLine is how long a line of a log may be.
const mostLine = 4096

// continuesLog reports whether the log is that of the run, up to where it goes on.
func (o *stylizeOptions) continuesLog() bool {
	if o.resume == nil || o.resume.log < 1 {
		return false
	}
	f, err := os.Open(o.log)
	if err != nil {
		return false
	}
	defer f.Close()
	from := max(0, o.resume.log-mostLine)
	b := make([]byte, o.resume.log-from)
	if _, err := f.ReadAt(b, from); err != nil {
		return false
	}
	text, whole := bytes.CutSuffix(b, []byte("\n"))
	var last line
	err = json.Unmarshal(text[bytes.LastIndexByte(text, '\n')+1:], &last)
	return whole && err == nil && last.Done == o.resume.state.Iterations()
}

// openLog opens the log. That of a run that goes on keeps the lines up to there, and loses
// those after as soon as there is a new one.
func (o *stylizeOptions) openLog() (*logFile, error) {
	if !o.continuesLog() {
		return openLog(o.log, replacing(o.overwrite))
	}
	l, err := openLog(o.log, extends)
	if err == nil {
		l.cut = o.resume.log
	}
	return l, err
}

// announce says what goes on.
func (r *resuming) announce(t *console, o *stylizeOptions) {
	words := make([]string, len(r.arguments))
	for i, a := range r.arguments {
		words[i] = shellWord(a)
	}
	t.say("going on after iteration %d: nst %s", r.state.Iterations(), strings.Join(words, " "))
	if o.gif != "" {
		t.say("the animation begins here")
	}
}
