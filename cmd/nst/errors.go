package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// The exit codes of nst.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// usageError is a command line that cannot be parsed. The usage line of the command is
// printed after it.
type usageError struct {
	cmd *cobra.Command
	err error
}

// Error returns what is wrong.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns the error of cobra.
func (e *usageError) Unwrap() error { return e.err }

// valueError is an invalid value of a flag or argument.
type valueError struct {
	flag   string // as in --size
	value  any
	reason string // what is valid
}

// Error names the flag and its value.
func (e *valueError) Error() string { return fmt.Sprintf("%s is %v: %s", e.flag, e.value, e.reason) }

// fileError is a problem with a file.
type fileError struct {
	what string // content image, output, ...
	path string
	err  error
}

// Error names the file and the problem, each once.
func (e *fileError) Error() string {
	why, mask := cause(e.err), new(nst.MaskError)
	if errors.As(e.err, &mask) {
		why = mask.Reason()
	}
	if _, after, said := strings.Cut(why, strconv.Quote(e.path)+": "); said {
		why = after
	}
	return fmt.Sprintf("%s %q: %s", e.what, e.path, why)
}

// cause returns the reason for an error about a file without the names of the file and of
// what was tried.
func cause(err error) string {
	path, link, elsewhere := new(fs.PathError), new(os.LinkError), new(elsewhereError)
	switch {
	case errors.As(err, &elsewhere):
		return elsewhere.Error()
	case errors.Is(err, fs.ErrExist):
		return reason(err)
	case errors.As(err, &path):
		return path.Err.Error()
	case errors.As(err, &link):
		return link.Err.Error()
	}
	return reason(err)
}

// Unwrap returns the reason.
func (e *fileError) Unwrap() error { return e.err }

// flag returns the flag that names the file, if it is an output.
func (e *fileError) flag() string {
	switch e.what {
	case "plot", "gif", "strip", "log", "sample", "checkpoint":
		return "--" + e.what
	case "result", "output folder", "sweep folder", "picture", "recipe", "scores", "page":
		return "--out-dir"
	case "network":
		return "--name"
	}
	return "-o"
}

// interrupted is a run that was stopped. The messages about it have been printed.
type interrupted struct{ err error }

// Error is never shown.
func (e *interrupted) Error() string { return "interrupted" }

// Unwrap returns what ended the run.
func (e *interrupted) Unwrap() error { return e.err }

// silent is a failure whose messages have been printed.
type silent struct{}

// Error is never shown.
func (silent) Error() string { return "failed" }

// report prints the errors in err, if any, and returns the exit code.
func report(e *env, err error) int {
	code, stopped := exitDone, false
	for _, err := range flatten(err) {
		if again := errors.Is(err, context.Canceled); again && stopped {
			continue // several pictures were being read
		} else if again {
			stopped = true
		}
		code = max(code, reportOne(e, err))
	}
	return code
}

func reportOne(e *env, err error) int {
	if errors.As(err, new(silent)) || readerGone(err) {
		return exitFailed
	}
	if stop := new(interrupted); errors.As(err, &stop) {
		return exitInterrupted
	}
	if errors.Is(err, context.Canceled) {
		e.fail("interrupted; nothing was written")
		return exitInterrupted
	}
	e.fail(message(err), hints(err)...)
	usage := new(usageError)
	if errors.As(err, &usage) {
		line, path := usage.cmd.UseLine(), usage.cmd.CommandPath()
		if usage.cmd.HasSubCommands() {
			line = path + " COMMAND"
		}
		fmt.Fprintf(e.Stderr, "usage: %s\nRun '%s --help' for help.\n", line, path)
	}
	if isUsage(err) {
		return exitUsage
	}
	return exitFailed
}

// flatten returns the errors that err joins, or err itself.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, flatten(err)...)
	}
	return all
}

// isUsage reports whether err is a mistake in the command line.
func isUsage(err error) bool {
	return errors.As(err, new(*usageError)) || errors.As(err, new(*valueError)) ||
		errors.As(err, new(*nst.OptionError)) || errors.As(err, new(*vgg.UnknownLayerError)) ||
		errors.As(err, new(*instant.UnknownStyleError)) || errors.As(err, new(*chooseError))
}

