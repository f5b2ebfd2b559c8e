package kernel

import "math"

// ChannelMap scales and shifts each channel: max(lo, scale inv (x - mean) + shift), where lo
// is 0 with a ReLU and minus infinity without. It is what an instance normalisation does once
// mean and inv are known, and other steps do it as they read.
type ChannelMap struct {
	c  int
	lo float32
	k  []float32 // [block][3][16]: mean, scale inv, shift; 0 in unused lanes
}

// NewChannelMap returns a map of c channels to themselves, with or without a ReLU.
func NewChannelMap(c int, relu bool) *ChannelMap {
	m := &ChannelMap{c: c, k: make([]float32, Shape{C: c}.Blocks()*3*16)}
	if !relu {
		m.lo = float32(math.Inf(-1))
	}
	for i := range c {
		m.k[i/16*48+16+i%16] = 1
	}
	return m
}

// Set takes stats (2,c), the mean and inv of each channel, and affine (2,c), its scale and
// shift.
func (m *ChannelMap) Set(stats, affine []float32) {
	checkLen("channel map", "stats", len(stats), 2*m.c)
	checkLen("channel map", "affine", len(affine), 2*m.c)
	for i := range m.c {
		k := m.k[i/16*48+i%16:]
		k[0], k[16], k[32] = stats[i], affine[i]*stats[m.c+i], affine[m.c+i]
	}
}

// NormStats is what [ChannelMap.Set] takes for a map that only scales and shifts: means of 0
// and factors of 1, for c channels.
func NormStats(c int) []float32 {
	s := make([]float32, 2*c)
	for i := range c {
		s[c+i] = 1
	}
	return s
}

// block is the rows of a block.
func (m *ChannelMap) block(b int) []float32 { return m.k[b*48:][:48] }
