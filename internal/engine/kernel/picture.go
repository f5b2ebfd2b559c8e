package kernel

// ChannelSumsSpec describes the sum of each channel of a blocked tensor over its positions:
// the gradient to a bias.
type ChannelSumsSpec struct {
	C, H, W    int
	In         []float32 // blocked (C,H,W)
	Out        []float32 // (C)
	Accumulate bool      // Out += instead of Out =
}

// ChannelSums is a step that adds up channels in float64.
type ChannelSums struct {
	s    ChannelSumsSpec
	e    *Engine
	in   Shape
	sums []float64 // [item][2][16]: sums and sums of squares
}

// NewChannelSums prepares the sums s.
func (e *Engine) NewChannelSums(s ChannelSumsSpec) *ChannelSums {
	u := &ChannelSums{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	u.in.check("channel sums")
	checkLen("channel sums", "In", len(s.In), u.in.Len())
	checkLen("channel sums", "Out", len(s.Out), s.C)
	u.sums = make([]float64, u.in.Blocks()*u.in.bands()*32)
	return u
}

// Run computes Out.
func (u *ChannelSums) Run() {
	u.e.pool.Run((*channelSumsTask)(u))
	for c := range u.s.C {
		sum, _ := bandSums(u.sums, u.in, c)
		if u.s.Accumulate {
			sum += float64(u.s.Out[c])
		}
		u.s.Out[c] = float32(sum)
	}
}

// channelSumsTask has an item for each band of rows of a block.
type channelSumsTask ChannelSums

// Items is the number of bands, over all blocks.
func (t *channelSumsTask) Items() int { return t.in.Blocks() * t.in.bands() }

// Do adds up a band.
func (t *channelSumsTask) Do(_, item int) { t.e.bandMoments(t.s.In, t.in, item, t.sums) }

// PackPictureSpec describes a picture as a blocked tensor.
type PackPictureSpec struct {
	C, H, W int       // C at most 16
	In      []float32 // planar (C,H,W)
	Out     []float32 // blocked (C,H,W)
}

// PackPicture is a step that does what [Pack] does, on all threads.
type PackPicture struct {
	s   PackPictureSpec
	e   *Engine
	out Shape
}

// NewPackPicture prepares s.
func (e *Engine) NewPackPicture(s PackPictureSpec) *PackPicture {
	u := &PackPicture{s: s, e: e, out: Shape{s.C, s.H, s.W}}
	u.out.checkPicture("pack picture")
	checkLen("pack picture", "In", len(s.In), s.C*s.H*s.W)
	checkLen("pack picture", "Out", len(s.Out), u.out.Len())
	return u
}

// Run computes Out.
func (u *PackPicture) Run() { u.e.pool.Run((*packPictureTask)(u)) }

// packPictureTask has an item for each band of rows.
type packPictureTask PackPicture

// Items is the number of bands.
func (t *packPictureTask) Items() int { return t.out.bands() }

// Do writes a band of Out.
func (t *packPictureTask) Do(_, item int) {
	b, y0, y1 := t.out.band(item)
	for y := y0; y < y1; y++ {
		d := t.s.Out[t.out.pos(b, y, 0)*16:][:t.s.W*16]
		clear(d)
		for c := range t.s.C {
			for p, v := range t.s.In[(c*t.s.H+y)*t.s.W:][:t.s.W] {
				d[p*16+c] = v
			}
		}
	}
	clearRowFrames(t.s.Out, 16, t.out, b, y0, y1, y1 == t.s.H)
}
