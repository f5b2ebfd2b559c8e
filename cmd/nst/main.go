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
