package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const exitCodes = `Exit codes: 0 done, 1 failed, 2 usage (a wrong flag, argument or option value),
130 interrupted (what there was of the picture is saved).`

// run runs the command that args name and returns the exit code.
func run(ctx context.Context, e *env, args []string) int {
	e.Stderr = &lockedWriter{w: e.Stderr}
	root := newRootCmd(e)
	root.SetArgs(args)
	return report(e, root.ExecuteContext(ctx))
}

func newRootCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "nst",
		Short: "Paint one picture in the style of another",
		Long: `nst paints one picture in the style of another, by the method of Gatys, Ecker
and Bethge: a VGG network looks at the picture, and an optimiser moves its pixels
until they match the content of the one and the style of the other.

` + exitCodes,
		Example: `  nst stylize photo.jpg painting.jpg -o out.png
  nst weights pull
  nst stylize photo.jpg painting.jpg --size 768 --style-weight 3000 --iterations 500`,
		Version:       version(),
		Args:          subcommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	cmd.SetIn(e.Stdin)
	cmd.SetOut(e.Stdout)
	cmd.SetErr(e.Stderr)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{cmd, err} })
	cmd.AddCommand(
		newStylizeCmd(e, nil),
		newBatchCmd(e, nil),
		newSweepCmd(e, nil),
		newTextureCmd(e, nil),
		newScoreCmd(e, nil),
		newPresetsCmd(e),
		newWeightsCmd(e),
		newInfoCmd(e),
		newGPUCmd(e),
	)
	return cmd
}

// subcommand refuses arguments of a command that only holds others, and says
// what may have been meant.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += fmt.Sprintf(", did you mean %s?", strings.Join(near, " or "))
	}
	return &usageError{cmd, errors.New(text)}
}

// arguments returns a check for at least low and, unless high is negative, at
// most high arguments; want names them, as in the usage line.
func arguments(low, high int, want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < low || high >= 0 && len(args) > high {
			return &usageError{cmd, fmt.Errorf("want %s, got %s", want, count(len(args), "argument"))}
		}
		return nil
	}
}
