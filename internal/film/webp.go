package film

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"io"
	"os"
	"time"

	"golang.org/x/image/webp"

	"nst/imgio"
)

// WebP is an animated WebP, as a [Source]. It shows its frames as they look, whatever part of
// the picture each replaces. What is transparent is white. Times are in milliseconds.
type WebP struct {
	frames []webpFrame
	canvas *image.NRGBA
	next   int
	time   int64
	w, h   int // that frames are scaled to
	loops  int
	damage string
}

// webpFrame is a frame in the file (WebP Container Specification, chunk ANMF).
type webpFrame struct {
	place      image.Rectangle
	delay      int64 // ms
	background bool  // its part becomes transparent after it
	replaces   bool  // it is not drawn over what was there, but in its place
	chunks     []byte
}

// The bits of an animation.
const (
	webpAnimated   = 0x02 // in VP8X
	webpAlpha      = 0x10
	webpBackground = 0x01 // in ANMF
	webpReplaces   = 0x02
)

// webpUsual is the time of a frame that has none, as browsers take it.
const webpUsual = 100

// ErrStill tells that a WebP is a single picture.
var ErrStill = errors.New("film: it is a single picture")

// OpenWebP reads an animated WebP. size is that of the longest side, see [Fit]; 0 keeps it.
// Frames that are cut off are left out, and [WebP.Damage] tells. Errors are those of package
// os, [ErrStill], or match [ErrUnknown].
func OpenWebP(path string, size int) (*WebP, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WEBP" {
		return nil, ErrUnknown
	}
	w := &WebP{}
	animated := false
	rest := b[12:]
	for len(rest) > 0 {
		name, data, after, ok := riffChunk(rest)
		if !ok {
			w.damage = "the file is cut short"
			break
		}
		rest = after
		switch {
		case name == "VP8X" && len(data) >= 10:
			animated = data[0]&webpAnimated != 0
			if (1+int24(data[4:]))*(1+int24(data[7:])) > mostCanvas {
				return nil, errLargeCanvas
			}
			w.canvas = image.NewNRGBA(image.Rect(0, 0, 1+int24(data[4:]), 1+int24(data[7:])))
		case name == "ANIM" && len(data) >= 6:
			w.loops = int(binary.LittleEndian.Uint16(data[4:]))
		case name == "ANMF" && len(data) > 16:
			w.frames = append(w.frames, readANMF(data))
		}
	}
	switch {
	case !animated || w.canvas == nil:
		return nil, ErrStill
	case len(w.frames) == 0:
		return nil, fmt.Errorf("%w: it has no whole frame", ErrUnknown)
	}
	w.w, w.h = Fit(w.canvas.Rect.Dx(), w.canvas.Rect.Dy(), size)
	return w, nil
}

// riffChunk cuts a chunk off the front. ok is false if it is not whole.
func riffChunk(b []byte) (name string, data, rest []byte, ok bool) {
	if len(b) < 8 {
		return "", nil, nil, false
	}
	size := int64(binary.LittleEndian.Uint32(b[4:]))
	if size > int64(len(b)-8) {
		return "", nil, nil, false
	}
	end := min(8+size+size&1, int64(len(b)))
	return string(b[:4]), b[8 : 8+size], b[end:], true
}

func int24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func readANMF(d []byte) webpFrame {
	x, y := 2*int24(d), 2*int24(d[3:])
	f := webpFrame{
		place: image.Rect(x, y, x+1+int24(d[6:]), y+1+int24(d[9:])), delay: int64(int24(d[12:])),
		background: d[15]&webpBackground != 0, replaces: d[15]&webpReplaces != 0, chunks: d[16:],
	}
	if f.delay == 0 {
		f.delay = webpUsual
	}
	return f
}

// picture decodes a frame: its chunks are those of a WebP file.
func (f *webpFrame) picture() (image.Image, error) {
	var body []byte
	if bytes.HasPrefix(f.chunks, []byte("ALPH")) {
		var h [18]byte
		copy(h[:], "VP8X")
		h[4], h[8] = 10, webpAlpha
		put24(h[12:], f.place.Dx()-1)
		put24(h[15:], f.place.Dy()-1)
		body = h[:]
	}
	body = append(body, f.chunks...)
	file := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(body)))
	file = append(append(file, "WEBP"...), body...)
	c, err := webp.DecodeConfig(bytes.NewReader(file))
	if err == nil && (c.Width != f.place.Dx() || c.Height != f.place.Dy()) {
		err = fmt.Errorf("film: a frame of %dx%d pixels in place of %v", c.Width, c.Height, f.place.Size())
	}
	if err != nil {
		return nil, err
	}
	return webp.Decode(bytes.NewReader(file))
}

func put24(b []byte, x int) { b[0], b[1], b[2] = byte(x), byte(x>>8), byte(x>>16) }

// Shape says what the frames are like.
func (w *WebP) Shape() Shape { return Shape{W: w.w, H: w.h, Base: Ratio{1, 1000}} }

// Frames returns the number of frames.
func (w *WebP) Frames() int { return len(w.frames) }

// Loops returns how often it is shown again, as GIF counts: 0 for ever, -1 never.
func (w *WebP) Loops() int {
	if w.loops == 1 {
		return -1
	}
	return max(0, w.loops-1)
}

// LastDelay returns how long the last frame is shown, in ticks of a GIF.
func (w *WebP) LastDelay() int64 { return max(shortest, (w.frames[len(w.frames)-1].delay+5)/10) }

// Next returns the next frame. One that is damaged leaves the picture as it is.
func (w *WebP) Next(ctx context.Context) (*Frame, error) {
	if w.next == len(w.frames) {
		return nil, io.EOF
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f := &w.frames[w.next]
	w.next++
	how := draw.Over
	if f.replaces {
		how = draw.Src
	}
	if m, err := f.picture(); err != nil {
		w.damage = fmt.Sprintf("frame %d: %v", w.next, err)
	} else {
		draw.Draw(w.canvas, f.place, m, m.Bounds().Min, how)
	}
	out := &Frame{Picture: imgio.FromImage(w.canvas), Time: w.time}
	if out.Picture.W != w.w || out.Picture.H != w.h {
		out.Picture = out.Picture.Resize(w.w, w.h)
	}
	w.time += f.delay
	if f.background {
		draw.Draw(w.canvas, f.place, image.Transparent, image.Point{}, draw.Src)
	}
	return out, nil
}

// Damage returns what could not be read.
func (w *WebP) Damage() string { return w.damage }

// Close does nothing.
func (w *WebP) Close() error { return nil }

// Duration returns how long all frames are shown together.
func (w *WebP) Duration() time.Duration {
	sum := time.Duration(0)
	for _, f := range w.frames {
		sum += time.Duration(f.delay) * time.Millisecond
	}
	return sum
}

// Silent describes a source that ffmpeg does not read, for [PartsOptions]: it has no audio.
func Silent(path string, d time.Duration) *Info {
	return &Info{Path: path, Duration: d, stream: -1, exact: true}
}
