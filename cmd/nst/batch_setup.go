package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/internal/recipe"
	"nst/vgg"
)

// setup is the settings of some jobs of a batch.
type setup struct {
	*settings
	key string // what a style's measurements depend on
}

// setups are the settings of all jobs, each once.
type setups struct {
	e     *env
	o     *batchOptions
	all   []setup
	known map[string]int // by what a job file adds to the flags
}

// of returns the number of the settings of the flags with what a job adds to them, by the names
// of flags. The error names the setting that is not known or wrong.
func (s *setups) of(extra map[string]string) (int, error) {
	key, err := json.Marshal(extra) // in the order of the names
	if err != nil {
		return 0, err
	}
	if i, ok := s.known[string(key)]; ok {
		return i, nil
	}
	own := &s.o.settings
	if len(extra) > 0 {
		if own, err = s.with(extra); err != nil {
			return 0, err
		}
	}
	s.all = append(s.all, setup{own, own.styleKey()})
	s.known[string(key)] = len(s.all) - 1
	return len(s.all) - 1, nil
}

// with returns the settings of the flags with those of a job over them.
func (s *setups) with(extra map[string]string) (*settings, error) {
	own := &batchOptions{settings: defaults(), format: s.o.format}
	cmd := &cobra.Command{Use: "batch"}
	bindFlags(cmd, s.e, &own.settings, inBatch, nil)
	flags := cmd.Flags()
	s.o.flags.Flags().VisitAll(func(f *pflag.Flag) {
		if same := flags.Lookup(f.Name); f.Changed && same != nil && same.Deprecated == "" && !replaced(f.Name, extra) {
			_ = flags.Set(f.Name, f.Value.String()) // it has been set before
		}
	})
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		r, ok := findFlag(func(r *flagRow) bool { return r.in&inBatch != 0 && (r.name == name || r.old == name) })
		if !ok || !perJob(&r, s.o.many.apply) {
			return nil, fmt.Errorf("%q is no setting of a job; there are %s", name, strings.Join(jobSettings(s.o.many.apply), ", "))
		}
		f := flags.Lookup(r.name)
		if err := f.Value.Set(extra[name]); err != nil {
			return nil, fmt.Errorf("%s is %q: %w", name, extra[name], err)
		}
		f.Changed = true
	}
	if err := own.checkSettings(cmd); err != nil {
		return nil, err
	}
	own.network, own.notes = s.o.network, notes{}
	return &own.settings, own.applyStrength()
}

// replaced reports whether a setting of a job takes the place of a flag that cannot stand
// beside it.
func replaced(flag string, extra map[string]string) bool {
	_, strength := extra["strength"]
	_, preset := extra["preset"]
	_, content := extra["content-weight"]
	_, style := extra["style-weight"]
	switch flag {
	case "strength":
		return preset || content || style
	case "content-weight", "style-weight", "preset":
		return strength
	}
	return false
}

// perJob reports whether a job file may set a flag for each job: it changes the picture, and
// needs no other network or device.
func perJob(r *flagRow, onePass bool) bool {
	if r.name == "init" || onePass && !inOnePass(r) {
		return false // a first picture is read once
	}
	return r.field != "" && r.group != groupNetwork || r.name == "pooling"
}

// jobSettings lists what a job file may set.
func jobSettings(onePass bool) []string {
	var names []string
	for _, r := range rowsOf(inBatch) {
		if perJob(&r, onePass) {
			names = append(names, r.name)
		}
	}
	return names
}

// styleKey returns what the measurements of a style depend on; see [nst.Style].
func (s *settings) styleKey() string {
	return s.values("size", "style-scale", "style-layers", "style-loss", "pooling", "rescale", "preprocessing", "padding")
}

// values returns flags with their values as text.
func (s *settings) values(names ...string) string {
	var b strings.Builder
	for _, r := range rowsOf(inBatch) {
		if slices.Contains(names, r.name) {
			fmt.Fprintf(&b, "%s=%s\n", r.name, r.value(s))
		}
	}
	return b.String()
}

// hash returns a hash of all settings that change the file of a result, with those of the
// weights. What computes, and with how many threads, does not count.
func (o *batchOptions) hash(s *settings, weights recipe.File) string {
	r := recipe.Recipe{Version: recipe.Version, Command: "stylize", Weights: []recipe.File{weights}}
	in, net := inBatch, (*vgg.Network)(nil)
	if o.many.apply {
		r.Command, in = "apply", inApply
	} else if known, err := vgg.ByName(s.network); err == nil {
		net = known // the name in a file of weights is in the hash of the file
	}
	r.Settings = s.effective(in, net).values
	r.Settings["format"] = o.format
	for name, value := range s.stored(formatName(o.format)) {
		r.Settings[name] = value
	}
	if s.alpha != "" {
		r.Settings["alpha"] = s.alpha
	}
	if s.noRecipe {
		r.Settings["no-recipe"] = "on"
	}
	return r.Hash()
}
