package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nst/imgio"
	"nst/internal/recipe"
	"nst/vgg"
)

// redo is a recipe as a command line: what has to be given so that the command has the
// settings of the recipe.
type redo struct {
	recipe *recipe.Recipe
	in     commands
	flags  []given // without files
}

// given is a flag with its value.
type given struct{ name, value string }

// String returns the flag as an argument. A switch needs no value to be on.
func (g given) String() string {
	if g.value == "on" {
		return "--" + g.name
	}
	return "--" + g.name + "=" + g.value
}

// unknownCommandError means that a recipe is of no command that paints.
type unknownCommandError struct{ command string }

// Error names the command.
func (e *unknownCommandError) Error() string {
	return "is of a command that this nst does not have: " + e.command
}

// newRedo returns what has to be given. dropped reports whether a flag is left out, because the
// user gives another.
func newRedo(r *recipe.Recipe, dropped func(name string) bool) (*redo, error) {
	in, ok := map[string]commands{"stylize": inStylize, "texture": inTexture, "apply": inApply}[r.Command]
	if !ok {
		return nil, &unknownCommandError{r.Command}
	}
	for _, name := range []string{"network", "init", "style"} { // could name files
		value := r.Settings[name]
		if recipe.Base(value) != value || strings.HasPrefix(value, "-") || strings.Contains(value, ",-") {
			return nil, fmt.Errorf("%w: --%s %.40q", recipe.ErrCorrupt, name, value)
		}
	}
	d := &redo{recipe: r, in: in}
	for _, name := range []string{"preset", "strength"} {
		if value, ok := r.Short[name]; ok && !dropped(name) {
			d.flags = append(d.flags, given{name, value})
		}
	}
	usual, err := d.usual()
	if err != nil {
		return nil, err
	}
	net, err := vgg.ByName(r.Settings["network"])
	if err != nil {
		net = nil // of a file
	}
	now := usual.effective(in, net).values
	for _, row := range rowsOf(in) {
		value, ok := r.Settings[row.name]
		if !ok && row.former != nil {
			value = row.former(r.Settings)
			ok = value != ""
		}
		switch {
		case !ok || !row.paints() || row.isShort() || dropped(row.name) || now[row.name] == value:
		case row.name == "style-layers" && net == nil && !slices.Contains(r.Changed, row.name):
		default:
			d.flags = append(d.flags, given{row.name, value})
		}
	}
	for _, name := range []string{"aspect", "alpha"} {
		if slices.Contains(r.Changed, name) && !dropped(name) {
			d.flags = append(d.flags, given{name, r.Settings[name]})
		}
	}
	return d, nil
}

// usual returns the settings that the short forms stand for. It leaves out those of an older
// nst, in which they were others: the settings are complete without them.
func (d *redo) usual() (*settings, error) {
	var network []given
	if name := d.recipe.Settings["network"]; name != "" && d.in != inApply {
		network = []given{{"network", name}} // which a strength depends on
	}
	if s, err := d.try(append(network, d.flags...)); err == nil && len(d.flags) > 0 {
		was, strong := d.recipe.Settings["style-weight"], d.recipe.Short["strength"] != ""
		if !strong || was == "" || (&numberValue{&s.Objective.StyleWeight}).String() == was {
			s.network, s.draft = "", false
			return s, nil
		}
	}
	d.flags = nil
	return d.try(nil)
}

// store adds how the picture is stored, for a result in a format.
func (d *redo) store(format string, dropped func(name string) bool) {
	usual := map[string]string{"quality": "95"}
	if depths := imgio.Depths(format); len(depths) > 0 && depths[0] == 16 {
		usual["bit-depth"] = "16"
	} else {
		usual["bit-depth"] = "8"
	}
	for _, name := range []string{"quality", "bit-depth", "dither", "keep-exif", "keep-gps"} {
		if value, ok := d.recipe.Output[name]; ok && value != usual[name] && !dropped(name) {
			d.flags = append(d.flags, given{name, value})
		}
	}
}

