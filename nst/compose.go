package nst

import "nst/imgio"

// Compose puts pictures that were painted of a content over it, each where its region is:
// with m the masks, x the pictures and c the content,
//
//	sum m x / max(1, sum m) + (1 - min(1, sum m)) c
//
// A region may be nil, which is everywhere; without any regions there must be one picture.
// Then protect, if it is not nil, keeps its part of the content, as in [Job]. All pictures
// have the size of the content; masks have its shape, at any size. The result takes the place
// of the first picture. The error is a [MaskError].
func Compose(content *imgio.Planar, painted []*imgio.Planar, regions []*Mask, protect *Mask) (*imgio.Planar, error) {
	out := painted[0]
	if len(regions) > 0 {
		fitted := make([]*Mask, len(regions))
		for i, m := range regions {
			if m == nil {
				continue
			}
			var err error
			if fitted[i], err = m.Fit("content mask", i+1, content.W, content.H); err != nil {
				return nil, err
			}
		}
		composeRegions(content, painted, fitted)
	}
	if protect != nil {
		fitted, err := protect.forProtection(content.W, content.H)
		if err != nil {
			return nil, err
		}
		newProtection(fitted, content).blend(out.Pix)
	}
	return out, nil
}

// composeRegions replaces painted[0] by the mean of the pictures, weighted by masks of their
// size.
func composeRegions(content *imgio.Planar, painted []*imgio.Planar, masks []*Mask) {
	n := content.W * content.H
	for at := range n {
		var total float32
		var sum [3]float32
		for i, p := range painted {
			share := float32(1)
			if masks[i] != nil {
				share = masks[i].Pix[at]
			}
			total += share
			for c := range sum {
				sum[c] += share * p.Pix[c*n+at]
			}
		}
		over, left := max(1, total), 1-min(1, total)
		for c := range sum {
			painted[0].Pix[c*n+at] = sum[c]/over + left*content.Pix[c*n+at]
		}
	}
}
