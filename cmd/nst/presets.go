package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nst/nst"
	"nst/vgg"
)

func presetNames() []string {
	var names []string
	for _, p := range nst.Presets() {
		names = append(names, p.Name)
	}
	return names
}

// presetNamed returns a preset, or an error that lists what there is.
func presetNamed(name string) (nst.Preset, error) {
	p, ok := nst.PresetByName(name)
	if !ok {
		return p, fmt.Errorf("no preset %q; there are %s", name, strings.Join(presetNames(), ", "))
	}
	return p, nil
}

// presetValue is a flag that takes the name of a preset.
type presetValue struct{ name *string }

// Type stands for a name.
func (v *presetValue) Type() string { return "NAME" }

// String returns the name of the preset, or nothing.
func (v *presetValue) String() string {
	if v.name == nil {
		return ""
	}
	return *v.name
}

// Set takes the name of a preset. The error for any other lists what there is.
func (v *presetValue) Set(s string) error {
	p, err := presetNamed(s)
	if err == nil {
		*v.name = p.Name
	}
	return err
}

// strengthValue is a flag that sets the style weight by a strength.
type strengthValue struct{ s *settings }

// Type stands for a number.
func (v *strengthValue) Type() string { return "X" }

// String returns the strength as it was given, nothing if none was.
func (v *strengthValue) String() string {
	if v.s == nil {
		return ""
	}
	return v.s.strength
}

// Set takes a number and sets the style weight by it. The error says that text is not a number
// or is out of range.
func (v *strengthValue) Set(text string) error {
	if _, err := parseNumber(text); err != nil {
		return err
	}
	before := v.s.strength
	v.s.strength = text
	err := v.s.applyStrength()
	if bad := new(nst.OptionError); errors.As(err, &bad) {
		v.s.strength = before
		return errors.New(bad.Reason)
	}
	return err
}

// applyStrength sets the style weight by the strength for the network, if one was given. It is
// called again whenever the network becomes known. A file of weights counts as VGG-19.
func (s *settings) applyStrength() error {
	if s.strength == "" {
		return nil
	}
	x, err := parseNumber(s.strength)
	if err != nil {
		return err
	}
	net, _ := vgg.ByName(s.networkName())
	return s.SetStrength(x, net)
}

// noteStrength says that a strength below 1 may be meant as a share of 1.
func (s *settings) noteStrength() {
	if x, err := parseNumber(s.strength); err == nil && x > 0 && x < 1 {
		s.notes.add(fmt.Sprintf("--strength %s: the scale is 0 to 100; did you mean %g?", s.strength, math.Round(1e4*x)/100))
	}
}

// sizeValue is a flag that takes a number of pixels, or original.
type sizeValue struct {
	size    *int
	texture bool // there is no content whose size could be taken
}

const originalSize = "original"

// Type stands for a number of pixels.
func (v *sizeValue) Type() string { return "PIXELS" }

// offers returns the words for completion.
func (v *sizeValue) offers() (words []string, files bool) {
	if v.texture {
		return nil, false
	}
	return []string{originalSize}, false
}

// String returns the number of pixels, or original.
func (v *sizeValue) String() string {
	switch {
	case v.size == nil:
		return ""
	case *v.size == nst.OriginalSize:
		return originalSize
	}
	return strconv.Itoa(*v.size)
}

// Set takes a whole number or the word original. Anything else is an error. Whether the
// number is in range is checked with the other options.
func (v *sizeValue) Set(s string) error {
	if s == originalSize && !v.texture {
		*v.size = nst.OriginalSize
		return nil
	}
	n, err := strconv.Atoi(s)
	switch {
	case s == originalSize:
		return fmt.Errorf("must be a number of pixels, %d to %d: a texture has no content whose size it could have", nst.MinSize, nst.MaxSize)
	case v.texture && err != nil:
		return fmt.Errorf("must be a number of pixels, %d to %d", nst.MinSize, nst.MaxSize)
	case err != nil || n == nst.OriginalSize:
		return fmt.Errorf("must be %s or a number of pixels, %d to %d", originalSize, nst.MinSize, nst.MaxSize)
	}
	*v.size = n
	return nil
}

// applyPreset replaces the options by those of the preset, if one was given, and applies
// the flags that were given again. Their order does not matter.
func (s *settings) applyPreset(cmd *cobra.Command) error {
	if s.preset == "" {
		return nil
	}
	p, err := presetNamed(s.preset)
	if err != nil {
		return &valueError{"--preset", s.preset, err.Error()}
	}
	flags := cmd.Flags()
	if flags.Changed("strength") && !p.Own {
		return &valueError{"--strength", flags.Lookup("strength").Value, "cannot go with --preset " + p.Name +
			", which sets the weights; give --content-weight or --style-weight instead"}
	}
	given := map[string]string{}
	for _, name := range optionFlags() {
		if f := flags.Lookup(name); f != nil && f.Changed {
			given[name] = f.Value.String()
		}
	}
	s.Options = p.Options
	for _, name := range optionFlags() {
		if text, ok := given[name]; ok {
			if err := flags.Lookup(name).Value.Set(text); err != nil {
				return &valueError{"--" + name, text, err.Error()}
			}
		}
	}
	return nil
}

