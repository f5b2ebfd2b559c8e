package film

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Source gives the frames of a film.
type Source interface {
	// Shape says what the frames are like.
	Shape() Shape

	// Next returns the next frame. The error is io.EOF after the last one.
	Next(ctx context.Context) (*Frame, error)

	// Damage returns what was said about parts that could not be decoded, empty if all could.
	Damage() string

	// Close frees what the source holds.
	Close() error
}

// decoder reads a film through ffmpeg.
type decoder struct {
	process *process
	reader  *nutReader
	shape   Shape
	pixels  *pixels
	read    int   // frames
	last    int64 // time of the last frame
	damage  string
}

// DecodeOptions say which frames are wanted.
type DecodeOptions struct {
	Skip int // frames at the start that are left out
	Size int // of the longest side, see [Fit]; 0 is that of the film
}

// Decode opens the frames of a film. They are upright. A frame that is damaged is left out, or
// is as far right as the decoder could make it; [Source.Damage] tells. The error is a
// [ToolError].
func (t *Tools) Decode(ctx context.Context, info *Info, o DecodeOptions) (Source, error) {
	p, err := t.start(ctx, false, true, t.decodeArgs(info, o)...)
	if err != nil {
		return nil, err
	}
	r, err := newNUTReader(p.stdout)
	if err != nil {
		failed := p.wait(ctx)
		switch {
		case failed != nil:
			return nil, failed
		case errors.Is(err, io.EOF):
			return &decoder{shape: Shape{Base: info.Base}, damage: p.said.reason()}, nil // no frame is left
		}
		p.close()
		return nil, err
	}
	aspect := r.track.aspect
	d := &decoder{
		process: p, reader: r, pixels: newPixels(info.Deep), last: -1,
		shape: Shape{W: r.track.width, H: r.track.height, Deep: info.Deep, Base: r.track.base, Aspect: aspect},
	}
	return d, nil
}

// Shape says what the frames are like that [Tools.Decode] gives.
func (t *Tools) Shape(ctx context.Context, info *Info, size int) (Shape, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d, err := t.Decode(ctx, info, DecodeOptions{Size: size})
	if err != nil {
		return Shape{}, err
	}
	defer d.Close()
	if s := d.Shape(); s.W > 0 {
		return s, nil
	}
	return Shape{}, ErrNoFrames
}

// ErrNoFrames tells that no frame of a film can be decoded.
var ErrNoFrames = errors.New("film: no frame of it can be decoded")

// decodeArgs returns the arguments of ffmpeg.
func (t *Tools) decodeArgs(info *Info, o DecodeOptions) []string {
	format := "rgb24"
	if info.Deep {
		format = "rgb48le"
	}
	filter := ""
	if o.Skip > 0 {
		filter = fmt.Sprintf(`select=gte(n\,%d),`, o.Skip)
	}
	size := ""
	if w, h := info.W, info.H; o.Size > 0 {
		if info.Rotation%180 != 0 {
			w, h = h, w
		}
		w, h = Fit(w, h, o.Size)
		size = fmt.Sprintf("w=%d:h=%d:", w, h)
	}
	in := "auto"
	if info.Colour.Range != "" {
		in = info.Colour.Range
	}
	filter += fmt.Sprintf("scale=%sin_color_matrix=%s:in_range=%s:flags=bicubic+accurate_rnd+full_chroma_int,format=%s",
		size, info.Colour.matrix(), in, format)
	args := []string{
		"-i", fileURL(info.Path), "-map", fmt.Sprintf("0:%d", info.stream), "-an", "-sn", "-dn",
		"-vf", filter, "-enc_time_base", info.Base.String(), "-c:v", "rawvideo", "-pix_fmt", format,
	}
	return append(append(args, t.passthrough()...), "-f", "nut", "pipe:1")
}

// Shape says what the frames are like.
func (d *decoder) Shape() Shape { return d.shape }

// Next returns the next frame.
func (d *decoder) Next(ctx context.Context) (*Frame, error) {
	if d.reader == nil {
		return nil, io.EOF
	}
	p, err := d.reader.next()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil && len(p.data) != d.pixels.size(d.shape.W, d.shape.H):
		return nil, fmt.Errorf("%w: a frame of %d bytes", errNUT, len(p.data))
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, d.end(ctx)
	case err != nil:
		return nil, err
	}
	d.read++
	d.last = max(d.last+1, p.time) // encoders want times that grow
	return &Frame{Picture: d.pixels.unpack(p.data, d.shape.W, d.shape.H), Time: d.last}, nil
}

// end returns io.EOF after the last frame, if there was one.
func (d *decoder) end(ctx context.Context) error {
	d.reader = nil
	err := d.process.wait(ctx)
	d.damage = d.process.said.reason()
	if err != nil && (d.read == 0 || ctx.Err() != nil) {
		return err
	}
	return io.EOF
}

// Damage returns what was said about parts that could not be decoded. It is known at the end.
func (d *decoder) Damage() string { return d.damage }

// Close ends ffmpeg.
func (d *decoder) Close() error {
	if d.reader != nil {
		d.process.close()
		d.reader = nil
	}
	return nil
}
