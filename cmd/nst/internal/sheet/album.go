package sheet

import (
	"errors"
	"image"
	"math"

	"golang.org/x/image/draw"
)

// Album shows pictures in rows, each with its name below.
type Album struct {
	Title    string
	Pictures []Labelled // shown as they are, not scaled
}

// Labelled is a picture with its name and a remark. Either may be empty.
type Labelled struct {
	Picture     image.Image
	Label, Note string
}

// Draw returns the album as one picture. It has about as many rows as columns, rather fewer.
// The error is that there is no picture.
func (a *Album) Draw() (*image.RGBA, error) {
	n := len(a.Pictures)
	if n == 0 {
		return nil, errors.New("sheet: an album without pictures")
	}
	var cell image.Point
	for _, p := range a.Pictures {
		cell.X, cell.Y = max(cell.X, p.Picture.Bounds().Dx()), max(cell.Y, p.Picture.Bounds().Dy())
	}
	px := min(max(float64(max(cell.X, cell.Y))/20, 11), 24)
	label, errLabel := newPen(true, px, ink)
	note, errNote := newPen(false, px*0.8, faint)
	title, errTitle := newPen(false, px*1.2, ink)
	if err := errors.Join(errLabel, errNote, errTitle); err != nil {
		return nil, err
	}
	columns := int(math.Ceil(math.Sqrt(float64(n))))
	rows := (n + columns - 1) / columns
	gap := max(8, cell.X/40)
	height := cell.Y + label.height() + note.height() + gap // of a row
	top := gap
	if a.Title != "" {
		top += title.height() + gap
	}
	m := blank(columns*(cell.X+gap)+gap, top+rows*(height+gap))
	title.write(m, gap, gap, title.shorten(a.Title, m.Bounds().Dx()-2*gap))
	for i, p := range a.Pictures {
		x, y := gap+i%columns*(cell.X+gap), top+i/columns*(height+gap)
		b := p.Picture.Bounds()
		at := image.Pt(x+(cell.X-b.Dx())/2, y+(cell.Y-b.Dy())/2)
		draw.Draw(m, image.Rectangle{at, at.Add(b.Size())}, p.Picture, b.Min, draw.Over)
		label.centre(m, x, x+cell.X, y+cell.Y+gap/2, p.Label)
		note.centre(m, x, x+cell.X, y+cell.Y+gap/2+label.height(), p.Note)
	}
	return m, nil
}
