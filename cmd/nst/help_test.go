package main

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Help fits a terminal of 80 columns, and that of the commands used most a screen of 40 lines.
func TestHelpFits(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		for _, all := range []bool{false, true} {
			text := helpText(cmd, all)
			for line := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > helpWidth {
					t.Errorf("%s --help (all %v) has a line of %d columns: %s", cmd.CommandPath(), all, n, line)
				}
			}
			if n := strings.Count(text, "\n"); slices.Contains([]string{"stylize", "apply", "train"}, cmd.Name()) && !all && n > 40 {
				t.Errorf("%s --help has %d lines, want 40 at most:\n%s", cmd.CommandPath(), n, text)
			}
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRootCmd(quietEnv()))
}

func TestNearestFlag(t *testing.T) {
	flags := newStylizeCmd(quietEnv(), nil).Flags()
	for name, want := range map[string]string{
		"strenght": "strength", "sise": "size", "colour": "color", "iteration": "iterations",
		"steadi": "", "xyz": "", "view": "",
	} {
		if got := nearestFlag(flags, name); got != want {
			t.Errorf("--%s: got %q, want %q", name, got, want)
		}
	}
}
