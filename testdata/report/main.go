// Command report measures how well the slim network replaces VGG-19, and prints tables in
// Markdown.
//
//	report [-size 512] [-images DIR,...] [-pairs CONTENT:STYLE,...] [-slim FILE] [-orientations N] [-out DIR]
//
// The first table has, for each layer, the mean error of the features and Gram matrices that
// slim predicts. The second has a row for each pair: both networks paint it with the default
// settings, and the objective of VGG-19 scores both results. For each pair DIR gets a strip
// of content, style, painted with VGG-19, painted with slim.
//
// VGG-19 must be installed with nst weights pull. Otherwise report says so and does nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"nst/internal/reftest"
	"nst/nst"
	"nst/vgg"
)

// settings is what the report is about.
type settings struct {
	options      nst.Options
	images       string
	pairs        string
	slim         string
	orientations int
	out          string
	reuse        bool
}

func main() {
	s := settings{options: nst.DefaultOptions()}
	flag.IntVar(&s.options.Size, "size", 512, "longest side of what is painted, `PIXELS`")
	flag.IntVar(&s.options.Schedule.Iterations, "iterations", s.options.Schedule.Iterations, "`N` at the first scale and the last")
	flag.StringVar(&s.images, "images", "testdata/images/content,testdata/images/style", "folders of pictures for the first table, at 256 pixels; none leaves it out")
	flag.StringVar(&s.pairs, "pairs", reftest.Pairs(), "what is painted; none leaves it out")
	flag.StringVar(&s.slim, "slim", vgg.EmbeddedName, "weights to use instead of those that come with the program")
	flag.IntVar(&s.orientations, "orientations", 0, "cycle through `N` orientations of slim, 1 to 8; 0 is all")
	flag.StringVar(&s.out, "out", "build/slim", "folder for the pictures")
	flag.BoolVar(&s.reuse, "reuse", false, "reuse the pictures that VGG-19 painted before, from the folder of -out")
	flag.Parse()
	if err := s.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func (s *settings) run(ctx context.Context) error {
	home, err := vgg.Home(os.Getenv)
	if err != nil {
		return err
	}
	store := vgg.Store{Dir: home}
	teacher, err := store.Load("vgg19")
	if errors.Is(err, vgg.ErrNoWeights) {
		fmt.Println("slim-report: skipped: VGG-19 is not installed, which nst weights pull does")
		return nil
	}
	if err != nil {
		return err
	}
	slim, err := store.Load(s.slim)
	if err != nil {
		return err
	}
	if s.images != "none" {
		if err := reportTaps(ctx, teacher, slim, strings.Split(s.images, ",")); err != nil {
			return err
		}
	}
	if s.pairs == "none" {
		return nil
	}
	return s.reportPairs(ctx, teacher, slim)
}
