// Package imgio turns picture files into planar float32 pixels and back.
//
// Start with [Open], which reads a file of any supported kind into a [Planar]
// and says in an [Info] what it met, and [Save], which writes one as PNG or
// JPEG so that the file appears whole or not at all. [Decode] and [Encode] do
// the same over streams; [FromImage] and [Planar.Image] are the bridge to the
// image package.
//
// # Reading
//
// JPEG, PNG, WebP, TIFF, BMP and GIF are told apart by content, not by name.
// The EXIF orientation is applied, a colour profile that a matrix and three
// curves describe is converted to sRGB, and transparency is flattened on white.
// (A PNG file's gAMA and cHRM chunks are not looked at, only its profile.)
// [Info.Notes] puts what was done into words. Errors can be told apart:
// [ErrFormat], [ErrCorrupt], [ErrTooSmall], [ErrTooLarge], [ErrFolder] and
// fs.ErrNotExist.
//
// # Writing
//
// PNG with 8 or 16 bits per channel, and JPEG with 4:2:0 chroma (the only kind
// that image/jpeg writes; take PNG where fine colour detail matters). Both can
// carry text, which [ReadText] reads back. [CheckWritable] tells before a long
// run whether [Save] has a chance.
//
// # Pixels
//
// Values are sRGB-encoded, 0 to 1, and neither clamped nor rounded before they
// are written. Every function here gives the same values whatever the number
// of threads.
package imgio

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// Planar is a picture as the networks want it: three planes, red, green, blue,
// of W by H float32 values each, sRGB-encoded and nominally in [0, 1].
type Planar struct {
	W, H int       // pixels
	Pix  []float32 // (3, H, W): Pix[(ch*H+y)*W+x]
}

// NewPlanar returns a black picture of w by h pixels.
func NewPlanar(w, h int) *Planar {
	return &Planar{W: w, H: h, Pix: make([]float32, 3*w*h)}
}

// Clone returns a copy of p that shares nothing with it.
func (p *Planar) Clone() *Planar {
	return &Planar{W: p.W, H: p.H, Pix: slices.Clone(p.Pix)}
}

// row returns row y of plane ch.
func (p *Planar) row(ch, y int) []float32 {
	i := (ch*p.H + y) * p.W
	return p.Pix[i : i+p.W]
}

// check reports a picture whose size and pixels do not agree.
func (p *Planar) check() error {
	if p.W < 1 || p.H < 1 || len(p.Pix) != 3*p.W*p.H {
		return fmt.Errorf("picture of %dx%d pixels with %d values", p.W, p.H, len(p.Pix))
	}
	return nil
}

// FitLongest returns the size of a picture of w by h pixels scaled so that its
// longest side is size pixels: the other side keeps the aspect ratio, rounded
// to the nearest pixel and at least 1.
func FitLongest(w, h, size int) (int, int) {
	short := func(a, long int) int { return max(1, (2*a*size+long)/(2*long)) }
	if w >= h {
		return size, short(h, w)
	}
	return short(w, h), size
}

// parallel calls f on pieces [lo, hi) that together make [0, n), at once on as
// many threads as Go uses. The pieces must not depend on each other.
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
