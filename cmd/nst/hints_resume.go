package main

import (
	"errors"
	"fmt"
	"io/fs"

	"nst/nst"
)

// resumeHints returns advice about checkpoints.
func resumeHints(err error) []string {
	file := new(fileError)
	isFile := errors.As(err, &file) && file.what == "checkpoint"
	switch {
	case isFile && errors.Is(err, fs.ErrExist):
		return []string{fmt.Sprintf("nst resume %s goes on with that run; --overwrite begins again", shellWord(file.path))}
	case errors.As(err, new(*nst.ResumeError)) || errors.Is(err, errOtherProgram):
		return []string{"--force goes on all the same, if the sizes and the optimiser are the same; the picture is then none that a run without a break makes"}
	case errors.As(err, new(*nst.StateVersionError)):
		return []string{"go on with the nst that made it, or begin again"}
	case errors.Is(err, nst.ErrState), errors.Is(err, errNoCommand):
		return []string{"nst stylize and nst texture leave OUT.checkpoint when they are interrupted; nst train goes on with --resume"}
	}
	return nil
}
