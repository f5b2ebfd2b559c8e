package sheet

import (
	"errors"
	"fmt"
	"image"
	"slices"

	"golang.org/x/image/draw"
)

// Axis is something that was varied, and how.
type Axis struct {
	Name   string
	Values []string
}

// Cell is one picture of a [Grid].
type Cell struct {
	Picture image.Image // at most [GridSide] pixels are shown; nil where there is none
	Note    string      // instead of a picture that is missing
	Link    string      // the picture's file, as the page finds it
	Facts   []Fact      // what the page says of it
}

// Fact is a name with what it is.
type Fact struct{ Name, Text string }

// Grid is a table of pictures: the values of Columns from left to right, those of
// Rows downwards, the last of which varies fastest.
type Grid struct {
	Title   string
	Columns Axis
	Rows    []Axis
	Cells   []Cell // row by row
}

// GridSide is the longest side of a picture in a grid, in pixels.
const GridSide = 256

// rowCount returns the number of rows, or an error if the cells are not as many
// as the axes say.
func (g *Grid) rowCount() (int, error) {
	rows := 1
	for _, a := range g.Rows {
		rows *= len(a.Values)
	}
	if want := rows * len(g.Columns.Values); want == 0 || want != len(g.Cells) {
		return 0, fmt.Errorf("sheet: a grid of %d cells has %d", want, len(g.Cells))
	}
	return rows, nil
}

// rowValues returns the value of each row axis in row i.
func (g *Grid) rowValues(i int) []string {
	out := make([]string, len(g.Rows))
	for j, a := range slices.Backward(g.Rows) {
		out[j] = a.Values[i%len(a.Values)]
		i /= len(a.Values)
	}
	return out
}

// cellSize is that of the largest picture of the grid.
func (g *Grid) cellSize() image.Point {
	var size image.Point
	for _, c := range g.Cells {
		if c.Picture != nil {
			b := Fit(c.Picture, GridSide).Bounds()
			size.X, size.Y = max(size.X, b.Dx()), max(size.Y, b.Dy())
		}
	}
	if size == (image.Point{}) {
		size = image.Pt(GridSide/2, GridSide/2)
	}
	return size
}

// layout is where things are on a contact sheet.
type layout struct {
	name, value, title *pen
	cell               image.Point
	gap                int
	left, top          int // of the first cell
	rows               int
	width, height      int
}

func (g *Grid) layout() (*layout, error) {
	rows, err := g.rowCount()
	if err != nil {
		return nil, err
	}
	l := &layout{cell: g.cellSize(), gap: 6, rows: rows}
	px := min(max(float64(max(l.cell.X, l.cell.Y))/14, 11), 18)
	var errs [3]error
	l.name, errs[0] = newPen(false, px*0.85, faint)
	l.value, errs[1] = newPen(true, px, ink)
	l.title, errs[2] = newPen(false, px*1.15, ink)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	margin := 2 * l.gap
	l.left = margin
	for i := range rows {
		for j, v := range g.rowValues(i) {
			l.left = max(l.left, margin+2*l.gap+max(l.name.width(g.Rows[j].Name), l.value.width(v)))
		}
	}
	l.top = margin + l.title.height() + l.name.height() + l.value.height() + 2*l.gap
	n := len(g.Columns.Values)
	need := (l.name.height()+l.value.height()+2)*len(g.Rows) + l.gap
	l.cell.Y = max(l.cell.Y, need)
	l.cell.X = max(l.cell.X, 60)
	for _, v := range g.Columns.Values {
		l.cell.X = max(l.cell.X, l.value.width(v))
	}
	l.width = l.left + n*(l.cell.X+l.gap) - l.gap + margin
	l.height = l.top + rows*(l.cell.Y+l.gap) - l.gap + margin
	return l, nil
}

// Draw returns the grid as one picture, a contact sheet with labels.
func (g *Grid) Draw() (*image.RGBA, error) {
	l, err := g.layout()
	if err != nil {
		return nil, err
	}
	m := blank(l.width, l.height)
	margin := 2 * l.gap
	l.title.write(m, margin, margin, l.title.shorten(g.Title, l.width-2*margin))
	y := margin + l.title.height() + l.gap
	right := l.width - margin
	l.name.centre(m, l.left, right, y, g.Columns.Name)
	for i, v := range g.Columns.Values {
		x := l.left + i*(l.cell.X+l.gap)
		l.value.centre(m, x, x+l.cell.X, y+l.name.height(), v)
	}
	for i := range l.rows {
		y := l.top + i*(l.cell.Y+l.gap)
		l.rowLabel(m, y, g.Rows, g.rowValues(i))
		for j := range g.Columns.Values {
			x := l.left + j*(l.cell.X+l.gap)
			l.put(m, image.Rect(x, y, x+l.cell.X, y+l.cell.Y), &g.Cells[i*len(g.Columns.Values)+j])
		}
	}
	return m, nil
}

// rowLabel writes the values of the row axes, in the middle of the row's height.
func (l *layout) rowLabel(m draw.Image, y int, axes []Axis, values []string) {
	line := l.name.height() + l.value.height() + 2
	y += (l.cell.Y - line*len(axes)) / 2
	for i, v := range values {
		l.name.write(m, 2*l.gap, y, axes[i].Name)
		l.value.write(m, 2*l.gap, y+l.name.height(), v)
		y += line
	}
}

// put draws a cell in the middle of its place.
func (l *layout) put(m draw.Image, at image.Rectangle, c *Cell) {
	if c.Picture == nil {
		draw.Draw(m, at, image.NewUniform(void), image.Point{}, draw.Src)
		l.name.centre(m, at.Min.X, at.Max.X, (at.Min.Y+at.Max.Y-l.name.height())/2, c.Note)
		return
	}
	p := Fit(c.Picture, GridSide)
	b := p.Bounds()
	to := at.Min.Add(image.Pt((at.Dx()-b.Dx())/2, (at.Dy()-b.Dy())/2))
	draw.Draw(m, b.Add(to), p, b.Min, draw.Src)
}
