package film

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"nst/imgio"
	"nst/internal/filelock"
)

// Parts writes a film part by part. Each part is a file in a folder beside the film, encoded
// by itself, with what is needed to go on after it. [Parts.Finish] puts them together without
// encoding anew. The bytes of the film are the same, however often the work was interrupted.
type Parts struct {
	tools *Tools
	o     PartsOptions
	codec codec
	dir   string
	state state
	open  *part // being written, or nil
	jobs  chan job
	done  chan error // gets the result of the writer, once
	err   error      // that it was
	ended bool
	free  func() // ends the lock
}

// PartsOptions say what is written.
type PartsOptions struct {
	Path     string // of the film
	Info     *Info  // of the source, whose audio and colours are taken over
	Shape    Shape  // of the frames that are written
	Encoding Encoding
	Frames   int    // of a part
	Settings string // identifies all that the frames depend on: parts of other settings are painted anew
	Waiting  func() // is called if another process works on this film; may be nil
}

// job is a frame on its way to the encoder.
type job struct {
	data   []byte
	time   int64
	memory []float32
}

// lockFile is the name of the file that keeps others from working on the same film.
const lockFile = "lock"

// PartsFolder returns the folder that holds the parts of a film until it is done.
func PartsFolder(path string) string { return path + ".parts" }

