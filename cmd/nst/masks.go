package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nst/imgio"
	"nst/nst"
)

// rest stands for a content mask of what the other masks leave.
const rest = "rest"

// masks are the files of masks. There are no content masks or one for each style, and
// likewise for style masks. An empty name selects all of the picture.
type masks struct {
	content, style []string
	protect        string // over the content; empty for none
}

// check returns an error for every mask that does not suit a number of styles or the flags.
func (m *masks) check(cmd *cobra.Command, styles int) error {
	errs := m.checkCount(styles)
	if f := cmd.Flag("style-mix"); len(m.content) > 0 && f != nil && f.Changed {
		errs = append(errs, &valueError{"--style-mix", f.Value, "cannot go with --content-mask, which gives each style a region of its own"})
	}
	return errors.Join(errs...)
}

// checkCount returns an error for every mask that does not suit a number of styles.
func (m *masks) checkCount(styles int) (errs []error) {
	bad := func(flag string, files []string, format string, a ...any) {
		errs = append(errs, &valueError{flag, &filesValue{&files}, fmt.Sprintf(format, a...)})
	}
	pairs := func(flag string, files []string) {
		if n := len(files); n > 0 && n != styles {
			bad(flag, files, "must be one mask for each style, of which there are %d, not %d", styles, n)
		}
	}
	pairs("--content-mask", m.content)
	pairs("--style-mask", m.style)
	left := 0
	for _, path := range m.content {
		if path == rest {
			left++
		}
	}
	if left > 1 || left == 1 && (len(m.content) == 1 || slices.Contains(m.content, "")) {
		bad("--content-mask", m.content, "rest stands for what the other masks leave: use it once, beside masks that leave something")
	}
	return errs
}

// paths returns the files that are read.
func (m *masks) paths() []string {
	var out []string
	for _, files := range [][]string{m.content, m.style, {m.protect}} {
		for _, path := range files {
			if path != "" && path != rest {
				out = append(out, path)
			}
		}
	}
	return out
}

// open reads the masks. It puts style masks into styles, if there are any, and returns the
// regions of the content and what is protected. read returns nil for a picture that cannot be
// read; content may be nil too.
func (m *masks) open(read func(what, path string) *imgio.Planar, content *imgio.Planar, styles []nst.StylePicture) (regions []*nst.Mask, protect *nst.Mask) {
	mask := func(path string) *nst.Mask { return openMask(read, path) }
	if len(m.style) > 0 {
		for i := range styles {
			styles[i].Mask = mask(m.style[i])
		}
	}
	var others []*nst.Mask
	left := -1
	for i, path := range m.content {
		if path == rest {
			left = i
			regions = append(regions, nil)
			continue
		}
		region := mask(path)
		if region != nil {
			others = append(others, region)
		}
		regions = append(regions, region)
	}
	if left >= 0 && content != nil {
		w, h := content.Whole()
		regions[left] = nst.Rest(w, h, others...)
	}
	return regions, mask(m.protect)
}

// openMask reads the mask at a path; nil if that is empty or cannot be read.
func openMask(read func(what, path string) *imgio.Planar, path string) *nst.Mask {
	if path == "" {
		return nil
	}
	if p := read("mask", path); p != nil {
		return nst.NewMask(p)
	}
	return nil
}

// named adds the file of the mask to an error about a mask.
func (m *masks) named(err error) error {
	bad := new(nst.MaskError)
	if !errors.As(err, &bad) {
		return err
	}
	path := m.protect
	switch i := bad.Index - 1; bad.What {
	case "content mask":
		path = m.content[i]
	case "style mask":
		path = m.style[i]
	}
	return &fileError{bad.What, path, err}
}

// filesValue is a flag that takes file names, separated by commas. Given again, it adds
// more. A name may be empty.
type filesValue struct{ files *[]string }

// Type stands for a list of files.
func (v *filesValue) Type() string { return "FILE,..." }

// String returns the names, separated by commas.
func (v *filesValue) String() string {
	if v.files == nil {
		return ""
	}
	return strings.Join(*v.files, ",")
}

// Set adds the names in s, separated by commas. An empty s is an error; an empty name is not.
func (v *filesValue) Set(s string) error {
	if s == "" {
		return errors.New("must not be empty")
	}
	for part := range strings.SplitSeq(s, ",") {
		*v.files = append(*v.files, strings.TrimSpace(part))
	}
	return nil
}

// namesValue is a filesValue of another kind of names.
type namesValue struct {
	filesValue
	kind string
}

// Type is the kind of names.
func (v *namesValue) Type() string { return v.kind }
