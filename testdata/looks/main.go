// Command looks paints pairs of a photograph and a painting with several settings and writes a
// page on which someone who did not make the pictures can choose without knowing what they are.
//
//	looks [-nst PROGRAM] [-images DIR] [-pairs CONTENT:STYLE,...] [-size 512] [-column 'NAME=FLAGS' ...] [-seed 1] [-out DIR]
//	looks -count CHOICES [-out DIR]
//	looks -strips KNOB,... [-networks vgg19,slim] [-nst PROGRAM] [-images DIR] [-pairs CONTENT:STYLE,...] [-size 512] [-out DIR]
//
// A row is a pair, a column is one of the settings. The pictures of a row are shuffled by the
// seed and have no captions; the files have no recipes. DIR/key.tsv says which is which. A
// column whose FLAGS begin with a word, not with a dash, runs that word as the program, so that
// an older nst can be compared: -column 'before=build/old/nst --preset gatys'.
//
// CHOICES has a line for each row that was judged: its number and its letters, best first, such
// as "3 CADB". The result is how often each column was put before each other one.
//
// With -strips, a column is a value of a setting, in the order of the range and with its name:
// whether a setting does what its help says can be seen. "all" are all settings of knobs.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// settings are the flags.
type settings struct {
	nst, images, pairs, out, count string
	strips, networks               string
	size                           int
	seed                           uint64
	columns                        columns
}

// column is a way to paint.
type column struct {
	name    string
	program string   // empty is the one of the settings
	flags   []string // of stylize
}

// columns are flags of the form NAME=FLAGS.
type columns []column

// String returns the names.
func (c *columns) String() string {
	var names []string
	for _, x := range *c {
		names = append(names, x.name)
	}
	return strings.Join(names, ", ")
}

// Set adds a column. The error says what is missing.
func (c *columns) Set(s string) error {
	name, rest, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return fmt.Errorf("%q is not NAME=FLAGS", s)
	}
	x := column{name: name, flags: strings.Fields(rest)}
	if len(x.flags) > 0 && !strings.HasPrefix(x.flags[0], "-") {
		x.program, x.flags = x.flags[0], x.flags[1:]
	}
	*c = append(*c, x)
	return nil
}

// standard are the columns without -column.
func standard() columns {
	return columns{
		{name: "default"},
		{name: "neighbours", flags: []string{"--style-loss", "neighbours"}},
		{name: "slim", flags: []string{"--network", "slim"}},
		{name: "crowsonkb", flags: []string{"--preset", "crowsonkb"}},
		{name: "neural-style", flags: []string{"--preset", "neural-style"}},
	}
}

func main() {
	var s settings
	flag.StringVar(&s.nst, "nst", "bin/nst", "the program, `FILE`")
	flag.StringVar(&s.images, "images", "testdata/images", "`DIR` with the folders content and style")
	flag.StringVar(&s.pairs, "pairs", "", "pictures by their names, `CONTENT:STYLE,...` (default: each photograph with a painting in turn)")
	flag.IntVar(&s.size, "size", 512, "longest side, `PIXELS`")
	flag.Uint64Var(&s.seed, "seed", 1, "of the order of the pictures in a row")
	flag.Var(&s.columns, "column", "settings, `NAME=FLAGS`; may be repeated")
	flag.StringVar(&s.out, "out", "build/looks", "`DIR` for the pictures and the page")
	flag.StringVar(&s.count, "count", "", "count the choices in `FILE`")
	flag.StringVar(&s.strips, "strips", "", "paint a strip over the range of each of these settings, `KNOB,...` or all")
	flag.StringVar(&s.networks, "networks", "vgg19,slim", "of the strips, `NAME,...`")
	flag.Parse()
	if len(s.columns) == 0 {
		s.columns = standard()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "looks:", err)
		os.Exit(1)
	}
}

// run paints what is not there yet and writes the page, or counts choices.
func (s *settings) run(ctx context.Context) error {
	if s.count != "" {
		return countChoices(os.Stdout, filepath.Join(s.out, "key.tsv"), s.count)
	}
	pairs, err := s.choosePairs()
	if err != nil {
		return err
	}
	if s.strips != "" {
		return s.runStrips(ctx, pairs)
	}
	for i, p := range pairs {
		for _, c := range s.columns {
			file, fresh, err := s.paint(ctx, p, c)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", p, c.name, err)
			}
			if fresh {
				fmt.Printf("%d of %d: %s, %s\n", i+1, len(pairs), p, file)
			}
		}
	}
	return s.writePage(pairs)
}