// newPresetsCmd returns nst presets.
func newPresetsCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "presets",
		Short: "List and explain the settings of other programs",
		Long: `A preset is a named set of settings: nst's own or those of another program.
stylize, batch, sweep, score and info take one with --preset NAME. Other flags
override it. --strength cannot go with a preset of another program.`,
		Example: `  nst presets
  nst presets explain gatys
  nst stylize photo.jpg painting.jpg --preset gatys --size 256`,
		Args: subcommand,
		RunE: func(*cobra.Command, []string) error { return listPresets(e) },
	}
	one := func(use, short string, run func(*env, nst.Preset) error) *cobra.Command {
		return &cobra.Command{
			Use: use + " NAME", Short: short, Example: "  nst presets " + use + " gatys",
			Args: arguments(1, 1, "NAME"), ValidArgs: presetNames(),
			RunE: func(_ *cobra.Command, args []string) error {
				p, err := presetNamed(args[0])
				if err != nil {
					return &valueError{"NAME", args[0], err.Error()}
				}
				return run(e, p)
			},
		}
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the presets", Args: arguments(0, 0, "no arguments"),
			RunE: func(*cobra.Command, []string) error { return listPresets(e) },
		},
		one("show", "Show the flags that a preset stands for", showPreset),
		one("explain", "Explain what the numbers of a preset mean", explainPreset),
	)
	return cmd
}

func listPresets(e *env) error {
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	for _, p := range nst.Presets() {
		fmt.Fprintf(w, "%s\t%s\n", p.Name, p.Title)
	}
	return w.Flush()
}

// showPreset prints the flags that are equal to the preset.
func showPreset(e *env, p nst.Preset) error {
	s := settings{Options: p.Options}
	for _, r := range flagTable() {
		if r.isOption() && r.name != "threads" {
			fmt.Fprintf(e.Stdout, "--%s=%s\n", r.name, r.value(&s))
		}
	}
	return nil
}

// presetFormula says what is minimised with a style loss.
func presetFormula(loss nst.StyleLoss) string {
	switch loss {
	case nst.StyleW2:
		return "In one formula for all presets: L = Σ α mean((F-P)²) + Σ β W2.\nF and P are the features of the picture and of the content.\nβ cannot be compared with that of Gram matrices."
	case nst.StyleGramNeighbours:
		return "In one formula for all presets: L = Σ α mean((F-P)²) + Σ β (0.2/c² Σij (G-A)²ij + 0.05 m N).\nF and P are the features of the picture and of the content. G and A are the Gram\nmatrices of the picture and of the style. N is the mean over the positions of 1 - cos\nof the features of the picture and the nearest ones of the style, m the mean square of\nthe features of the content. A layer has c channels of h by w positions."
	}
	return "In one formula for all presets: L = Σ α mean((F-P)²) + Σ β/c² Σij (G-A)²ij with G = F Fᵀ/(h w).\nF and P are the features of the picture and of the content. G and A are the Gram\nmatrices of the picture and of the style. A layer has c channels of h by w positions."
}

// explainPreset prints the weights of a preset in one convention for all: content
// as a mean over the features, and for each style layer the factor of the sum over
// the matrix of (G-A)²/c² with G = F Fᵀ/(h w); or of another loss, where that is the style.
func explainPreset(e *env, p nst.Preset) error {
	o := p.Options
	fmt.Fprintf(e.Stdout, "%s: %s\n%s\n\n%s\n\n", p.Name, p.Title, p.Description, p.Explain)
	gram := o.Objective.StyleLoss == nst.StyleGram
	fmt.Fprintln(e.Stdout, presetFormula(o.Objective.StyleLoss))
	net := vgg.VGG19()
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	content := 0.0
	for _, l := range o.Objective.ContentLayers {
		content += l.Weight * o.Objective.ContentWeight
		fmt.Fprintf(w, "content\t%s\tα = %.4g\t\n", l.Layer, l.Weight*o.Objective.ContentWeight)
	}
	style := o.Objective.StyleLayersOf(net)
	for _, l := range style {
		i, err := net.Index(l.Layer)
		if err != nil {
			return err
		}
		s := l.Weight * o.Objective.StyleWeight
		if gram {
			s /= math.Pow(float64(net.Layers[i].K), 2)
		}
		fmt.Fprintf(w, "style\t%s\tβ = %.4g\tβ/α = %.2g\n", l.Layer, s, s/content)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if o.Objective.StyleLoss == nst.StyleW2 {
		return nil
	}
	for i, l := range style {
		if l.Weight != style[0].Weight {
			fmt.Fprintln(e.Stdout, "No single --strength corresponds to this preset: β is not the same multiple of 1/c² in all layers.")
			return nil
		}
		if i == 0 {
			o.Objective.StyleWeight *= l.Weight
		}
	}
	fmt.Fprintf(e.Stdout, "The ratio of the weights corresponds to --strength %.0f with VGG-19.\n", o.Strength(net))
	return nil
}
