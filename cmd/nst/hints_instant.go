package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"nst/nst/instant"
)

// mostNames is how many names a hint lists.
const mostNames = 12

// styleHints returns advice about networks that paint in one pass, and their styles.
func styleHints(err error) []string {
	var (
		unknown = new(instant.UnknownStyleError)
		choose  = new(chooseError)
		file    = new(fileError)
	)
	isFile := errors.As(err, &file)
	switch {
	case errors.As(err, &unknown):
		return unknownStyleHints(unknown)
	case errors.As(err, &choose):
		return []string{fmt.Sprintf("name one: %s:%s, or --style %s", choose.path, choose.names[0], choose.names[0])}
	case errors.Is(err, errSwapped) && isFile && file.what == "style image":
		return []string{"STYLE is a painting; a network to start from goes after --from"}
	case errors.Is(err, errSwapped):
		return []string{"the network comes first, then the photograph"}
	case errors.Is(err, errPainting):
		return []string{"nst train teaches a network a painting; name the file that it has made"}
	case errors.Is(err, errMixed):
		return []string{"a blend is of paintings only, or of styles of one network"}
	case errors.Is(err, instant.ErrForeign):
		return []string{"networks that paint are made by nst train; those that compare pictures, such as VGG-19, go after --network"}
	case errors.Is(err, instant.ErrNoUniversal):
		return []string{"teach a network this painting with nst train, or use nst stylize CONTENT STYLE"}
	case errors.Is(err, errNoStyles):
		return []string{"nst train makes a network, nst styles import installs it"}
	case errors.Is(err, errTerminal):
		return []string{"name a file with -o FILE, or send it to another program with |"}
	}
	return trainHints(err)
}

// unknownStyleHints lists the styles that exist.
func unknownStyleHints(e *instant.UnknownStyleError) []string {
	known := e.Known[:min(len(e.Known), mostNames)]
	list := strings.Join(known, ", ")
	switch {
	case len(known) == 0:
		return []string{"there are no styles: nst train makes a network, nst styles import installs it"}
	case len(known) < len(e.Known):
		list += " and others, which nst styles list shows"
	}
	return []string{"there are " + list}
}

// trainHints returns advice about trainings.
func trainHints(err error) []string {
	var (
		file  = new(fileError)
		small = new(smallError)
	)
	isFile := errors.As(err, &file)
	switch {
	case errors.Is(err, instant.ErrPhotos):
		return []string{"photographs of any kind will do; --photos may be repeated"}
	case errors.Is(err, instant.ErrDiverged):
		return []string{"begin anew with a lower --learning-rate"}
	case errors.Is(err, errUnfinished):
		return []string{"--resume goes on with it, --overwrite begins anew"}
	case errors.As(err, new(*instant.ResumeError)):
		return []string{"give the flags and files that the training began with, or begin anew with --overwrite instead of --resume"}
	case isFile && file.what == "checkpoint" && errors.Is(err, fs.ErrNotExist):
		return []string{"begin without --resume, or name the file with --checkpoint"}
	case isFile && slices.Contains([]string{"content image", "sample image"}, file.what) && errors.As(err, &small) && small.scaled:
		return []string{"use a larger --size"}
	}
	return nil
}
