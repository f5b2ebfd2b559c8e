package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// onePassSettings are the flags of networks that paint in one pass.
type onePassSettings struct {
	strength  float64 // 0 to 100
	size      int     // of the longest side; nst.OriginalSize is that of the content
	sheetSize int     // the same on a sheet
	device    string
}

func defaultPass() onePassSettings {
	return onePassSettings{strength: 100, size: nst.OriginalSize, sheetSize: 320, device: nst.DeviceAuto}
}

// check returns an error for every value that is wrong by itself.
func (s *settings) checkPass(cmd *cobra.Command) error {
	var errs []error
	p := &s.pass
	if !(p.strength >= 0 && p.strength <= 100) {
		errs = append(errs, &valueError{"--strength", p.strength, "must be between 0 and 100"})
	}
	if p.strength > 0 && p.strength < 1 {
		s.notes.add(fmt.Sprintf("--strength %g: the scale is 0 to 100; did you mean %g?", p.strength, math.Round(1e4*p.strength)/100))
	}
	for _, size := range []int{p.size, p.sheetSize} {
		if size != nst.OriginalSize && (size < leastPixels || size > nst.MaxSize) {
			errs = append(errs, &valueError{"--size", size, fmt.Sprintf("must be between %d and %d", leastPixels, nst.MaxSize)})
		}
	}
	if s.quality < 1 || s.quality > 100 {
		errs = append(errs, &valueError{"--quality", s.quality, "must be between 1 and 100"})
	}
	errs = append(errs, s.checkThreads(), s.noteDevice(cmd))
	return errors.Join(errs...)
}

// checkThreads returns an error for a number of threads that is not allowed.
func (s *settings) checkThreads() error {
	if n := s.Compute.Threads; n < 0 || n > 1024 {
		return &valueError{"--threads", n, "must be between 0 and 1024"}
	}
	return nil
}

// noteDevice notes that a card that was asked for is not used.
func (s *settings) noteDevice(cmd *cobra.Command) error {
	if f := cmd.Flag("device"); f == nil || !f.Changed {
		return nil
	}
	kind, _, err := nst.ParseDevice(s.pass.device)
	if err == nil && kind == nst.DeviceCUDA {
		s.notes.add(fmt.Sprintf("--device %s: nst %s does not use cards yet: using the processor", s.pass.device, cmd.Name()))
	}
	return err
}

// applyOptions returns what the flags say about painting.
func (s *settings) applyOptions() instant.ApplyOptions {
	return instant.ApplyOptions{Strength: s.pass.strength / 100, Color: s.Color, Threads: s.Compute.Threads}
}

// leastPixels is the least width and height of a picture that is painted in one pass.
const leastPixels = instant.MinContent

// smallError means that a picture is too small to be painted in one pass.
type smallError struct {
	width, height int  // as it would be painted
	scaled        bool // by --size
}

// Error says how small it is.
func (e *smallError) Error() string {
	if e.scaled {
		return fmt.Sprintf("is %dx%d pixels at this --size, at least %d on each side are needed", e.width, e.height, leastPixels)
	}
	return fmt.Sprintf("is %dx%d pixels, at least %d on each side are needed", e.width, e.height, leastPixels)
}

// fitted returns p with its longest side scaled down to size, or p itself if it is smaller or
// the size is that of the content. The error is a smallError.
func fitted(p *imgio.Planar, size int) (*imgio.Planar, error) {
	w, h := p.Whole()
	if size != nst.OriginalSize && max(w, h) > size {
		w, h = imgio.FitLongest(w, h, size)
	}
	if min(w, h) < leastPixels {
		return nil, &smallError{w, h, w != p.W || h != p.H}
	}
	if w == p.W && h == p.H {
		return p, nil
	}
	return p.Resize(w, h), nil
}
