package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/cmd/nst/internal/batch"
)

// maxSweep is the largest number of pictures without --force.
const maxSweep = 100

// sweepOptions are the arguments and flags of nst sweep.
type sweepOptions struct {
	stylizeOptions
	varied grid // the flags that were given a list
	dir    string
	fixed  map[string]string // the settings of all pictures, by flag
}

// newSweepCmd returns nst sweep. If runF is not nil, it runs
// instead of the work.
func newSweepCmd(e *env, runF func(context.Context, *sweepOptions) error) *cobra.Command {
	o := &sweepOptions{stylizeOptions: stylizeOptions{settings: defaults()}}
	cmd := &cobra.Command{
		Use:   "sweep CONTENT STYLE [STYLE...] --FLAG X,X,... [--FLAG X,X,...] [-o SHEET]",
		Short: "Paint one picture with many settings, side by side",
		Long: `sweep paints CONTENT in the style of STYLE once for each combination of values.
Every flag that takes one number takes a list of values here, such as
--content-weight 1,5,20, except --threads and --quality. One list makes a row. With two lists, the first runs from left to right, the second
downwards. With more lists, there are more rows: one for each combination of the
second and later values. From row to row, the last list varies fastest.

SHEET is the contact sheet: it shows all pictures, labelled with their values,
and what is transparent as white.
Without -o it is CONTENT-STYLE-sweep.png. DIR holds the pictures, named after
their values. It also holds scores.csv, which has the parts of the final loss of
each picture, and index.html, a page to click through. More than 100 pictures
need --force.

Pictures that are already in DIR are not painted again. After an interrupt, the
same command continues. Longer lists add pictures. --overwrite paints all again. After an interrupt the sheet shows the pictures that are done.`,
		Example: `  nst sweep photo.jpg painting.jpg --strength 25,50,75
  nst sweep photo.jpg painting.jpg --size 128,256 --iterations 50,100 -o a.png
  nst sweep photo.jpg painting.jpg --init noise --seed 1,2,3 --out-dir seeds`,
		Args: arguments(2, -1, "CONTENT STYLE [STYLE...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.content, o.styles = args[0], args[1:]
			o.fixed = fixedFlags(cmd.Flags())
			o.stored = "png" // whatever the sheet is
			if err := o.check(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return sweep(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "the contact sheet, a `FILE` .png, .jpg, .tif or .webp (default CONTENT-STYLE-sweep.png)")
	folderFlag(cmd, &o.dir, "out-dir", "folder `DIR` for the pictures, created if necessary (default SHEET without its extension)")
	bindFlags(cmd, e, &o.settings, inSweep, (*[]*listValue)(&o.varied))
	return cmd
}

// fixedFlags returns the settings that all pictures share.
func fixedFlags(f *pflag.FlagSet) map[string]string {
	fixed := map[string]string{}
	weights := func(name string) bool { return name == "content-weight" || name == "style-weight" }
	strength, ok := f.Lookup("strength").Value.(*listValue)
	varies := ok && len(strength.values) > 1
	for _, r := range flagTable() {
		if r.in&inSweep == 0 || r.field == "" || r.field == "blend" || r.name == "threads" {
			continue
		}
		if varies && weights(r.name) {
			continue // the strength of each picture sets them
		}
		v := f.Lookup(r.name).Value
		if l, ok := v.(*listValue); !ok || len(l.values) < 2 {
			fixed[r.name] = v.String()
		}
	}
	return fixed
}

// check returns an error for every value that is wrong by itself, in any combination.
func (o *sweepOptions) check(cmd *cobra.Command) error {
	if o.output == "" {
		o.output = batch.Stem(o.content) + "-" + batch.Stem(o.styles[0]) + "-sweep.png"
	}
	if o.dir == "" {
		o.dir = strings.TrimSuffix(o.output, filepath.Ext(o.output))
	}
	if len(o.varied) == 0 {
		return &usageError{cmd, errors.New("no flag has a list of values; give one, such as --content-weight 1,5,20")}
	}
	n := o.varied.count()
	if n > maxSweep && !o.force {
		return &valueError{"number of pictures", n, fmt.Sprintf("more than %d need --force", maxSweep)}
	}
	var errs []error
	said := map[string]bool{}
	for i := range n {
		o.varied.set(o.varied.point(i))
		for _, err := range flatten(o.stylizeOptions.check(cmd)) {
			if !said[message(err)] {
				said[message(err)] = true
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// pictures returns the file of each combination.
func (o *sweepOptions) pictures() []string {
	files := make([]string, o.varied.count())
	for i := range files {
		files[i] = filepath.Join(o.dir, o.varied.name(o.varied.point(i))+".png")
	}
	return files
}
