// Command nst paints one picture in the style of another.
//
// main ends the process; every command is a constructor in a file of its own
// and speaks through the streams of an env. flags.go binds the flags, the same
// words in every command, to the defaults of package nst; errors.go turns what
// the libraries say into advice and exit codes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

func main() { os.Exit(start()) }

// start runs the program in its process and returns its exit code. The first
// interrupt asks the command to save what it has and end; the second kills.
func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, &env{
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Getenv:     os.Getenv,
		IsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Columns: func() int {
			width, _, _ := term.GetSize(int(os.Stderr.Fd())) // 0 if it is no terminal
			return width
		},
	}, os.Args[1:])
}
