// Command report measures how well the slim network stands in for VGG-19, and
// prints tables in Markdown.
//
//	report [-size 512] [-images DIR,...] [-pairs CONTENT:STYLE,...] [-slim FILE] [-views N] [-out DIR]
//
// The first table is over pictures: how far, at each layer, the features that slim
// predicts are from those of VGG-19, and the Gram matrices. The second is over
// pairs: each is painted with both networks by the default settings, and both results
// are scored by the objective of VGG-19. For each pair DIR gets a strip: content,
// style, painted with VGG-19, painted with slim.
//
// VGG-19 must be installed, by nst weights pull; else nothing is done, which is said.
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
	options nst.Options
	images  string
	pairs   string
	slim    string
	views   int
	out     string
	reuse   bool
}

func main() {
	s := settings{options: nst.DefaultOptions()}
	flag.IntVar(&s.options.Size, "size", 512, "longest side of what is painted, `PIXELS`")
	flag.IntVar(&s.options.Schedule.Iterations, "iterations", s.options.Schedule.Iterations, "`N` at the first scale and the last")
	flag.StringVar(&s.images, "images", "testdata/images/content,testdata/images/style", "folders of pictures for the first table, at 256 pixels; none leaves it out")
	flag.StringVar(&s.pairs, "pairs", reftest.Pairs(), "what is painted; none leaves it out")
	flag.StringVar(&s.slim, "slim", vgg.EmbeddedName, "weights in the place of those that come with the program")
	flag.IntVar(&s.views, "views", 0, "let `N` views of slim take turns, 1 to 8; 0 is all")
	flag.StringVar(&s.out, "out", "build/slim", "folder for the pictures")
	flag.BoolVar(&s.reuse, "reuse", false, "take what VGG-19 has painted before from the folder of -out")
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