// settle removes flags of the recipe that have no effect beside those that the user gives, and
// returns them. The error is what is wrong with the others.
func (d *redo) settle(output string, user []string) (removed []given, err error) {
	for {
		err := d.tryWith(append(d.words(), user...), output)
		if err == nil {
			return removed, nil
		}
		bad := -1
		for _, e := range flatten(err) {
			value := new(valueError)
			if errors.As(e, &value) && bad < 0 {
				bad = slices.IndexFunc(d.flags, func(g given) bool { return "--"+g.name == value.flag })
			}
		}
		if bad < 0 {
			return removed, err
		}
		removed = append(removed, d.flags[bad])
		d.flags = slices.Delete(d.flags, bad, bad+1)
	}
}

// words returns the flags as arguments.
func (d *redo) words() []string {
	var words []string
	for _, g := range d.flags {
		words = append(words, g.String())
	}
	return words
}

// names returns the positional arguments of the recipe, with every file replaced by what name
// returns for it.
func (d *redo) names(name func(role recipe.Role, f recipe.File) string) []string {
	var contents, styles []string
	for _, f := range d.recipe.Of(recipe.Content) {
		contents = append(contents, name(recipe.Content, f))
	}
	for _, f := range d.recipe.Of(recipe.Style) {
		styles = append(styles, name(recipe.Style, f))
	}
	if d.in != inApply {
		return append(contents, styles...)
	}
	if named := d.recipe.Settings["style"]; named != "" {
		styles = d.networkStyles(strings.Split(named, ","), name)
	}
	if len(styles) == 0 {
		return contents
	}
	args := append([]string{styles[0]}, contents...)
	for _, s := range styles[1:] {
		args = append(args, "--style="+s)
	}
	return args
}

// networkStyles returns styles of a network as arguments: the first with the file of the network,
// unless it is part of the program.
func (d *redo) networkStyles(styles []string, name func(role recipe.Role, f recipe.File) string) []string {
	if len(d.recipe.Weights) == 0 || d.recipe.Weights[0].Name == "builtin" {
		return styles
	}
	file := name(roleNetwork, d.recipe.Weights[0])
	out := make([]string, len(styles))
	for i, s := range styles {
		out[i] = file + ":" + s
	}
	return out
}

// roleNetwork is the role of a network in messages; it is no input.
const roleNetwork recipe.Role = "network"

// files returns the flags of the recipe that name files.
func (d *redo) files(name func(role recipe.Role, f recipe.File) string, dropped func(string) bool) []string {
	var words []string
	for _, role := range []recipe.Role{recipe.Start, recipe.ContentMask, recipe.StyleMask, recipe.Protect} {
		files := d.recipe.Of(role)
		if len(files) == 0 || dropped(string(role)) {
			continue
		}
		var names []string
		for _, f := range files {
			if f.SHA256 == "" {
				names = append(names, f.Name) // a word
			} else {
				names = append(names, name(role, f))
			}
		}
		words = append(words, given{string(role), strings.Join(names, ",")}.String())
	}
	return words
}

// try returns the settings of the command with these flags, and the inputs of the recipe.
func (d *redo) try(flags []given) (*settings, error) {
	var words []string
	for _, g := range flags {
		words = append(words, g.String())
	}
	var s *settings
	cmd := d.command(func(found *settings) { s = found })
	cmd.SetArgs(append(d.placeholders(), words...))
	return s, cmd.ExecuteContext(context.Background())
}

// tryWith returns what is wrong with flags, for an output.
func (d *redo) tryWith(flags []string, output string) error {
	cmd := d.command(func(*settings) {})
	args := append(d.placeholders(), flags...)
	if output != "" {
		args = append(args, "--output="+output)
	}
	cmd.SetArgs(args)
	return cmd.ExecuteContext(context.Background())
}

// placeholders returns as many arguments as the recipe has, which are only counted.
func (d *redo) placeholders() []string {
	name := func(recipe.Role, recipe.File) string { return "x.png" }
	args := d.names(name)
	return append(args, d.files(name, func(string) bool { return false })...)
}

// command returns the command of the recipe, which only checks its arguments.
func (d *redo) command(found func(*settings)) *cobra.Command {
	e := &env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}
	stylize := func(_ context.Context, o *stylizeOptions) error { found(&o.settings); return nil }
	var cmd *cobra.Command
	switch d.in {
	case inTexture:
		cmd = newTextureCmd(e, stylize)
	case inApply:
		cmd = newApplyCmd(e, func(_ context.Context, o *applyOptions) error { found(&o.settings); return nil })
	default:
		cmd = newStylizeCmd(e, stylize)
	}
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	cmd.SetFlagErrorFunc(flagError)
	return cmd
}
