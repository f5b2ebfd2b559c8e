package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/nst"
)

// flagRow is one row of the table of flags that commands share. Binding, checks, sweeps,
// presets, help and the README's table all read it.
type flagRow struct {
	name, short string
	old         string // deprecated name that still works; empty for none

	// field is the path of the option that it sets, as in Objective.StyleWeight, or a name
	// for a setting of the program that changes the picture too. It is empty for a flag
	// that does not change the picture, and for files.
	field string

	group    group
	everyday bool     // in the short help
	in       commands // that have it
	list     bool     // nst sweep takes a list

	usage    string
	texture  string // usage in nst texture, where that is another
	fallback string // the default in words, where the value does not show it
	only     rule   // when it has an effect

	// former returns the value in a recipe from before there was such a flag, where it has an
	// effect beside the settings; else nothing. nil is the default.
	former func(settings map[string]string) string

	bind  func(*settings) pflag.Value // nil derives the value from the field
	offer func(*env) []string         // completions; nil takes the words of the value
}

// group is a heading of help and README.
type group string

// The groups, in the order of help.
const (
	groupStyle    group = "Style"
	groupRegions  group = "Regions"
	groupColour   group = "Colour"
	groupSchedule group = "Schedule and optimiser"
	groupTraining group = "Training"
	groupNetwork  group = "Network and device"
	groupOutput   group = "Output"
	groupJobs     group = "Jobs"
)

func groups() []group {
	return []group{groupStyle, groupRegions, groupColour, groupSchedule, groupTraining, groupNetwork, groupOutput, groupJobs}
}

// commands is a set of the commands that share flags.
type commands uint

// The commands that share flags.
const (
	inStylize commands = 1 << iota
	inBatch
	inSweep
	inTexture
	inScore
	inInfo
	inPull
	inApply
	inTrain
	inSheet
	inResume
	inVideo

	paints    = inStylize | inBatch | inSweep | inInfo // all flags that paint a picture
	measures  = paints | inScore                       // all flags of the objective
	paintsOne = inStylize | inTexture                  // paint one picture
	saves     = paintsOne | inBatch | inSweep          // write pictures that they paint step by step
	onePass   = inApply | inSheet | inVideo            // paint in one pass
)

