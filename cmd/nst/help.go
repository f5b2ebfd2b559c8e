package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The layout of help, in columns.
const (
	helpWidth   = 80
	usageColumn = 26 // where the text of a flag begins
)

// moreKey is the annotation of a command that holds what only --help-all shows.
const moreKey = "more"

// setHelp makes cmd and its subcommands answer --help in our layout, and gives
// those with flags that --help leaves out the flag --help-all.
func setHelp(cmd *cobra.Command) {
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		f := cmd.Flags().Lookup("help-all")
		fmt.Fprint(cmd.OutOrStdout(), helpText(cmd, f != nil && f.Changed))
	})
	addHelpAll(cmd)
}

func addHelpAll(cmd *cobra.Command) {
	if len(flagsOf(cmd, everydayGroup)) > 0 {
		f := cmd.Flags().VarPF(&helpAllValue{cmd: cmd}, "help-all", "", "help with all flags")
		f.NoOptDefVal = "on"
	}
	for _, sub := range cmd.Commands() {
		addHelpAll(sub)
	}
}

// helpAllValue is the flag --help-all, which asks for help like --help.
type helpAllValue struct{ cmd *cobra.Command }

// Type shows that no value is wanted.
func (v *helpAllValue) Type() string { return "" }

// String returns nothing, since the flag ends the program.
func (v *helpAllValue) String() string { return "" }

// Set asks for help. The error is that there is none.
func (v *helpAllValue) Set(string) error { return v.cmd.Flags().Set("help", "true") }

// helpText returns the help of a command: the everyday flags, or all. A command without
// everyday flags has few, which are always shown.
func helpText(cmd *cobra.Command, all bool) string {
	var b strings.Builder
	all = all || len(flagsOf(cmd, everydayGroup)) == 0
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	b.WriteString(fill(text))
	if more := cmd.Annotations[moreKey]; all && more != "" {
		b.WriteString("\n" + fill(more))
	}
	b.WriteString("\n" + wrap("Usage: ", 7, useLine(cmd)))
	if cmd.Example != "" {
		b.WriteString("\nExamples:\n" + cmd.Example + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				b.WriteString(wrap("  "+sub.Name(), 14, sub.Short))
			}
		}
	}
	writeGroup(&b, "Flags", flagsOf(cmd, ""))
	writeGroup(&b, everydayGroup+" flags", flagsOf(cmd, everydayGroup))
	if all {
		for _, g := range groups() {
			writeGroup(&b, string(g), flagsOf(cmd, string(g)))
		}
	}
	if end := helpEnd(cmd, all); end != "" {
		b.WriteString("\n" + end)
	}
	return b.String()
}

// helpEnd says where there is more.
func helpEnd(cmd *cobra.Command, all bool) string {
	switch hidden := hiddenGroups(cmd); {
	case cmd.HasAvailableSubCommands():
		return wrap("", 0, fmt.Sprintf("%s COMMAND --help explains a command.", cmd.CommandPath()))
	case !all && len(hidden) > 0:
		return wrap("", 0, fmt.Sprintf("%s --help-all also explains the flags of: %s.", cmd.CommandPath(), strings.ToLower(strings.Join(hidden, ", "))))
	}
	return ""
}

// useLine returns how a command is called.
func useLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() {
		return cmd.CommandPath() + " COMMAND"
	}
	return strings.TrimSuffix(cmd.UseLine(), " [flags]")
}

// hiddenGroups lists the groups of flags that only --help-all shows.
func hiddenGroups(cmd *cobra.Command) []string {
	var hidden []string
	for _, g := range groups() {
		if len(flagsOf(cmd, string(g))) > 0 {
			hidden = append(hidden, string(g))
		}
	}
	return hidden
}

// flagsOf returns the flags of a group, in the order of the table; without a group those
// that are not in the table.
func flagsOf(cmd *cobra.Command, group string) []*pflag.Flag {
	var out []*pflag.Flag
	f := cmd.Flags()
	f.SortFlags = false
	f.VisitAll(func(f *pflag.Flag) {
		g := f.Annotations[groupKey]
		if f.Hidden || f.Name == "help" || f.Name == "help-all" {
			return
		}
		if len(g) == 0 && group == "" || slices.Contains(g, group) {
			out = append(out, f)
		}
	})
	return out
}

func writeGroup(b *strings.Builder, title string, flags []*pflag.Flag) {
	if len(flags) == 0 {
		return
	}
	b.WriteString("\n" + title + ":\n")
	for _, f := range flags {
		name := "      --"
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --"
		}
		kind, usage := pflag.UnquoteUsage(f)
		b.WriteString(wrap(strings.TrimRight(name+f.Name+" "+kind, " "), usageColumn, flagUsage(f, usage)))
	}
}

// flagUsage returns the usage of a flag with its words, where it does not name them, and its
// default.
func flagUsage(f *pflag.Flag, usage string) string {
	usage = withWords(f, usage)
	if d := shownDefault(f); d != "" {
		usage += " (default " + d + ")"
	}
	return usage
}

// withWords adds the words that a flag takes to its usage, unless it names them all.
func withWords(f *pflag.Flag, usage string) string {
	if words := unnamed(f, usage); len(words) > 0 {
		usage += "; one of " + strings.Join(words, ", ")
	}
	return usage
}

// unnamed returns the words that a flag takes, unless its usage names them all.
func unnamed(f *pflag.Flag, usage string) []string {
	v := f.Value
	if list, ok := v.(*listValue); ok {
		v = list.Value
	}
	offers, ok := v.(interface{ offers() ([]string, bool) })
	if _, on := v.(*switchValue); on || !ok {
		return nil
	}
	words, _ := offers.offers()
	fields := strings.FieldsFunc(usage, func(r rune) bool { return strings.ContainsRune(" ,;:()", r) })
	if !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(fields, w) }) {
		return nil
	}
	return words
}

// shownDefault returns the default of a flag; nothing for none, never, and off.
func shownDefault(f *pflag.Flag) string {
	switch f.DefValue {
	case "0s", "off", "false", "[]":
		return ""
	}
	return f.DefValue
}

// fill returns text with its paragraphs wrapped. Indented lines, and the line before them,
// stay as they are.
func fill(text string) string {
	var paragraphs []string
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.ContainsAny(p, "\t") || strings.Contains(p, "\n  ") {
			paragraphs = append(paragraphs, p+"\n")
			continue
		}
		paragraphs = append(paragraphs, wrap("", 0, p))
	}
	return strings.Join(paragraphs, "\n")
}

// wrap returns text from a column on, behind a head, in lines of helpWidth. A head that is
// too long has a line of its own.
func wrap(head string, column int, text string) string {
	var b strings.Builder
	b.WriteString(head)
	at := len(head)
	if at > 0 && at >= column && column != 7 {
		b.WriteByte('\n')
		at = 0
	}
	first := true
	for _, word := range strings.Fields(text) {
		if !first && at+1+len(word) > helpWidth {
			b.WriteByte('\n')
			at, first = 0, true
		}
		if first {
			b.WriteString(strings.Repeat(" ", max(0, column-at)))
			at = max(at, column)
		} else {
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
		first = false
	}
	b.WriteByte('\n')
	return b.String()
}
