package nst

import (
	"slices"

	"nst/imgio"
	"nst/internal/engine/exec"
)

// checkMemory returns a [MemoryError] if a run over the scales of plan does not fit into the
// card. On the processor it returns nil.
func (e evaluator) checkMemory(plan []scale, s *Style, o *Options) error {
	card, ok := e.device.(*exec.CUDA)
	if !ok {
		return nil
	}
	free, err := card.Free()
	if err != nil {
		return err
	}
	last, before := plan[len(plan)-1], 0.
	if len(plan) > 1 {
		before = plan[len(plan)-2].pixels() / last.pixels()
	}
	need, err := e.cardBytes(card, last, before, s, o)
	if err != nil || need <= free {
		return err
	}
	full := &MemoryError{Device: card.Name(), Width: last.w, Height: last.h, Need: need, Free: free}
	// Sizes below low fit, or are too small for the network; high and above do not fit.
	for low, high := MinSize, last.size; low < high; {
		at := scale{size: (low + high) / 2}
		at.w, at.h = imgio.FitLongest(last.w, last.h, at.size)
		need, err := e.cardBytes(card, at, before, s, o)
		if err == nil && need > free {
			high = at.size
			continue
		}
		if low = at.size + 1; err == nil {
			full.Size = at.size
		}
	}
	return full
}

// cardBytes is the most memory of the card that a scale takes, without the weights that are
// there already. The vectors of the scale before it are freed only after its own are made;
// before is the size of that scale relative to this one, in pixels. Targets are measured
// before the machine of the objective is made.
func (e evaluator) cardBytes(card *exec.CUDA, at scale, before float64, s *Style, options *Options) (int64, error) {
	p, err := e.memory(Inputs{Content: Size{at.w, at.h}, Regions: s.regions != nil, Styles: s.sizes()}, at)
	if err != nil {
		return 0, err
	}
	most := p.Total()
	nodes, err := e.targetNodes(at, s)
	if err != nil {
		return 0, err
	}
	for _, outputs := range nodes {
		p, err := card.Plan(outputs...)
		if err != nil {
			return 0, err
		}
		most = max(most, p.Total())
	}
	n := int64(3 * at.w * at.h)
	return most - card.Held() + options.cardVectorBytes(n) + options.cardVectorBytes(int64(before*float64(n))), nil
}

// targetNodes returns the outputs of each machine that measures targets for a scale:
// the content's and one for each picture of the style.
func (e evaluator) targetNodes(at scale, s *Style) ([][]*exec.Node, error) {
	var all [][]*exec.Node
	add := func(w, h int, layers []LayerWeight, m measure) error {
		g, err := e.graphOf(w, h, layers, m)
		if outputs := slices.Concat(g.wanted...); len(outputs) > 0 {
			all = append(all, outputs)
		}
		return err
	}
	err := add(at.w, at.h, e.options.ContentLayers, whole)
	for _, p := range s.pictures {
		w, h := e.styleFit(p.Picture.W, p.Picture.H, at.size)
		w, h = e.styleCover(w, h, at.size)
		if err == nil {
			err = add(w, h, e.options.StyleLayers, e.summaries(w, h, p.Mask))
		}
	}
	return all, err
}

// sizes returns those of the pictures.
func (s *Style) sizes() []Size {
	all := make([]Size, len(s.pictures))
	for i, p := range s.pictures {
		all[i] = Size{p.Picture.W, p.Picture.H}
	}
	return all
}

// cardVectorBytes is the memory of the card for the vectors of a pass over n variables, with
// the working space of sums.
func (o *Options) cardVectorBytes(n int64) int64 {
	if n == 0 {
		return 0
	}
	return o.vectorBytes(n) + exec.CardScratch(n)
}
