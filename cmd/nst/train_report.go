package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"text/tabwriter"

	"nst/cmd/nst/internal/sheet"
	"nst/imgio"
	"nst/nst/instant"
)

// lessonResult is a style on the photographs that were held back.
type lessonResult struct {
	Style      string        `json:"style"`
	Validation instant.Terms `json:"validation"`
}

// report measures the network on the photographs that were held back, and prints a table or
// lines of JSON on standard output.
func (r *trainRun) report(ctx context.Context) error {
	var results []lessonResult
	for i, name := range r.o.lesson.names {
		terms, err := r.trainer.Validate(ctx, i)
		if err != nil {
			return fmt.Errorf("measuring %s: %w", name, err)
		}
		results = append(results, lessonResult{name, terms})
	}
	out := r.t.e.Stdout
	if r.o.json {
		for _, x := range results {
			if err := json.NewEncoder(out).Encode(x); err != nil {
				return err
			}
		}
		return nil
	}
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "style\tcontent\tstyle loss\ttv\t")
	for _, x := range results {
		v := x.Validation
		fmt.Fprintf(tw, "%s\t%.4g\t%.4g\t%.4g\t\n", x.Style, v.Content, v.Style, v.TV)
	}
	return tw.Flush()
}

// sampleSide is the longest side of the pictures of a sample, in pixels.
const sampleSide = 384

// sampler writes a photograph beside what the network makes of it.
type sampler struct {
	o     *trainOptions
	photo *imgio.Planar
}

// newSampler reads the photograph.
func newSampler(t *console, o *trainOptions, path string) (*sampler, error) {
	p, err := t.open("sample", path)
	if err != nil {
		return nil, err
	}
	if p, err = fitted(p, sampleSide); err != nil {
		return nil, &fileError{"sample image", path, err}
	}
	return &sampler{o, p}, nil
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
	return s.o.save(s.o.lesson.sample, imgio.FromImage(m))
}
