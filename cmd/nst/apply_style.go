package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// styleRef is a style that an argument names: a painting, or a style of a network.
type styleRef struct {
	name    string // in messages and names of files
	path    string // of the painting or the network; empty for what is part of the program
	picture *imgio.Planar
	mask    *nst.Mask // of the part of the picture that is used; nil is all of it
	model   *instant.Model
	index   int // of the style in the network; -1 if it has several and none is named

	// What the header of a painting says, before it is read: its size, and the memory that
	// reading takes, of which some is held.
	size       nst.Size
	read, held int64
}

// undecided reports whether a network is named, but not which of its styles.
func (s *styleRef) undecided() bool { return s.model != nil && s.index < 0 }

// someStyles finds the styles that args name. After a network with several styles, the others
// name styles in it.
func (e *env) someStyles(ctx context.Context, t *console, args []string) ([]styleRef, error) {
	first, err := e.style(ctx, t, args[0])
	if err != nil {
		return nil, err
	}
	styles := []styleRef{first}
	var errs []error
	for _, arg := range args[1:] {
		s, err := first.within(arg)
		if !first.undecided() {
			s, err = e.style(ctx, t, arg)
		}
		errs = append(errs, err)
		styles = append(styles, s)
	}
	if first.undecided() {
		styles = styles[1:]
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(styles) == 0 {
		return nil, first.chooseError()
	}
	for _, s := range styles[1:] {
		if s.undecided() {
			return nil, s.chooseError()
		}
		if (s.model == nil) != (styles[0].model == nil) || s.model != nil && s.path != styles[0].path {
			return nil, &fileError{"style", s.name, errMixed}
		}
	}
	return styles, nil
}

// errMixed means that styles cannot be blended.
var errMixed = errors.New("is not of the same network as the first style")

// within returns the style of the network that has a name.
func (s *styleRef) within(name string) (styleRef, error) {
	if s.model == nil {
		return styleRef{}, nil
	}
	i, err := s.model.Index(name)
	if err != nil {
		return styleRef{}, &fileError{"network", s.path, err}
	}
	one := *s
	one.name, one.index = s.model.Styles()[i].Name, i
	return one, nil
}

// chooseError says that the network has several styles.
func (s *styleRef) chooseError() error {
	var names []string
	for _, one := range s.model.Styles() {
		names = append(names, one.Name)
	}
	return &chooseError{s.path, names}
}

// chooseError means that a network has several styles and none is named.
type chooseError struct {
	path  string
	names []string
}

// Error lists the styles.
func (e *chooseError) Error() string {
	return fmt.Sprintf("network %q has %d styles: %s", e.path, len(e.names), strings.Join(e.names, ", "))
}

// brush paints in the styles that were chosen.
type brush struct {
	styles    []styleRef
	shares    []float64 // of each
	options   instant.ApplyOptions
	universal *instant.UniversalModel // for paintings
}

// newBrush returns a brush for styles that [env.someStyles] found. For paintings it uses opened,
// or opens the network for any painting if that is nil.
func (s *settings) newBrush(styles []styleRef, opened *instant.UniversalModel) (*brush, error) {
	b := &brush{styles: styles, options: s.applyOptions()}
	for i := range styles {
		b.shares = append(b.shares, s.share(i))
	}
	if styles[0].model != nil {
		return b, nil
	}
	if b.universal = opened; opened != nil {
		return b, nil
	}
	var err error
	b.universal, err = instant.Universal()
	return b, err
}

// paint paints a content in the blend of all styles, or in each region in its own. regions
// may be nil, as in [nst.Compose]; so may protect.
func (b *brush) paint(ctx context.Context, content *imgio.Planar, regions []*nst.Mask, protect *nst.Mask) (*imgio.Planar, error) {
	var painted []*imgio.Planar
	for i := range max(1, len(regions)) {
		shares := b.shares
		if len(regions) > 0 {
			shares = make([]float64, len(b.styles))
			shares[i] = 1
		}
		p, err := b.blend(ctx, content, shares)
		if err != nil {
			return nil, err
		}
		painted = append(painted, p)
	}
	return nst.Compose(content, painted, regions, protect)
}

// blend paints a content in a blend of styles.
func (b *brush) blend(ctx context.Context, content *imgio.Planar, shares []float64) (*imgio.Planar, error) {
	if b.universal != nil {
		return b.universal.Apply(ctx, content, b.pictures(shares), b.options)
	}
	return b.styles[0].model.Apply(ctx, content, b.weights(shares), b.options)
}

// openPaintings reads the paintings of styles of which only the headers have been read. The
// errors are those of all of them.
func (t *console) openPaintings(ctx context.Context, styles []styleRef) error {
	var errs []error
	for i, s := range styles {
		if s.model != nil {
			continue
		}
		var err error
		if styles[i], err = t.openPainting(ctx, s.path, instant.PaintingSize); err != nil && i == 0 {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// openPainting reads a style picture whose longest side is wanted at a size at most.
func (t *console) openPainting(ctx context.Context, path string, size int) (styleRef, error) {
	if t.peeks {
		return t.peekPainting(path, size)
	}
	p, err := t.openFor(ctx, "style", path, size)
	if err == nil && min(p.W, p.H) < leastPixels {
		err = &fileError{"style image", path, &smallError{width: p.W, height: p.H}}
	}
	return styleRef{name: batch.Stem(path), path: path, picture: p}, err
}
