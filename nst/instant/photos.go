package instant

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"nst/imgio"
)

// Limits of a set of photographs.
const (
	MinPhotos = 20 // fewer teach a network those photographs, not a style
	MinPhoto  = 64 // pixels of the shorter side

	photoBytes = 1 << 30 // that all photographs may take in memory
)

// Photos is a set of photographs to teach a network with, in memory, scaled down.
type Photos struct {
	photos   []photo
	training int // the first so many; the others are for validation
}

// photo is a picture of 8-bit levels, which take a quarter of the memory.
type photo struct {
	w, h int
	pix  []uint8 // (3, h, w)
}

// PhotoError tells that a photograph cannot be used.
type PhotoError struct {
	Path string
	Err  error
}

// Error names the file and says why.
func (e *PhotoError) Error() string { return fmt.Sprintf("nst: photograph %s: %v", e.Path, e.Err) }

// Unwrap returns the reason.
func (e *PhotoError) Unwrap() error { return e.Err }

// ErrPhotos is what [OpenPhotos] returns where too few photographs can be read.
var ErrPhotos = errors.New("nst: too few photographs")

// OpenPhotos reads photographs for parts of size pixels. The order of paths counts: one in
// ten is held back for validation. Files that cannot be read, or are smaller than [MinPhoto],
// are given to skipped, each as a [PhotoError], and left out. The error is [ErrPhotos] with
// fewer than [MinPhotos] others, or that of ctx. Photographs are scaled down so that the
// shorter side is at most 1.5 times size, and further where they would fill the memory.
func OpenPhotos(ctx context.Context, paths []string, size int, skipped func(error)) (*Photos, error) {
	side := photoSide(len(paths), size)
	s := &Photos{}
	var held []photo
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := openPhoto(path, side)
		if err != nil {
			skipped(&PhotoError{path, err})
			continue
		}
		if n := len(s.photos) + len(held); n%10 == 9 {
			held = append(held, p)
		} else {
			s.photos = append(s.photos, p)
		}
	}
	if n := len(s.photos) + len(held); n < MinPhotos {
		return nil, fmt.Errorf("%w: %d of %d can be used, at least %d are needed", ErrPhotos, n, len(paths), MinPhotos)
	}
	s.training = len(s.photos)
	s.photos = append(s.photos, held...)
	return s, nil
}

// photoSide is the shorter side that so many photographs are scaled down to, for parts of size
// pixels.
func photoSide(count, size int) int {
	side := size * 3 / 2
	for side > size && count*side*side*4 > photoBytes { // 4: three channels, and 4:3
		side = max(size, side*9/10)
	}
	return side
}

func openPhoto(path string, side int) (photo, error) {
	p, _, err := imgio.Open(path)
	if err != nil {
		return photo{}, err
	}
	short := min(p.W, p.H)
	if short < MinPhoto {
		return photo{}, fmt.Errorf("%dx%d pixels are too small: the shorter side must have at least %d", p.W, p.H, MinPhoto)
	}
	if short > side {
		p = p.Resize(max(1, p.W*side/short), max(1, p.H*side/short))
	}
	out := photo{p.W, p.H, make([]uint8, len(p.Pix))}
	for i, v := range p.Pix {
		out.pix[i] = uint8(min(max(v, 0), 1)*255 + 0.5)
	}
	return out, nil
}

// Training is the number of photographs that teach.
func (s *Photos) Training() int { return s.training }

// Validation is the number of photographs that are held back.
func (s *Photos) Validation() int { return len(s.photos) - s.training }

// Held returns a photograph that is held back, from 0 to Validation()-1, scaled down.
func (s *Photos) Held(i int) *imgio.Planar {
	p := &s.photos[s.training+i]
	out := imgio.NewPlanar(p.w, p.h)
	for j, v := range p.pix {
		out.Pix[j] = float32(v) / 255
	}
	return out
}

// part writes a square part of a photograph, scaled to size pixels and mirrored or not, to
// dst (3, size, size).
func (p *photo) part(dst []float32, x0, y0, side, size int, mirror bool) {
	part := imgio.NewPlanar(side, side)
	for i := range 3 * side {
		c, y := i/side, i%side
		row := part.Pix[i*side:][:side]
		for x, v := range p.pix[(c*p.h+y0+y)*p.w+x0:][:side] {
			row[x] = float32(v) / 255
		}
	}
	if side != size {
		part = part.Resize(size, size)
	}
	for i := range 3 * size {
		from, to := part.Pix[i*size:][:size], dst[i*size:][:size]
		for x, v := range from {
			if mirror {
				x = size - 1 - x
			}
			to[x] = min(max(v, 0), 1)
		}
	}
}

// random writes a random part of a random training photograph.
func (s *Photos) random(r *rand.Rand, dst []float32, size int) {
	p := &s.photos[r.IntN(s.training)]
	short := min(p.w, p.h)
	side := short
	if short > size {
		side = size + r.IntN(short-size+1)
	}
	x, y := r.IntN(p.w-side+1), r.IntN(p.h-side+1)
	p.part(dst, x, y, side, size, r.IntN(2) == 1)
}

// middle writes the middle of a photograph, as large as possible.
func (s *Photos) middle(i int, dst []float32, size int) {
	p := &s.photos[i]
	side := min(p.w, p.h)
	p.part(dst, (p.w-side)/2, (p.h-side)/2, side, size, false)
}
