package instant

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"sync"

	"nst/imgio"
)

// paintings remembers the scales and shifts that were predicted for the last paintings.
type paintings struct {
	mu    sync.Mutex
	seed  maphash.Seed
	norms map[painting][]float32
}

// painting identifies a picture by its size and a hash of its pixels, and the kernels that
// looked at it, whose results differ in the last digits.
type painting struct {
	w, h    int
	pixels  uint64
	kernels string
}

// rememberedPaintings is the most that are remembered, with about 5 KB each.
const rememberedPaintings = 64

func newPaintings() *paintings {
	return &paintings{seed: maphash.MakeSeed(), norms: map[painting][]float32{}}
}

// key identifies the picture p.
func (s *paintings) key(p *imgio.Planar, kernels string) painting {
	var h maphash.Hash
	h.SetSeed(s.seed)
	var b [4096]byte
	for pix := p.Pix; len(pix) > 0; {
		n := min(len(pix), len(b)/4)
		for i, v := range pix[:n] {
			binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
		}
		h.Write(b[:4*n])
		pix = pix[n:]
	}
	return painting{p.W, p.H, h.Sum64(), kernels}
}

// find returns what was predicted for a painting, or nil.
func (s *paintings) find(key painting) []float32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.norms[key]
}

// add remembers what was predicted for a painting. If there are too many, it forgets the
// others.
func (s *paintings) add(key painting, norms []float32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.norms) >= rememberedPaintings {
		clear(s.norms)
	}
	s.norms[key] = norms
}
