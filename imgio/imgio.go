// Package imgio reads picture files into planar float32 pixels and writes them.
//
// Start with [Open], which reads a file of any supported format into a [Planar] and
// describes the file in an [Info], and [Save], which writes a file that is complete or not
// there at all. [Decode] and [Encode] do the same for streams. [FromImage]
// and [Planar.Image] convert to and from the image package.
//
// # Reading
//
// The formats are JPEG, PNG, WebP, TIFF, BMP and GIF, recognised by content and not by
// name. The EXIF orientation is applied. Colours are converted to sRGB by the colour profile
// in the file: a matrix and curves, or a lookup table for the perceptual intent with black
// point compensation, also for CMYK. The gAMA and cHRM chunks of PNG are ignored. Transparency
// is flattened on white. [Info.Notes] puts what was done into words. Errors match [ErrFormat],
// [ErrCorrupt], [ErrTooSmall], [ErrTooLarge], [ErrFolder] or fs.ErrNotExist.
// HEIC and AVIF need a [Converter]. [OpenMask] reads a mask, in which transparency is black.
//
// The size of a picture is checked before its pixels are decoded, and where possible before
// its file is read: at most [DefaultMaxPixels], or what a [Limit] says. With [Shrink], large
// pictures that are wanted small are reduced while they are decoded.
//
// # Writing
//
// [Encoding] says how: PNG and TIFF with 8 or 16 bits per channel, JPEG with full resolution
// of chroma, WebP without loss; with or without transparency. All files have a colour profile
// for sRGB. They can carry [Metadata] of the photograph, which [ReadMetadata] reads, and the
// [Provenance] of the picture. Before a long run, [CheckWritable] reports whether [Save] can
// work.
//
// # Pixels
//
// Values are sRGB-encoded, 0 to 1. They are clamped and rounded only when they are written.
// Results do not depend on the number of threads.
package imgio

import (
	"fmt"
	"runtime"
	"sync"

	"nst/internal/memory"
)

// Planar is a picture in three planes, red, green and blue, of W by H float32 values each.
// Values are sRGB-encoded and nominally in [0, 1].
type Planar struct {
	W, H int       // pixels
	Pix  []float32 // (3, H, W): Pix[(ch*H+y)*W+x]

	from *reduction // see Shrink; nil of a whole picture
}

// NewPlanar returns a black picture of w by h pixels.
func NewPlanar(w, h int) *Planar {
	return &Planar{W: w, H: h, Pix: memory.Make[float32](3 * w * h)}
}

// Clone returns a copy of p that shares nothing with it.
func (p *Planar) Clone() *Planar {
	pix := memory.Make[float32](len(p.Pix))
	copy(pix, p.Pix)
	return &Planar{W: p.W, H: p.H, Pix: pix, from: p.from}
}

// row returns row y of plane ch.
func (p *Planar) row(ch, y int) []float32 {
	i := (ch*p.H + y) * p.W
	return p.Pix[i : i+p.W]
}

// check returns an error if the size and the number of values do not agree.
func (p *Planar) check() error {
	if p.W < 1 || p.H < 1 || len(p.Pix) != 3*p.W*p.H {
		return fmt.Errorf("picture of %dx%d pixels with %d values", p.W, p.H, len(p.Pix))
	}
	return nil
}

// FitLongest returns the size of a picture of w by h pixels after scaling its longest side
// to size pixels. The other side keeps the aspect ratio, rounded to the nearest pixel and at
// least 1.
func FitLongest(w, h, size int) (int, int) {
	short := func(a, long int) int { return max(1, (2*a*size+long)/(2*long)) }
	if w >= h {
		return size, short(h, w)
	}
	return short(w, h), size
}

// parallel splits [0, n) into pieces [lo, hi) and calls f on all of them at once, one for
// each thread that Go uses. The pieces must not depend on each other.
func parallel(n int, f func(lo, hi int)) {
	pieces := min(n, runtime.GOMAXPROCS(0))
	if pieces <= 1 {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	for i := range pieces {
		wg.Go(func() { f(n*i/pieces, n*(i+1)/pieces) })
	}
	wg.Wait()
}
