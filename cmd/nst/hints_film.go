package main

import (
	"errors"
	"runtime"

	"nst/internal/film"
)

// filmHints returns advice about films.
func filmHints(err error) []string {
	missing, encoding := new(film.MissingError), new(film.EncodingError)
	switch {
	case errors.As(err, &missing):
		return []string{"install ffmpeg: " + installFFmpeg(runtime.GOOS), "GIF and, with --sequence, folders of frames need no ffmpeg"}
	case errors.As(err, &encoding) && encoding.Advice != "":
		return []string{encoding.Advice}
	case errors.Is(err, errIsFolder):
		return []string{"--sequence paints the frames in a folder"}
	case errors.Is(err, errIsFile):
		return []string{"a film needs no --sequence"}
	case errors.As(err, new(*film.NoVideoError)):
		return []string{"a picture is painted by nst apply"}
	}
	return nil
}

// installFFmpeg says how ffmpeg is installed on a system.
func installFFmpeg(system string) string {
	switch system {
	case "darwin":
		return "brew install ffmpeg"
	case "windows":
		return "winget install ffmpeg"
	case "linux":
		return "sudo apt install ffmpeg (Debian, Ubuntu), sudo dnf install ffmpeg (Fedora), sudo pacman -S ffmpeg (Arch)"
	}
	return "with the package manager of the system"
}
