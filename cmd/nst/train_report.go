package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"text/tabwriter"

	"nst/cmd/nst/internal/sheet"
	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// lessonResult is a style on the photographs that were held back.
type lessonResult struct {
	Style       string        `json:"style"`
	Validation  instant.Terms `json:"validation"`  // the losses of the training
	Photographs int           `json:"photographs"` // that the following are means over
	Photograph  lessonScore   `json:"photograph"`  // the photographs themselves
	Network     lessonScore   `json:"network"`     // as the network paints them
	Stylize     lessonScore   `json:"stylize"`     // as nst stylize paints them
}

// lessonScore is the objective of nst stylize, weighted.
type lessonScore struct {
	Content number `json:"content"`
	Style   number `json:"style"`
	Total   number `json:"total"`
}

func weighted(l nst.Loss) lessonScore {
	return lessonScore{number(l.Content), number(l.Style), number(l.Total)}
}

// validate measures the losses of each style on the photographs that were held back.
func (r *trainRun) validate(ctx context.Context) ([]instant.Terms, error) {
	var all []instant.Terms
	for i, name := range r.o.lesson.names {
		terms, err := r.trainer.Validate(ctx, i)
		if err != nil {
			return nil, fmt.Errorf("measuring %s: %w", name, err)
		}
		all = append(all, terms)
	}
	return all, nil
}

// meanTerms returns the mean over styles.
func meanTerms(all []instant.Terms) (mean instant.Terms) {
	n := float64(len(all))
	for _, t := range all {
		mean.Content += t.Content / n
		mean.Style += t.Style / n
		mean.TV += t.TV / n
	}
	return mean
}

// report compares the network with nst stylize on photographs that were held back, and prints
// the losses on standard output.
func (r *trainRun) report(ctx context.Context, validation []instant.Terms) error {
	for i, name := range r.o.lesson.names {
		c, err := r.trainer.Compare(ctx, i)
		if err != nil {
			return fmt.Errorf("measuring %s: %w", name, err)
		}
		x := &lessonResult{name, validation[i], c.Photographs, weighted(c.Photograph), weighted(c.Network), weighted(c.Optimised)}
		out := r.t.e.Stdout
		if r.o.json {
			err = json.NewEncoder(out).Encode(x)
		} else {
			err = x.print(out, r.o.lesson.network)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// print prints a table.
func (x *lessonResult) print(w io.Writer, network string) error {
	v := x.Validation
	fprintf(w, "%s: losses on photographs held back: content %.4g, style %.4g, tv %.4g\n", x.Style, v.Content, v.Style, v.TV)
	fmt.Fprintf(w, "as nst score measures %s of them with %s:\n", count(x.Photographs, "part"), network)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "picture\tcontent\tstyle\ttotal\t")
	for _, row := range []struct {
		name  string
		score lessonScore
	}{{"photograph", x.Photograph}, {"network", x.Network}, {"nst stylize", x.Stylize}} {
		fmt.Fprintf(tw, "%s\t%.4g\t%.4g\t%.4g\t\n", row.name, row.score.Content, row.score.Style, row.score.Total)
	}
	return tw.Flush()
}

// sampler writes a photograph beside what the network makes of it.
type sampler struct {
	o         *trainOptions
	t         *console
	photo     *imgio.Planar
	path      string
	overwrite bool
}

// newSampler takes the first photograph that is held back.
func newSampler(o *trainOptions, t *console, photos *instant.Photos) *sampler {
	return &sampler{o, t, photos.Held(0), o.lesson.sample, o.overwrite || o.lesson.resume}
}

// write paints the photograph in every style and replaces the file.
func (s *sampler) write(ctx context.Context, trainer *instant.Trainer) error {
	pictures := []image.Image{s.photo.Image()}
	for i := range s.o.lesson.names {
		p, err := trainer.Sample(ctx, s.photo, i)
		if err != nil {
			return err
		}
		pictures = append(pictures, p.Image())
	}
	m, err := sheet.Strip(s.photo.H, pictures...)
	if err != nil {
		return err
	}
	if s.path, err = s.o.save(s.t, s.path, s.overwrite, imgio.FromImage(m)); err != nil {
		return err
	}
	s.overwrite = true // the file is ours now
	return nil
}
