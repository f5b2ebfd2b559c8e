package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

const exitCodes = `Exit codes: 0 done, 1 failed, 2 wrong usage (a flag, an argument or a value),
130 interrupted by Ctrl-C, kill or a closed terminal (the picture is saved as it
was then).`

// run runs the command that args name and returns the exit code. If nobody reads the messages
// any more, the command ends as after an interrupt.
func run(ctx context.Context, e *env, args []string) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	out := &dataWriter{w: e.Stdout, terminal: e.StdoutTerminal}
	e.Args, e.Stdout, e.Stderr = args, out, &messageWriter{w: e.Stderr, gone: stop}
	if err := e.roomToStart(); err != nil {
		return report(e, err)
	}
	root := newRootCmd(e)
	root.SetArgs(joinSwitches(args))
	err := root.ExecuteContext(ctx)
	return report(e, errors.Join(err, out.check(err)))
}

func newRootCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "nst",
		Short: "Paint one picture in the style of another",
		Long: `nst paints one picture in the style of another, by the method of Gatys, Ecker
and Bethge. An optimiser changes the pixels until a VGG network finds in them the
content of one picture and the style of the other. nst apply paints at once, with
a network that nst train has taught.

` + exitCodes,
		Example: `  nst stylize photo.jpg painting.jpg -o out.png
  nst stylize photo.jpg painting.jpg --size 1024 --strength 90
  nst apply mine.safetensors photo.jpg
  nst weights pull`,
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
	cmd.SetFlagErrorFunc(flagError)
	cmd.AddCommand(
		newStylizeCmd(e, nil),
		newBatchCmd(e, nil),
		newSweepCmd(e, nil),
		newTextureCmd(e, nil),
		newResumeCmd(e, nil),
		newApplyCmd(e, nil),
		newRecipeCmd(e),
		newRerunCmd(e),
		newVideoCmd(e, nil),
		newTrainCmd(e, nil),
		newStylesCmd(e),
		newScoreCmd(e, nil),
		newPresetsCmd(e),
		newWeightsCmd(e),
		newInfoCmd(e),
		newGPUCmd(e),
	)
	cmd.SetHelpCommand(newHelpCmd())
	strictCompletion(cmd)
	setHelp(cmd)
	return cmd
}

// newHelpCmd returns nst help, which refuses what is no command.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND...]",
		Short: "Explain a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, left, err := cmd.Root().Find(args)
			if err != nil || len(left) > 0 {
				if len(left) == 0 {
					found, left = cmd.Root(), args
				}
				return &usageError{cmd, unknownCommand(found, left)}
			}
			return found.Help()
		},
	}
}

// strictCompletion adds cobra's command for completions, which refuses unknown shells.
func strictCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	i := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == "completion" })
	c := root.Commands()[i]
	c.Short = "Write completions for a shell"
	c.Long = "completion writes a script that lets a shell complete the commands and flags of nst."
	c.Args = subcommand
	c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// arguments returns a check for low to high arguments, without limit if high is negative.
// want names them as the usage line does.
func arguments(low, high int, want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < low || high >= 0 && len(args) > high {
			return &usageError{cmd, fmt.Errorf("want %s, got %s", want, count(len(args), "argument"))}
		}
		return nil
	}
}
