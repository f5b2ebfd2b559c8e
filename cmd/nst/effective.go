package main

import (
	"nst/internal/recipe"
	"nst/vgg"
)

// effective is what the flags of a command say about its picture.
type effective struct {
	values  map[string]string // of the flags that have an effect on the picture, by name
	changed []string          // names of those that differ from the defaults, in the order of help
	short   map[string]string // flags that were given and stand for some of the values
}

// effective returns what the flags of a command say about its picture. net is the network that
// compares pictures, which has the default of --style-layers; nil for commands without one.
//
// Left out are flags that have no effect beside the others, such as --beta2 with L-BFGS; the
// threads, which change no picture; the device and its precision, because what was used counts;
// and files, which are inputs.
func (s *settings) effective(in commands, net *vgg.Network) effective {
	out := effective{values: map[string]string{}, short: map[string]string{}}
	usual := defaults()
	for _, r := range rowsOf(in) {
		if !r.paints() {
			continue
		}
		text, plain := r.value(s).String(), r.value(&usual).String()
		if r.isShort() {
			if text != "" {
				out.short[r.name] = text
			}
			continue
		}
		if r.only.holds != nil && !r.only.holds(&settings{Options: s.Options}) { // short forms and --draft aside
			continue
		}
		differs := text != plain
		switch {
		case r.name == "init" && s.startFile() != "":
			text, differs = "", false // a file
		case r.name == "network":
			text, differs = recipe.Base(text), text != "" && text != usualNetwork
		case r.name == "style-layers" && net != nil:
			layers := s.Objective.StyleLayersOf(net)
			text = styleLayersValue(&layers).String()
		}
		if text == "" {
			continue
		}
		out.values[r.name] = text
		if differs {
			out.changed = append(out.changed, r.name)
		}
	}
	return out
}

// paints reports whether the value of the flag changes the picture by itself.
func (r *flagRow) paints() bool {
	switch r.name {
	case "threads", "device", "precision":
		return false
	}
	return r.field != ""
}

// isShort reports whether the flag stands for other flags.
func (r *flagRow) isShort() bool { return r.name == "preset" || r.field == "Strength" }
