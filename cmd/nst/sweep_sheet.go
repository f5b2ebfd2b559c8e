package main

import (
	"encoding/csv"
	"image"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"nst/cmd/nst/internal/sheet"
	"nst/imgio"
)

// show puts a picture into the grid.
func (r *sweepRun) show(i int, p *imgio.Planar) {
	name := filepath.Base(r.files[i])
	c := sheet.Cell{Picture: sheet.Fit(p.Image(), sheet.GridSide), Link: name}
	for j, v := range r.varied.point(i) {
		c.Facts = append(c.Facts, sheet.Fact{Name: r.varied[j].name, Text: v})
	}
	for j, text := range r.recipe.Done[name].texts() {
		c.Facts = append(c.Facts, sheet.Fact{Name: scoreNames()[j], Text: text})
	}
	r.grid.Cells[i] = c
}

// write writes the sheet, the page and the scores.
func (r *sweepRun) write() error {
	m, err := r.grid.Draw()
	if err != nil {
		return err
	}
	sheet, err := r.save(r.console, r.output, r.own.sheet, imgio.FromImage(m))
	if err != nil {
		return err
	}
	page, err := r.console.write("page", filepath.Join(r.dir, pageFile), r.own.folder, r.page().Write)
	if err != nil {
		return err
	}
	scores, err := r.console.write("scores", filepath.Join(r.dir, scoresFile), r.own.folder, r.writeScores)
	if err != nil {
		return err
	}
	for _, path := range []string{sheet, page, scores} {
		r.console.put(map[string]string{"wrote": path}, sprintf("wrote %s", path))
	}
	return nil
}

func (r *sweepRun) page() *sheet.Page {
	small := func(p *imgio.Planar) image.Image { return sheet.Fit(p.Image(), sheet.GridSide*2/3) }
	p := &sheet.Page{Grid: r.grid, Sources: []sheet.Cell{{Picture: small(r.job.Content), Note: filepath.Base(r.content)}}}
	for i, s := range r.transferCache.styles {
		p.Sources = append(p.Sources, sheet.Cell{Picture: small(s.Picture), Note: filepath.Base(r.styles[i])})
	}
	for _, name := range slices.Sorted(maps.Keys(r.fixed)) {
		p.Facts = append(p.Facts, sheet.Fact{Name: "--" + name, Text: r.fixed[name]})
	}
	return p
}

// writeScores writes a row for every picture that is done.
func (r *sweepRun) writeScores(w io.Writer) error {
	c := csv.NewWriter(w)
	var header []string
	for _, l := range r.varied {
		header = append(header, l.name)
	}
	c.Write(append(append(header, scoreNames()...), "picture"))
	for i, file := range r.files {
		name := filepath.Base(file)
		if r.grid.Cells[i].Picture != nil {
			c.Write(append(append(r.varied.point(i), r.recipe.Done[name].texts()...), name))
		}
	}
	c.Flush()
	return c.Error()
}