// message returns err in terms of flags and files.
func message(err error) string {
	file, option, layer, style := new(fileError), new(nst.OptionError), new(vgg.UnknownLayerError), new(instant.UnknownStyleError)
	switch {
	case errors.As(err, &file):
		return file.Error()
	case errors.As(err, &option):
		field, layer, _ := strings.Cut(option.Field, " ")
		return strings.TrimRight(fmt.Sprintf("%s %s", flagName(field), layer), " ") +
			fmt.Sprintf(" is %v: %s", option.Value, option.Reason)
	case errors.As(err, &style):
		return fmt.Sprintf("there is no style and no file %q", style.Name)
	case errors.As(err, &layer):
		return fmt.Sprintf("network %s has no layer %q", layer.Network, layer.Layer)
	}
	return reason(err)
}

// reason returns the text of err without the names of package and file, which the message
// has already.
func reason(err error) string {
	var (
		format  = new(imgio.FormatError)
		picture = new(batch.PictureError)
		none    = new(vgg.NotFoundError)
		invalid = new(pflag.InvalidValueError)
		number  = new(strconv.NumError)
		size    = new(nst.SizeError)
		unknown = new(instant.UnknownStyleError)
		lesson  = new(instant.ResumeError)
		resume  = new(nst.ResumeError)
	)
	switch {
	case errors.As(err, &invalid) && errors.As(err, &number): // pflag's own flags leave it to strconv
		want := map[string]string{"ParseBool": "true or false", "ParseUint": "a whole number of 0 or more"}[number.Func]
		if want == "" {
			want = "a whole number"
		}
		return fmt.Sprintf("invalid argument %q for %q flag: %q must be %s", invalid.GetValue(), "--"+invalid.GetFlag().Name, number.Num, want)
	case errors.As(err, &picture):
		return (&fileError{picture.What + " image", picture.Path, picture.Err}).Error()
	case errors.As(err, &none) && isFile(none.Name):
		return fmt.Sprintf("no weights: the file %q does not exist", none.Name)
	case errors.As(err, &none):
		return fmt.Sprintf("no weights %q: neither %q nor a file of that name exists", none.Name, none.Path)
	case errors.As(err, &format):
		bare := *format
		bare.Supported = nil // is a hint
		return bare.Error()
	case errors.As(err, &size):
		return fmt.Sprintf("is %dx%d at --size %d, where the content is %dx%d; the aspect ratios must agree",
			size.Width, size.Height, max(size.ContentWidth, size.ContentHeight), size.ContentWidth, size.ContentHeight)
	case errors.As(err, &unknown):
		return fmt.Sprintf("no style %q", unknown.Name) // those that exist are a hint
	case errors.As(err, &lesson):
		named := *lesson
		named.What = strings.TrimPrefix(flagName(lessonFields+lesson.What), lessonFields)
		return strings.TrimPrefix(named.Error(), "nst: ")
	case errors.Is(err, errChanged):
		return errChanged.Error()
	case errors.As(err, &resume):
		named := *resume
		named.What = flagName(resume.What)
		return strings.TrimPrefix(named.Error(), "nst: ")
	case errors.Is(err, imgio.ErrNoFolder):
		return imgio.ErrNoFolder.Error()
	case errors.Is(err, imgio.ErrFolder):
		return imgio.ErrFolder.Error()
	case errors.Is(err, fs.ErrExist):
		return "exists already"
	}
	text := strings.ReplaceAll(err.Error(), "optim: ", "")
	for _, pkg := range []string{"imgio: ", "nst: ", "vgg: ", "batch: ", "feedforward: ", "exec: ", "kernel: ", "film: "} {
		text = strings.TrimPrefix(text, pkg)
	}
	return text
}

// isFile reports whether --network names a file instead of installed weights.
func isFile(name string) bool { return filepath.Base(name) != name || filepath.Ext(name) != "" }
