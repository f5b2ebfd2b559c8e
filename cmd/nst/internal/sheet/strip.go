package sheet

import (
	"errors"
	"image"

	"golang.org/x/image/draw"
)

// Strip puts pictures side by side, each scaled to height pixels, with small
// white margins between and around them. A picture more than four times as wide
// as high is scaled to that width and centred.
func Strip(height int, pictures ...image.Image) (*image.RGBA, error) {
	if height < 1 || len(pictures) == 0 {
		return nil, errors.New("sheet: a strip needs a height and pictures")
	}
	gap := max(2, height/40)
	scaled := make([]*image.RGBA, len(pictures))
	width := gap
	for i, m := range pictures {
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		if w < 1 || h < 1 {
			return nil, errors.New("sheet: a picture of a strip is empty")
		}
		to := image.Pt(max(1, (w*height+h/2)/h), height)
		if w > 4*h {
			to = image.Pt(4*height, max(1, 4*height*h/w))
		}
		scaled[i] = scale(m, to.X, to.Y)
		width += to.X + gap
	}
	out := blank(width, height+2*gap)
	x := gap
	for _, m := range scaled {
		b := m.Bounds()
		draw.Draw(out, b.Add(image.Pt(x, gap+(height-b.Dy())/2)), m, b.Min, draw.Src)
		x += b.Dx() + gap
	}
	return out, nil
}
