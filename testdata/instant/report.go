package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nst/vgg"
)

// cell is what a way made of a pair.
type cell struct {
	file   string // of the picture; empty if there is none
	losses losses // of the picture
	reason string // why there is none
}

// sheet is what all ways made of all photographs in the style of a painting.
type sheet struct {
	painting    picture
	photographs []picture
	cells       [][]cell // for each photograph, in the order of the ways
}

// report prints a table for each painting and a summary. Without the pictures or the network
// that measures it prints why it does nothing.
func (s *settings) report(ctx context.Context) error {
	if reason := s.missing(); reason != "" {
		fmt.Fprintln(s.to, "instant-report: skipped:", reason)
		return nil
	}
	if err := os.MkdirAll(s.out, 0o777); err != nil {
		return err
	}
	judge := &judge{settings: s}
	defer judge.close()
	s.printHead()
	var all []sheet
	for _, painting := range s.paintings {
		sh := sheet{painting: painting, photographs: s.photographs}
		for _, photograph := range s.photographs {
			cells, err := s.cells(ctx, judge, pair{photograph, painting})
			if err != nil {
				return err
			}
			sh.cells = append(sh.cells, cells)
		}
		sh.print(s.to)
		if err := sh.save(filepath.Join(s.out, painting.name+".jpg")); err != nil {
			return err
		}
		all = append(all, sh)
	}
	printSummary(s.to, all)
	return s.printModels()
}

// missing says what the report needs and is not there.
func (s *settings) missing() string {
	for _, p := range append(s.photographs, s.paintings...) {
		if p.path == "" {
			return fmt.Sprintf("there is no picture %s, see -images", p.name)
		}
	}
	if _, err := load(s.network); errors.Is(err, vgg.ErrNoWeights) {
		return s.network + " is not installed, which nst weights pull does"
	}
	return ""
}

// cells returns what each way makes of a pair.
func (s *settings) cells(ctx context.Context, j *judge, p pair) ([]cell, error) {
	var cells []cell
	for _, w := range ways() {
		c, err := s.cell(ctx, j, p, w)
		if err != nil {
			return nil, fmt.Errorf("%s of %s in the style of %s: %w", w.label, p.photograph.name, p.painting.name, err)
		}
		cells = append(cells, c)
	}
	return cells, nil
}

// cell returns what a way makes of a pair, or made of it before.
func (s *settings) cell(ctx context.Context, j *judge, p pair, w way) (c cell, err error) {
	file := filepath.Join(s.out, fmt.Sprintf("%s-%s-%d-%s.png", p.painting.name, p.photograph.name, s.options.Size, w.name))
	var g gap
	switch err := s.keep(ctx, p, w, file); {
	case errors.As(err, &g):
		return cell{reason: string(g)}, nil
	case err != nil:
		return cell{}, err
	}
	c.file = file
	c.losses, err = j.losses(ctx, p, file)
	return c, err
}
