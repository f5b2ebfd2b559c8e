package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/imgio"
)

// subcommand refuses arguments of a command that only holds others, and says
// what may have been meant.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{cmd, unknownCommand(cmd, args)}
}

// unknownCommand says that args begin with no command, and what may have been meant.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if !cmd.HasParent() && isPicture(args[0]) {
		return fmt.Errorf("the command is missing: did you mean nst stylize %s?", strings.Join(args, " "))
	}
	text := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := nearest(args[0], cmd.SuggestionsFor(args[0])); len(near) > 0 {
		text += fmt.Sprintf(", did you mean %s?", strings.Join(near, " or "))
	}
	return errors.New(text)
}

// nearest returns the names that the fewest edits make of name.
func nearest(name string, names []string) (best []string) {
	least := 0
	for _, n := range names {
		d := editDistance(name, n)
		if best == nil || d < least {
			best, least = nil, d
		}
		if d == least {
			best = append(best, n)
		}
	}
	return best
}

// isPicture reports whether a name has the extension of a picture.
func isPicture(name string) bool {
	return slices.Contains(imgio.Extensions(), strings.ToLower(filepath.Ext(name)))
}

// flagError is what is wrong with the flags of cmd, with what may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	unknown := new(pflag.NotExistError)
	if !errors.As(err, &unknown) {
		return &usageError{cmd, err}
	}
	if args := cmd.Flags().Args(); !cmd.HasParent() && len(args) > 0 && isPicture(args[0]) {
		return &usageError{cmd, unknownCommand(cmd, args)}
	}
	if near := nearestFlag(cmd.Flags(), unknown.GetSpecifiedName()); near != "" {
		err = fmt.Errorf("%w, did you mean --%s?", err, near)
	}
	return &usageError{cmd, err}
}

// nearestFlag returns the visible flag whose name is nearest to name, if two edits make one
// of the other and most of the name stays; else nothing.
func nearestFlag(flags *pflag.FlagSet, name string) string {
	best, least := "", min(3, len(name)/2+1)
	flags.VisitAll(func(f *pflag.Flag) {
		if d := editDistance(name, f.Name); !f.Hidden && d < least {
			best, least = f.Name, d
		}
	})
	return best
}

// editDistance is the number of bytes to insert, delete or replace that make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
