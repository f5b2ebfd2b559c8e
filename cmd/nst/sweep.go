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

// maxSweep is the number of pictures above which a sweep wants --force.
const maxSweep = 100

// sweepOptions is what nst sweep was asked for.
type sweepOptions struct {
	stylizeOptions
	varied grid // the flags that were given a list
	dir    string
	force  bool
	fixed  map[string]string // the settings of all pictures, by flag
}

// newSweepCmd returns nst sweep. A runF that is not nil runs in the place of the
// work.
func newSweepCmd(e *env, runF func(context.Context, *sweepOptions) error) *cobra.Command {
	o := &sweepOptions{stylizeOptions: stylizeOptions{settings: defaults()}}
	painted := &cobra.Command{} // holds the flags that change the picture
	cmd := &cobra.Command{
		Use:   "sweep CONTENT STYLE [STYLE...] --FLAG X,X,... [--FLAG X,X,...] [-o SHEET]",
		Short: "Paint one picture with many settings, side by side",
		Long: `sweep paints CONTENT in the style of STYLE once for every combination of the
values of those numeric flags that are given a list: --content-weight 1,5,20.
Two or more make a grid, the first from left to right, the second downwards, and
further ones nested; one makes a row.

SHEET is the contact sheet, all pictures with their values beside them; without -o
it is CONTENT-STYLE-sweep.png. The pictures themselves are in DIR, named after
their values, with scores.csv (each term of the loss as it ended, times its weight)
and index.html, a page to click through. More than 100 pictures need --force.

Pictures that are in DIR are not painted again, so that the same command goes on
where it was interrupted, and one with longer lists adds to it; --overwrite paints
all anew. After an interrupt the sheet shows what is done.`,
		Example: `  nst sweep photo.jpg painting.jpg --content-weight 1,5,20 --style-weight 100,1000,10000
  nst sweep photo.jpg painting.jpg --size 128,256 --iterations 50,100,200 -o how-long.png
  nst sweep photo.jpg painting.jpg --init noise --seed 1,2,3,4 --out-dir seeds`,
		Args: arguments(2, -1, "CONTENT STYLE [STYLE...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.content, o.styles = args[0], args[1:]
			o.fixed = fixedFlags(painted.Flags())
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
	f.StringVarP(&o.output, "output", "o", "", "write the contact sheet to `SHEET`, .png or .jpg (default CONTENT-STYLE-sweep.png)")
	folderFlag(cmd, &o.dir, "out-dir", "put the pictures into `DIR`; made if need be (default SHEET without its extension)")
	f.BoolVar(&o.force, "force", false, fmt.Sprintf("paint more than %d pictures", maxSweep))
	f.Var(&numbersValue{&o.blend}, "style-blend", "shares of the styles, one each (default equal)")
	o.masks.contentFlag(cmd)
	o.masks.styleFlag(cmd)
	o.saveFlags(cmd)
	o.lossFlags(painted, e)
	o.paintFlags(painted)
	listFlags(painted, (*[]*listValue)(&o.varied))
	f.AddFlagSet(painted.Flags())
	o.consoleFlags(cmd)
	return cmd
}

// fixedFlags returns the settings that all pictures share; a draft is one of its
// network.
func fixedFlags(f *pflag.FlagSet) map[string]string {
	fixed := map[string]string{}
	f.VisitAll(func(f *pflag.Flag) {
		if l, ok := f.Value.(*listValue); f.Name != "threads" && f.Name != "draft" && (!ok || len(l.values) < 2) {
			fixed[f.Name] = f.Value.String()
		}
	})
	return fixed
}

// check returns every value that the command line alone shows to be wrong, in any
// of the combinations.
func (o *sweepOptions) check(cmd *cobra.Command) error {
	if o.output == "" {
		o.output = batch.Stem(o.content) + "-" + batch.Stem(o.styles[0]) + "-sweep.png"
	}
	if o.dir == "" {
		o.dir = strings.TrimSuffix(o.output, filepath.Ext(o.output))
	}
	if len(o.varied) == 0 {
		return &usageError{cmd, errors.New("no flag has a list of values; want, say, --content-weight 1,5,20 --style-weight 100,1000")}
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
