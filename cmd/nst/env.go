package main

import (
	"fmt"
	"io"
	"io/fs"
)

// env is the environment of a command.
type env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer // data; messages
	Getenv         func(string) string
	IsTerminal     bool       // Stderr is a terminal
	StdoutTerminal bool       // Stdout is one
	System         fs.FS      // the root of the file system, for what it says of memory; nil is the real one
	Columns        func() int // of that terminal, 0 if not known; nil for none
	Args           []string   // as given
	resuming       *resuming  // what goes on; nil for none
	wholePictures  bool       // no picture is reduced while it is read
}

// colour reports whether messages may be coloured: on a terminal, unless NO_COLOR is set
// (no-color.org).
func (e *env) colour() bool {
	return e.fancy() && e.Getenv("NO_COLOR") == ""
}

// fancy reports whether a line on Stderr can be overwritten.
func (e *env) fancy() bool {
	return e.IsTerminal && e.Getenv("TERM") != "dumb"
}

// columns returns the width of the terminal, 80 if it is not known.
func (e *env) columns() int {
	if e.Columns != nil {
		if n := e.Columns(); n > 0 {
			return n
		}
	}
	return 80
}

// paint returns s in the colour of an ANSI code, if messages may be coloured.
func (e *env) paint(code, s string) string {
	if !e.colour() {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// fail prints an error and its hints.
func (e *env) fail(message string, hints ...string) {
	fmt.Fprintf(e.Stderr, "nst: %s %s\n", e.paint("1;31", "error:"), printableLines(message))
	for _, h := range hints {
		fmt.Fprintf(e.Stderr, "nst: %s %s\n", e.paint("36", "hint:"), printableLines(h))
	}
}
