package sheet

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"html/template"
	"image"
	"image/jpeg"
	"io"
)

//go:embed page.html
var pageHTML string

// Page is a [Grid] for a browser: one file that holds small copies of the
// pictures and leads to the large ones.
type Page struct {
	*Grid
	Sources []Cell // the pictures that those of the grid were made of
	Facts   []Fact // what all pictures have in common
}

// shown is a cell as the page has it.
type shown struct {
	Cell
	Data          template.URL // the small copy
	Width, Height int
}

type shownRow struct {
	Values []string
	Cells  []shown
}

// Write writes the page as HTML that loads nothing from elsewhere but the
// linked pictures.
func (p *Page) Write(w io.Writer) error {
	n, err := p.rowCount()
	if err != nil {
		return err
	}
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return err
	}
	v := struct {
		*Page
		Sources []shown
		Body    []shownRow
	}{Page: p}
	if v.Sources, err = showAll(p.Sources); err != nil {
		return err
	}
	for i := range n {
		row := shownRow{Values: p.rowValues(i)}
		columns := len(p.Columns.Values)
		if row.Cells, err = showAll(p.Cells[i*columns : (i+1)*columns]); err != nil {
			return err
		}
		v.Body = append(v.Body, row)
	}
	return t.Execute(w, v)
}

func showAll(cells []Cell) ([]shown, error) {
	out := make([]shown, len(cells))
	for i, c := range cells {
		out[i].Cell = c
		if c.Picture == nil {
			continue
		}
		small := Fit(c.Picture, GridSide)
		var err error
		if out[i].Data, err = dataURI(small); err != nil {
			return nil, err
		}
		out[i].Width, out[i].Height = small.Bounds().Dx(), small.Bounds().Dy()
	}
	return out, nil
}

// dataURI returns a JPEG of m as an address that holds it.
func dataURI(m image.Image) (template.URL, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
		return "", err
	}
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
