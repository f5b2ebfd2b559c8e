package main

import (
	"errors"
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/imgio"
)

// storage says how the pictures that a command paints are stored, and what goes with them.
// The quality of JPEG is with the other settings, because sheets and strips have it too.
type storage struct {
	depth             int    // bits per channel; 0 is the usual number of the format
	dither            bool   // when rounding to 8 bits
	alpha             string // of the content: keep, or a colour to lay it on; empty for the usual
	keepEXIF, keepGPS bool
	noRecipe          bool
	format            string // of a picture on standard output; empty for png
}

// keepAlpha is the word of --alpha for transparency that is kept.
const keepAlpha = "keep"

// storageRows are the flags of how pictures are stored.
func storageRows() []flagRow {
	const painted = inStylize | inTexture | inBatch | inApply
	const ofContent = inStylize | inBatch | inApply
	return []flagRow{
		{
			name: "bit-depth", group: groupOutput, in: painted,
			usage:    "bits per channel of the result, 8 or 16; 16 is for PNG and TIFF",
			fallback: "16 for TIFF, else 8",
			bind:     func(s *settings) pflag.Value { return &wholeValue[int]{&s.depth} },
		},
		{
			name: "dither", group: groupOutput, in: painted,
			usage: "spread the rounding to 8 bits over a fixed pattern, so that slow gradients show no steps; not for JPEG, which needs none",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.dither, plain: true} },
		},
		{
			name: "alpha", group: groupOutput, in: ofContent,
			usage:    "transparency of the content: keep gives it to the result; white, black or a colour such as #ff8000 is laid below it",
			fallback: "keep, white for JPEG",
			bind:     func(s *settings) pflag.Value { return &alphaValue{&s.alpha} },
		},
		{
			name: "keep-exif", group: groupOutput, in: ofContent,
			usage: "copy what the camera noted from the content to the result, but not the place; the resolution and the copyright notice are always copied",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.keepEXIF, plain: true} },
		},
		{
			name: "keep-gps", group: groupOutput, in: ofContent,
			usage: "copy the place where the content was taken to the result",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.keepGPS, plain: true} },
		},
		{
			name: "no-recipe", group: groupOutput, in: painted | inSweep,
			usage: "leave out of the result how it was made, which nst recipe shows and nst rerun uses",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.noRecipe, plain: true} },
		},
	}
}

// checkStorage returns an error for each flag that does not suit a format of imgio.
func (s *settings) checkStorage(cmd *cobra.Command, format string) error {
	var errs []error
	bad := func(flag string, value any, reason string, a ...any) {
		errs = append(errs, &valueError{"--" + flag, value, fmt.Sprintf(reason, a...)})
	}
	flags := cmd.Flags()
	if format != "jpeg" && flags.Changed("quality") {
		bad("quality", s.quality, "is only for a JPEG")
	}
	depths := imgio.Depths(format)
	switch {
	case !flags.Changed("bit-depth"):
	case s.depth != 8 && s.depth != 16:
		bad("bit-depth", s.depth, "must be 8 or 16")
	case !slices.Contains(depths, s.depth):
		bad("bit-depth", s.depth, "%s has 8 bits per channel; 16 is for .png and .tif", formatWord(format))
	}
	if s.dither && (format == "jpeg" || s.depthOf(format) != 8) {
		bad("dither", "on", "is for 8 bits of PNG, TIFF and WebP")
	}
	if s.alpha == keepAlpha && !imgio.HasAlpha(format) {
		bad("alpha", keepAlpha, "%s has no transparency", formatWord(format))
	}
	return errors.Join(errs...)
}

// depthOf returns the bits per channel of a picture in a format.
func (s *settings) depthOf(format string) int {
	if depths := imgio.Depths(format); s.depth == 0 && len(depths) > 0 {
		return depths[0]
	}
	return s.depth
}

// formatName returns the format of imgio for one of imgio.Formats.
func formatName(extension string) string {
	name, err := imgio.FormatOf("picture." + extension)
	if err != nil {
		panic(err) // the flag takes no other
	}
	return name
}

// formatWord returns how people write a format.
func formatWord(format string) string {
	if format == "webp" {
		return "WebP"
	}
	return strings.ToUpper(format)
}

// endings are the extensions of files that can be written, for messages.
func endings() string {
	var all []string
	for _, f := range imgio.Formats() {
		all = append(all, "."+f)
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// formatOf returns the format of imgio of an output: that of its name, or
// that of --format for standard output.
func (s *settings) formatOf(output string) (string, error) {
	if output == standard {
		return imgio.FormatOf("standard." + s.storage.format)
	}
	return imgio.FormatOf(output)
}

// alphaValue is a flag that takes keep or a colour.
type alphaValue struct{ text *string }

// Type stands for what is laid below.
func (v *alphaValue) Type() string { return "WORD|COLOUR" }

// offers returns the words for completion.
func (v *alphaValue) offers() (words []string, files bool) {
	return []string{keepAlpha, "white", "black"}, false
}

// String returns the word or the colour.
func (v *alphaValue) String() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// Set takes keep, white, black or a colour as in #ff8000. Anything else is an error.
func (v *alphaValue) Set(s string) error {
	if _, err := parseColour(s); err != nil && s != keepAlpha {
		return errors.New("must be keep, white, black or a colour such as #ff8000")
	}
	*v.text = strings.ToLower(s)
	return nil
}

// parseColour reads white, black or six hexadecimal digits after #.
func parseColour(s string) (color.NRGBA, error) {
	switch s {
	case "white":
		return color.NRGBA{255, 255, 255, 255}, nil
	case "black":
		return color.NRGBA{0, 0, 0, 255}, nil
	}
	digits, ok := strings.CutPrefix(s, "#")
	n, err := strconv.ParseUint(digits, 16, 24)
	if !ok || len(digits) != 6 || err != nil {
		return color.NRGBA{}, fmt.Errorf("%q is no colour", s)
	}
	return color.NRGBA{byte(n >> 16), byte(n >> 8), byte(n), 255}, nil
}