// NewParts opens or creates the folder of a film's parts and checks that the film can be
// written: the error is then an [EncodingError]. [Parts.Close] must be called.
func (t *Tools) NewParts(ctx context.Context, o PartsOptions) (*Parts, error) {
	ext, err := Extension(o.Path)
	if err != nil {
		return nil, err
	}
	p := &Parts{tools: t, o: o, dir: PartsFolder(o.Path)}
	if p.codec, err = o.Encoding.choose(ext); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.dir, 0o777); err != nil {
		return nil, err
	}
	if p.free, err = filelock.Lock(ctx, filepath.Join(p.dir, lockFile), o.Waiting); err != nil {
		return nil, err
	}
	err = os.MkdirAll(p.dir, 0o777) // the process that had the lock may have removed it
	if err == nil {
		err = p.begin(ctx)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// begin reads the state and starts the writer.
func (p *Parts) begin(ctx context.Context) error {
	if err := p.tools.check(ctx, p.o.Info, p.codec, p.o.Shape, p.o.Path, p.dir); err != nil {
		return err
	}
	want := state{Version: stateVersion, Settings: p.o.settings(p.tools.encodeArgs(p.codec, p.o.Shape, p.o.Info.Colour))}
	var err error
	if p.state, err = readState(p.dir, want); err != nil {
		return err
	}
	if err := p.sweep(); err != nil {
		return err
	}
	p.jobs, p.done = make(chan job, 4), make(chan error, 1)
	go func() { p.done <- p.work() }()
	return nil
}

// sweep removes files that are not of the state.
func (p *Parts) sweep() error {
	keep := map[string]bool{lockFile: true, stateFile: true, p.state.Last: true}
	for _, part := range p.state.Parts {
		keep[part.File] = true
	}
	return p.clear(keep)
}

// clear removes the files that Parts writes, but for some. Files of others stay.
func (p *Parts) clear(keep map[string]bool) error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	own := regexp.MustCompile(`^(\d{6}\.(nut|nut\.tmp|rgb)|(joined|trial)\.\w+|` + lockFile + `|` + regexp.QuoteMeta(stateFile) + `)$`)
	for _, e := range entries {
		if own.MatchString(e.Name()) && !keep[e.Name()] {
			if err := os.Remove(filepath.Join(p.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Done returns the number of frames that earlier runs have written.
func (p *Parts) Done() int { return p.state.Frames }

// Resume returns the last frame that earlier runs have written, and what the painter
// remembered after it. The frame is nil if there is none.
func (p *Parts) Resume() (*imgio.Planar, []float32, error) {
	if p.state.Frames == 0 {
		return nil, nil, nil
	}
	px := newPixels(p.o.Shape.Deep)
	b, err := os.ReadFile(filepath.Join(p.dir, p.state.Last))
	if err != nil {
		return nil, nil, err
	}
	if len(b) != px.size(p.o.Shape.W, p.o.Shape.H) {
		return nil, nil, fmt.Errorf("film: %s is damaged", filepath.Join(p.dir, p.state.Last))
	}
	return px.unpack(b, p.o.Shape.W, p.o.Shape.H), p.state.Memory, nil
}

// Write takes the next frame. memory is what the painter remembers after it. It returns the
// picture as it is written, with its levels rounded. The error may be that of an earlier frame.
func (p *Parts) Write(ctx context.Context, f *Frame, memory []float32) (*imgio.Planar, error) {
	px := newPixels(p.o.Shape.Deep)
	data := make([]byte, px.size(f.Picture.W, f.Picture.H))
	px.pack(data, f.Picture)
	select {
	case p.jobs <- job{data, f.Time, memory}:
		return px.unpack(data, f.Picture.W, f.Picture.H), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case err := <-p.done:
		p.done <- err
		return nil, err
	}
}

// flush waits until all frames are written, and ends the part.
func (p *Parts) flush() error {
	if !p.ended {
		p.ended = true
		close(p.jobs)
		p.err = <-p.done
	}
	return p.err
}

// Close frees the folder, which is removed if nothing is in it.
func (p *Parts) Close() error {
	var err error
	if p.jobs != nil {
		err = p.flush()
	}
	if p.open != nil {
		p.open.abandon()
		p.open = nil
	}
	p.free()
	if p.state.Frames == 0 && p.state.Partial == "" {
		_ = p.clear(nil)     // the next run does that too
		_ = os.Remove(p.dir) // it may hold files of others
	}
	return err
}

// Finish writes the film from all parts to a file beside them, and returns the number of its
// frames. The frames since the last part are in it too. [Parts.Place] moves it to its place.
// whole is false for a film that goes on later: its audio ends with the frames.
func (p *Parts) Finish(ctx context.Context, whole bool) (frames int, err error) {
	if err := p.flush(); err != nil {
		return 0, err
	}
	files := slices.Clone(p.state.Parts)
	if p.open != nil {
		if err := p.open.finish(); err != nil {
			return 0, err
		}
		files = append(files, p.open.partState)
	}
	if len(files) == 0 {
		return 0, nil
	}
	for _, f := range files {
		frames += f.Frames
	}
	if err := p.join(ctx, files, whole, p.joined()); err != nil {
		_ = os.Remove(p.joined()) // the error counts
		return 0, err
	}
	return frames, nil
}

// joined is the file of the film before it is in its place.
func (p *Parts) joined() string {
	return filepath.Join(p.dir, "joined"+strings.ToLower(filepath.Ext(p.o.Path)))
}

// Place moves the film to a path. Unless overwrite, nothing may be there: the error then
// matches fs.ErrExist.
func (p *Parts) Place(path string, overwrite bool) error {
	if overwrite {
		return flushed(p.joined(), path)
	}
	err := os.Link(p.joined(), path) // fails where there is a file, and where links are unknown
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return flushed(p.joined(), path)
}

// Partial returns the file that plays what earlier runs had done, if one was written.
func (p *Parts) Partial() string { return p.state.Partial }

// SetPartial remembers that file.
func (p *Parts) SetPartial(path string) error {
	p.state.Partial = path
	return p.state.write(p.dir)
}

// Remove removes the parts, and the folder if it holds nothing else: the film is done.
func (p *Parts) Remove() error {
	p.state = state{}
	p.free()
	p.free = func() {}
	if err := p.clear(nil); err != nil {
		return err
	}
	_ = os.Remove(p.dir) // it may hold files of others
	return nil
}
