package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
)

// newTextureCmd returns nst texture: nst stylize without a content. If runF is not nil, it runs
// instead of the work.
func newTextureCmd(e *env, runF func(context.Context, *stylizeOptions) error) *cobra.Command {
	o := &stylizeOptions{settings: defaults()}
	aspect := aspectValue{1, 1}
	cmd := &cobra.Command{
		Use:   "texture STYLE [STYLE...] [-o OUT]",
		Short: "Paint the style alone",
		Long: `texture paints a picture that has the style of STYLE, or of a blend of several,
and no content. The method is the texture synthesis of Gatys, Ecker and Bethge
(2015). It starts from noise: each --seed gives another picture.

The result is OUT, or STYLE-texture.png in the current folder. --size is its
longest side and --aspect its shape. A STYLE is scaled down to --size times
--style-scale. A smaller STYLE stays as it is. A texture may be larger than its
style.`,
		Example: `  nst texture painting.jpg --size 512 -o texture.png
  nst texture painting.jpg --size 1024 --aspect 16:9 --seed 7
  nst texture monet.jpg klimt.jpg --style-blend 2,1 --gif growing.gif`,
		Args: arguments(1, -1, "STYLE [STYLE...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.styles = args
			if o.output == "" {
				o.output = batch.Stem(args[0]) + "-texture.png"
			}
			o.Schedule.Init, o.Objective.ContentWeight, o.Objective.ContentLayers = nst.InitNoise, 0, nil
			if err := o.check(cmd); err != nil {
				return err
			}
			o.canvas.W, o.canvas.H = aspect.fit(o.Size)
			o.aspect = &aspect
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			err := stylize(cmd.Context(), e, o)
			if small := new(nst.TooSmallError); errors.As(err, &small) && small.What == "content" {
				small.What = "texture" // there is no content
			}
			return err
		},
	}
	cmd.Flags().Var(&aspect, "aspect", "shape of the picture, width to height")
	words(cmd, &o.storage.format, imgio.Formats(), "format", standardFormat)
	cmd.Flag("format").Annotations = map[string][]string{groupKey: {string(groupOutput)}}
	bindFlags(cmd, e, &o.settings, inTexture, nil)
	return cmd
}

// grey returns a grey picture, as a content without weight.
func grey(w, h int) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	for i := range p.Pix {
		p.Pix[i] = 0.5
	}
	return p
}

// aspectValue is a flag that takes W:H, the shape of a picture.
type aspectValue struct{ w, h float64 }

// Type stands for width to height.
func (v *aspectValue) Type() string { return "W:H" }

// String returns the shape as W:H.
func (v *aspectValue) String() string {
	return strconv.FormatFloat(v.w, 'g', -1, 64) + ":" + strconv.FormatFloat(v.h, 'g', -1, 64)
}

// Set takes two numbers above 0, separated by a colon. Anything else is an error.
func (v *aspectValue) Set(s string) error {
	ws, hs, both := strings.Cut(s, ":")
	w, errW := parseNumber(ws)
	h, errH := parseNumber(hs)
	if !both || errors.Join(errW, errH) != nil || w <= 0 || h <= 0 {
		return fmt.Errorf("must be two numbers above 0, such as 16:9")
	}
	v.w, v.h = w, h
	return nil
}

// fit returns the picture of this shape whose longest side is size.
func (v *aspectValue) fit(size int) (w, h int) {
	side := func(a, b float64) int {
		return max(1, int(math.Round(float64(size)*min(1, a/b))))
	}
	return side(v.w, v.h), side(v.h, v.w)
}