// names lists the commands in the set.
func (c commands) names() []string {
	var names []string
	for i, name := range []string{"stylize", "batch", "sweep", "texture", "score", "info", "weights pull", "apply", "train", "styles sheet", "resume", "video"} {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// rule says when a flag has an effect. The zero rule is always.
type rule struct {
	holds  func(*settings) bool
	reason string // of the error, where it does not hold
}

// flagTable returns all rows, in the order of help. Where a flag means another thing in
// another command, it has a row for each.
func flagTable() []flagRow {
	return slices.Concat(styleRows(), regionRows(), scheduleRows(), optimizerRows(), networkRows(), outputRows(), storageRows(), batchRows(), applyRows(), filmRows(), trainRows())
}

// findFlag returns the row that is found, if there is one.
func findFlag(found func(*flagRow) bool) (flagRow, bool) {
	rows := flagTable()
	if i := slices.IndexFunc(rows, func(r flagRow) bool { return found(&r) }); i >= 0 {
		return rows[i], true
	}
	return flagRow{}, false
}

// flagName returns the flag, with its dashes, that sets a field of [nst.Options] or of a
// lesson: --style-weight for Objective.StyleWeight.
func flagName(field string) string {
	last := func(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
	r, ok := findFlag(func(r *flagRow) bool { return r.field != "" && r.field == field })
	if !ok {
		r, ok = findFlag(func(r *flagRow) bool { return r.field != "" && last(r.field) == last(field) })
	}
	if !ok {
		return field
	}
	return "--" + r.name
}

// optionFlags lists the flags that set fields of nst.Options, and strength, which sets one of
// them. It comes first, because the weights overrule it.
func optionFlags() []string {
	names := []string{"strength"}
	for _, r := range flagTable() {
		if r.isOption() {
			names = append(names, r.name)
		}
	}
	return names
}

// isOption reports whether the flag sets a field of nst.Options.
func (r *flagRow) isOption() bool {
	return r.field != "" && optionField(&nst.Options{}, r.field) != nil
}

// listable reports whether nst sweep takes a list for a flag.
func listable(name string) bool {
	r, ok := findFlag(func(r *flagRow) bool { return r.name == name })
	return ok && r.list
}

// value returns the value of the flag, bound to s.
func (r *flagRow) value(s *settings) pflag.Value {
	if r.bind != nil {
		return r.bind(s)
	}
	return valueOf(optionField(&s.Options, r.field))
}

// optionField returns a pointer to the field of that path, or nil if there is none.
func optionField(o *nst.Options, path string) any {
	v := reflect.ValueOf(o).Elem()
	for name := range strings.SplitSeq(path, ".") {
		if v = v.FieldByName(name); !v.IsValid() {
			return nil
		}
	}
	return v.Addr().Interface()
}

// groupKey is the annotation of a flag that holds its group.
const groupKey = "group"

// everydayGroup is the value of groupKey for everyday flags.
const everydayGroup = "Everyday"

// rowsOf returns the rows of a command: those that only commands with one-pass networks have
// come first, then the shared ones.
func rowsOf(in commands) []flagRow {
	rows := slices.DeleteFunc(flagTable(), func(r flagRow) bool { return r.in&in == 0 })
	shared := func(r flagRow) int { return min(1, int(r.in&^(onePass|inTrain))) }
	slices.SortStableFunc(rows, func(a, b flagRow) int { return shared(a) - shared(b) })
	return rows
}

// bindFlags adds the flags of the table that a command has, bound to s. Where lists is not
// nil, flags that take lists do, and those that got one come into lists.
func bindFlags(cmd *cobra.Command, e *env, s *settings, in commands, lists *[]*listValue) {
	f := cmd.Flags()
	f.SetOutput(&s.notes)
	for _, r := range rowsOf(in) {
		v := r.value(s)
		if size, ok := v.(*sizeValue); ok && in == inTexture {
			size.texture = true
		}
		if in == inTexture && r.texture != "" {
			r.usage = r.texture
		}
		if lists != nil && r.list {
			v = &listValue{Value: v, name: r.name, listed: lists}
		}
		flag := f.VarPF(v, r.name, r.short, r.usage)
		r.annotate(flag)
		r.complete(cmd, e, flag)
		if r.old != "" {
			alias := f.VarPF(&aliasValue{flag}, r.old, "", r.usage)
			alias.NoOptDefVal = flag.NoOptDefVal
			if err := f.MarkDeprecated(r.old, "use --"+r.name); err != nil {
				panic(err)
			}
		}
	}
}

// annotate gives a flag what help shows of it.
func (r *flagRow) annotate(f *pflag.Flag) {
	g := string(r.group)
	if r.everyday {
		g = everydayGroup
	}
	f.Annotations = map[string][]string{groupKey: {g}}
	if _, ok := f.Value.(*switchValue); ok {
		f.NoOptDefVal = "on"
	}
	if r.fallback != "" {
		f.DefValue = r.fallback
	}
}

// complete sets what the shell offers for the flag.
func (r *flagRow) complete(cmd *cobra.Command, e *env, f *pflag.Flag) {
	directive := cobra.ShellCompDirectiveNoFileComp
	var offer func(*env) []string
	switch v := f.Value.(type) {
	case interface {
		offers() (words []string, files bool)
	}:
		words, files := v.offers()
		offer = func(*env) []string { return words }
		if files {
			directive = cobra.ShellCompDirectiveDefault
		}
	default:
		offer = r.offer
	}
	if r.field == "network" {
		directive = cobra.ShellCompDirectiveDefault
	}
	if offer != nil {
		complete(cmd, f.Name, func() ([]string, cobra.ShellCompDirective) { return offer(e), directive })
	}
}

// aliasValue is an old name of a flag.
type aliasValue struct{ flag *pflag.Flag }

// Type is that of the flag.
func (v *aliasValue) Type() string { return v.flag.Value.Type() }

// String returns the value of the flag.
func (v *aliasValue) String() string {
	if v.flag == nil {
		return ""
	}
	return v.flag.Value.String()
}

// Set sets the flag. The error is that of the flag.
func (v *aliasValue) Set(s string) error {
	err := v.flag.Value.Set(s)
	v.flag.Changed = true
	return err
}

// checkRules returns an error for each flag that was given and has no effect.
func (s *settings) checkRules(flags *pflag.FlagSet) []error {
	var errs []error
	for _, r := range flagTable() {
		if r.only.holds == nil || !flags.Changed(r.name) || r.only.holds(s) {
			continue
		}
		reason := r.only.reason
		if s.preset != "" {
			reason += fmt.Sprintf("; --preset %s has --optimizer %s, --scales %d, --pooling %s, --init %s",
				s.preset, s.Optimizer.Method, s.Schedule.Scales, s.Objective.Pooling, s.Schedule.Init)
		}
		errs = append(errs, &valueError{"--" + r.name, flags.Lookup(r.name).Value.String(), reason})
	}
	return errs
}
