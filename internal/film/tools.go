package film

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Tools are the programs that read and write films.
type Tools struct {
	ffmpeg, ffprobe string
	oldSync         bool // -fps_mode has its old name
}

// MissingError tells that a program is not on PATH.
type MissingError struct{ Program string }

// Error names the program.
func (e *MissingError) Error() string { return "film: there is no " + e.Program + " on PATH" }

// ToolError is what ffmpeg or ffprobe said when it failed.
type ToolError struct {
	Program string
	Said    string // its last line, or the first one that names the reason
	Err     error  // how it ended
}

// Error returns what the program said.
func (e *ToolError) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("film: %s: %v", e.Program, e.Err)
	}
	return fmt.Sprintf("film: %s: %s", e.Program, e.Said)
}

// Unwrap returns how the program ended.
func (e *ToolError) Unwrap() error { return e.Err }

// Find looks for ffmpeg and ffprobe on PATH. The error is a [MissingError].
func Find(ctx context.Context) (*Tools, error) {
	t := &Tools{}
	for _, p := range []struct {
		name string
		path *string
	}{{"ffmpeg", &t.ffmpeg}, {"ffprobe", &t.ffprobe}} {
		path, err := exec.LookPath(p.name)
		if err != nil {
			return nil, &MissingError{p.name}
		}
		*p.path = path
	}
	out, err := exec.CommandContext(ctx, t.ffmpeg, "-version").Output()
	if err != nil {
		return nil, &ToolError{"ffmpeg", "", err}
	}
	t.oldSync = oldSync(string(out))
	return t, nil
}

// oldSync reports whether a version of ffmpeg is older than 5.1, which named -fps_mode. Builds
// that are no release are taken for new ones.
func oldSync(version string) bool {
	m := regexp.MustCompile(`^ffmpeg version n?(\d+)\.(\d+)`).FindStringSubmatch(version)
	if m == nil {
		return false
	}
	major, _ := strconv.Atoi(m[1]) // digits
	minor, _ := strconv.Atoi(m[2])
	return major < 5 || major == 5 && minor < 1
}

// passthrough is the flag that keeps the times of frames.
func (t *Tools) passthrough() []string {
	if t.oldSync {
		return []string{"-vsync", "passthrough"}
	}
	return []string{"-fps_mode", "passthrough"}
}

// process is a run of ffmpeg with pipes.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	said   messages
}

// start starts ffmpeg. It ends when ctx does. in and out say which pipes are wanted.
func (t *Tools) start(ctx context.Context, in, out bool, args ...string) (*process, error) {
	args = append([]string{"-hide_banner", "-loglevel", "level+warning", "-nostdin"}, args...)
	p := &process{cmd: exec.CommandContext(ctx, t.ffmpeg, args...)}
	p.cmd.Stderr = &p.said
	detach(p.cmd)
	var err error
	if in {
		p.stdin, err = p.cmd.StdinPipe()
	}
	if out && err == nil {
		p.stdout, err = p.cmd.StdoutPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, &ToolError{"ffmpeg", "", err}
	}
	return p, nil
}

// wait waits for the end. The error is that of ctx or a [ToolError].
func (p *process) wait(ctx context.Context) error {
	err := p.cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &ToolError{"ffmpeg", p.said.reason(), err}
	}
	return nil
}

// close ends the process, whatever it does.
func (p *process) close() {
	if p.stdin != nil {
		_ = p.stdin.Close() // may be closed already
	}
	_ = p.cmd.Process.Kill() // may have ended
	_ = p.cmd.Wait()
}

// run runs ffmpeg with input on its standard input, and returns its output.
func (t *Tools) run(ctx context.Context, input []byte, args ...string) ([]byte, error) {
	p := process{cmd: exec.CommandContext(ctx, t.ffmpeg, append([]string{"-hide_banner", "-loglevel", "level+warning"}, args...)...)}
	var out bytes.Buffer
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = bytes.NewReader(input), &out, &p.said
	detach(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, &ToolError{"ffmpeg", "", err}
	}
	err := p.wait(ctx)
	return out.Bytes(), err
}

// messages keeps what a program says on standard error: the first lines and the number of all.
type messages struct {
	mu    sync.Mutex
	lines []string
	count int
	rest  []byte
}

// mostMessages is the number of lines that are kept.
const mostMessages = 50

// Write takes lines.
func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rest = append(m.rest, p...)
	for {
		line, rest, whole := bytes.Cut(m.rest, []byte("\n"))
		if !whole {
			m.rest = append([]byte(nil), m.rest...)
			return len(p), nil
		}
		m.rest = rest
		if text := clean(string(line)); text != "" {
			m.count++
			if len(m.lines) < mostMessages {
				m.lines = append(m.lines, text)
			}
		}
	}
}

// clean removes from a line the name and address of the part of ffmpeg that says it, and its
// level. Nothing is left of a warning, unless it is about damage.
func clean(line string) string {
	text := regexp.MustCompile(`^(\[[^\]]*\] ?)+`).ReplaceAllString(strings.TrimSpace(line), "")
	if strings.Contains(line, "[warning]") && !regexp.MustCompile(`(?i)corrupt|damage|invalid|missing|conceal|truncat|discontinuity`).MatchString(text) {
		return ""
	}
	return strings.TrimSpace(text)
}

// reason returns the line that says most about a failure.
func (m *messages) reason() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, telling := range []string{"Unknown encoder", "ecoder (codec", "nknown decoder", "ould not find tag", "not currently supported", "are supported", "No space left", "Invalid data found"} {
		for _, l := range m.lines {
			if strings.Contains(l, telling) {
				return l
			}
		}
	}
	if len(m.lines) == 0 {
		return ""
	}
	return m.lines[0]
}

// says reports whether a line has a text.
func says(err error, texts ...string) bool {
	tool := new(ToolError)
	if !errors.As(err, &tool) {
		return false
	}
	for _, t := range texts {
		if strings.Contains(tool.Said, t) {
			return true
		}
	}
	return false
}

// fileURL is how ffmpeg takes a path that may look like a flag or a protocol.
func fileURL(path string) string { return "file:" + path }
