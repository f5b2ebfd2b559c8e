package film

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"nst/internal/atomicfile"
)

// part is a part that is being written.
type part struct {
	partState
	path    string // of the file, which has another name until it is done
	process *process
	writer  *nutWriter
	ended   bool
	err     error
}

// work writes frames until there are no more.
func (p *Parts) work() error {
	for j := range p.jobs {
		if err := p.put(j); err != nil {
			return err
		}
	}
	return nil
}

// put writes a frame, and the state when it is the last of its part.
func (p *Parts) put(j job) error {
	if p.open == nil {
		if err := p.start(j.time); err != nil {
			return err
		}
	}
	n := p.open
	if err := n.writer.write(packet{j.data, j.time, true}); err != nil {
		if failed := n.finish(); failed != nil { // says why
			return failed
		}
		return err
	}
	n.Step = j.time - n.Last
	n.Frames, n.Last = n.Frames+1, j.time
	if n.Frames < p.o.Frames {
		return nil
	}
	p.open = nil
	if err := n.finish(); err != nil {
		return err
	}
	return p.commit(n, j)
}

// start begins a part.
func (p *Parts) start(first int64) error {
	n := &part{partState: partState{File: fmt.Sprintf("%06d.nut", len(p.state.Parts)), First: first, Last: p.lastTime()}}
	n.path = filepath.Join(p.dir, n.File+".tmp")
	// An interrupt does not end the encoder: what it has is kept.
	ctx := context.Background()
	args := append(p.tools.encodeArgs(p.codec, p.o.Shape, p.o.Info.Colour), "-y", fileURL(n.path))
	var err error
	if n.process, err = p.tools.start(ctx, true, false, args...); err != nil {
		return err
	}
	p.open = n
	n.writer, err = newNUTWriter(n.process.stdin, rawTrack(p.o.Shape))
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return nil
}

// lastTime returns the time of the last frame that is written.
func (p *Parts) lastTime() int64 {
	if n := len(p.state.Parts); n > 0 {
		return p.state.Parts[n-1].Last
	}
	return 0
}

// finish ends the encoder and waits for it.
func (n *part) finish() error {
	if !n.ended {
		n.ended = true
		err := n.process.stdin.Close()
		if n.err = n.process.wait(context.Background()); n.err == nil && err != nil && !errors.Is(err, os.ErrClosed) {
			n.err = err
		}
	}
	return n.err
}

// abandon ends the encoder and removes the file.
func (n *part) abandon() {
	if !n.ended {
		n.ended = true
		n.process.close()
	}
	_ = os.Remove(n.path) // the next run removes it too
}

// commit makes a part count. j is its last frame.
func (p *Parts) commit(n *part, j job) error {
	if err := flushed(n.path, filepath.Join(p.dir, n.File)); err != nil {
		return err
	}
	next := p.state
	next.Parts = append(slices.Clone(next.Parts), n.partState)
	next.Frames += n.Frames
	next.Last, next.Memory = fmt.Sprintf("%06d.rgb", next.Frames), j.memory
	err := atomicfile.Write(filepath.Join(p.dir, next.Last), func(w io.Writer) error {
		_, err := w.Write(j.data)
		return err
	})
	if err == nil {
		err = next.write(p.dir)
	}
	if err != nil {
		return err
	}
	if p.state.Last != "" {
		_ = os.Remove(filepath.Join(p.dir, p.state.Last)) // the next run removes it too
	}
	p.state = next
	return nil
}

// flushed flushes a file to disk and gives it its name.
func flushed(from, to string) error {
	f, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if failed := f.Close(); err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	return os.Rename(from, to)
}

// join writes the packets of parts to ffmpeg, which adds what else the film has.
func (p *Parts) join(ctx context.Context, files []partState, whole bool, path string) error {
	process, err := p.tools.start(ctx, true, false, joinArgs(p.o.Info, p.codec, p.o.Shape.Base, p.span(files, whole), path)...)
	if err != nil {
		return err
	}
	var w *nutWriter
	for _, f := range files {
		name := filepath.Join(p.dir, f.File)
		if _, err := os.Stat(name); err != nil {
			name += ".tmp" // the part that was being written
		}
		if w, err = relay(w, process.stdin, name); err != nil {
			break
		}
	}
	_ = process.stdin.Close() // the process says what is wrong
	if failed := process.wait(ctx); failed != nil {
		return failed
	}
	return err
}

// span says when a film of parts begins and ends.
func (p *Parts) span(files []partState, whole bool) span {
	base := p.o.Shape.Base.Float()
	s, last := span{start: float64(files[0].First) * base}, files[len(files)-1]
	for _, f := range files {
		s.frames += f.Frames
	}
	if !whole {
		s.end = float64(last.Last+max(1, last.Step)) * base
		return s
	}
	length := p.o.Info.Duration.Seconds() - (float64(last.Last)*base - s.start)
	if ticks := int64(math.Round(length / base)); s.frames > 1 && p.o.Info.exact && length > 0 && max(ticks-last.Step, last.Step-ticks) > last.Step/50 {
		s.lastTicks = ticks
	}
	return s
}

// relay copies the packets of a file to a stream, which begins with the headers of the first.
func relay(w *nutWriter, to io.Writer, name string) (*nutWriter, error) {
	f, err := os.Open(name)
	if err != nil {
		return w, err
	}
	defer f.Close()
	r, err := newNUTReader(f)
	if err != nil {
		return w, fmt.Errorf("film: %s: %w", name, cut(err))
	}
	if w == nil {
		if w, err = newNUTWriter(to, r.track); err != nil {
			return w, err
		}
	}
	for {
		p, err := r.next()
		if err == io.EOF {
			return w, nil
		}
		if err == nil {
			err = w.write(p)
		}
		if err != nil {
			return w, err
		}
	}
}

// Partial returns the name of the file that plays what is done of a film.
func Partial(path string) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + ".partial" + ext
}
