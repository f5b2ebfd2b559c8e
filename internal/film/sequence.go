package film

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nst/imgio"
)

// Sequence is a folder of frames, as a [Source]. Frames come in the order of their names, with
// numbers in them compared as numbers.
type Sequence struct {
	dir     string
	names   []string
	next    int
	size    int
	w, h    int
	limits  []imgio.Limit
	skipped func(path string, err error)
}

// ErrEmpty tells that a folder has no frames.
var ErrEmpty = errors.New("film: there are no pictures in it")

// OpenSequence opens a folder of frames. size is that of the longest side; 0 keeps it. Frames
// that cannot be read, or have another size than the first one that can, are given to skipped
// and left out. The error is that of package os, or [ErrEmpty].
func OpenSequence(ctx context.Context, dir string, size int, skipped func(path string, err error), limits ...imgio.Limit) (*Sequence, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Sequence{dir: dir, size: size, limits: limits, skipped: skipped}
	for _, e := range entries {
		if ext := strings.ToLower(filepath.Ext(e.Name())); !e.IsDir() && slices.Contains(imgio.Extensions(), ext) && !strings.HasPrefix(e.Name(), ".") {
			s.names = append(s.names, e.Name())
		}
	}
	slices.SortFunc(s.names, natural)
	for i := 1; i < len(s.names); i++ {
		if a, b := s.names[i-1], s.names[i]; strings.EqualFold(Stem(a), Stem(b)) {
			return nil, fmt.Errorf("film: %s and %s have one name: both would become %s.png", a, b, Stem(a))
		}
	}
	for i := 0; i < len(s.names) && s.w == 0; i++ { // the first that can be read has the size
		if p, err := s.read(ctx, s.names[i]); err == nil {
			s.w, s.h = p.W, p.H
		} else if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if s.w == 0 {
		return nil, ErrEmpty
	}
	return s, nil
}

// read reads a frame.
func (s *Sequence) read(ctx context.Context, name string) (*imgio.Planar, error) {
	p, _, err := imgio.OpenContext(ctx, filepath.Join(s.dir, name), s.limits...)
	if err != nil {
		return nil, err
	}
	if w, h := Fit(p.W, p.H, s.size); w != p.W || h != p.H {
		p = p.Resize(w, h)
	}
	return p, nil
}

// Frames returns the number of files.
func (s *Sequence) Frames() int { return len(s.names) }

// SkipTo leaves out frames up to the one of a name, without its extension; that one is next.
func (s *Sequence) SkipTo(stem string) {
	for s.next < len(s.names) && Stem(s.names[s.next]) != stem {
		s.next++
	}
}

// Shape says what the frames are like.
func (s *Sequence) Shape() Shape { return Shape{W: s.w, H: s.h, Base: Ratio{1, 1}} }

// Next returns the next frame.
func (s *Sequence) Next(ctx context.Context) (*Frame, error) {
	for s.next < len(s.names) {
		name := s.names[s.next]
		s.next++
		p, err := s.read(ctx, name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && (p.W != s.w || p.H != s.h) {
			err = fmt.Errorf("film: is %dx%d pixels, the frames before are %dx%d", p.W, p.H, s.w, s.h)
		}
		if err == nil {
			return &Frame{Picture: p, Time: int64(s.next - 1), Name: Stem(name)}, nil
		}
		s.skipped(filepath.Join(s.dir, name), err)
	}
	return nil, io.EOF
}

// Damage returns nothing: frames that are left out are told one by one.
func (s *Sequence) Damage() string { return "" }

// Close does nothing.
func (s *Sequence) Close() error { return nil }

// Stem returns a name without its extension.
func Stem(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// natural compares names, numbers in them as numbers: f2 comes before f10.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		nx, ny := digits(x), digits(y)
		if nx > 0 && ny > 0 {
			p, q := strings.TrimLeft(x[:nx], "0"), strings.TrimLeft(y[:ny], "0")
			if c := cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q)); c != 0 {
				return c
			}
			x, y = x[nx:], y[ny:]
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// digits returns how many digits a text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// SequenceOutput writes frames to a folder, as PNG files with the names of those that they are
// painted from.
type SequenceOutput struct {
	dir     string
	state   state
	replace bool
}

// NewSequence opens a folder for painted frames. A folder that holds files must be one where
// work of the same settings goes on, unless replace: the error then matches fs.ErrExist.
func NewSequence(dir, settings string, replace bool) (*SequenceOutput, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	state, err := readState(dir, state{Version: stateVersion, Settings: settings})
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if state.Frames == 0 && !replace && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() != stateFile }) {
		return nil, fs.ErrExist
	}
	return &SequenceOutput{dir, state, replace || state.Frames > 0}, nil
}

// Done returns the number of frames that earlier runs have written.
func (s *SequenceOutput) Done() int { return s.state.Frames }

// Last returns the name of the last of them, without its extension.
func (s *SequenceOutput) Last() string { return Stem(s.state.Last) }

// Resume returns the last frame and what the painter remembered.
func (s *SequenceOutput) Resume() (*imgio.Planar, []float32, error) {
	p, _, err := imgio.Open(filepath.Join(s.dir, s.state.Last))
	if err != nil {
		return nil, nil, err
	}
	return rounded(p), s.state.Memory, nil
}

// rounded returns a picture with levels of 8 bits.
func rounded(p *imgio.Planar) *imgio.Planar {
	px := newPixels(false)
	b := make([]byte, px.size(p.W, p.H))
	px.pack(b, p)
	return px.unpack(b, p.W, p.H)
}

// Write writes the next frame.
func (s *SequenceOutput) Write(_ context.Context, f *Frame, memory []float32) (*imgio.Planar, error) {
	name := f.Name + ".png"
	save := imgio.SaveNew
	if s.replace {
		save = imgio.Save
	}
	if err := save(filepath.Join(s.dir, name), f.Picture, imgio.Encoding{}); err != nil {
		return nil, err
	}
	s.state.Frames, s.state.Last, s.state.Memory = s.state.Frames+1, name, memory
	return rounded(f.Picture), s.state.write(s.dir)
}

// Finish returns the number of frames.
func (s *SequenceOutput) Finish(context.Context, bool) (int, error) { return s.state.Frames, nil }

// Place does nothing: each frame is in its place.
func (s *SequenceOutput) Place(string, bool) error { return nil }

// Partial returns nothing.
func (s *SequenceOutput) Partial() string { return "" }

// SetPartial does nothing.
func (s *SequenceOutput) SetPartial(string) error { return nil }

// Remove removes the file that says how far the work is.
func (s *SequenceOutput) Remove() error {
	if err := os.Remove(filepath.Join(s.dir, stateFile)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close does nothing.
func (s *SequenceOutput) Close() error { return nil }
