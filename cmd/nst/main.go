// Command nst paints one picture in the style of another.
//
// Every command has a constructor in a file of its own and uses the streams of an env.
// flag_rows.go is the table of the flags that commands share: flag_table.go binds them
// to package nst, help.go explains them. errors.go and hints.go turn errors of the libraries into
// messages, hints and exit codes.
package main

import (
	"context"
	"os"

	"golang.org/x/term"

	_ "nst/cmd/nst/internal/entry" // where the system starts the program
)

func main() { os.Exit(start()) }

// start runs the program in its process and returns its exit code.
func start() int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stopOnSignals(stop)
	return run(ctx, &env{
		Stdin:          os.Stdin,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
		Getenv:         os.Getenv,
		IsTerminal:     term.IsTerminal(int(os.Stderr.Fd())),
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		Columns: func() int {
			width, _, _ := term.GetSize(int(os.Stderr.Fd())) // 0 if it is no terminal
			return width
		},
	}, os.Args[1:])
}
