package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nst/nst/instant"
	"nst/vgg"
)

// modelExtension is that of the files of networks.
const modelExtension = ".safetensors"

// storedModel is a network that nst styles list shows.
type storedModel struct {
	name  string // of the file, without extension; empty for the one that is part of nst
	path  string
	bytes int64
	model *instant.Model
	err   error // why it cannot be used; nil if it can
}

// stylesFolder is where nst styles import puts networks.
func (e *env) stylesFolder() (string, error) {
	dir, err := vgg.Home(e.Getenv)
	return filepath.Join(dir, "styles"), err
}

// storedPath is the file of an imported network.
func storedPath(folder, name string) string { return filepath.Join(folder, name+modelExtension) }

// models lists the network that is part of nst and the imported ones by name. A folder that does not exist is empty.
func (e *env) models() ([]storedModel, error) {
	m, err := instant.Builtin()
	if err != nil {
		return nil, err
	}
	all := []storedModel{{model: m}}
	folder, err := e.stylesFolder()
	if errors.Is(err, vgg.ErrNoHome) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	files, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &fileError{"folder of styles", folder, err}
	}
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), modelExtension)
		if !ok || f.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		s := storedModel{name: name, path: filepath.Join(folder, f.Name())}
		if info, err := f.Info(); err == nil {
			s.bytes = info.Size()
		}
		s.model, s.err = instant.Load(s.path)
		all = append(all, s)
	}
	return all, nil
}

// styleNames lists what STYLE can name, for completion: styles, and the networks that have
// several. If they cannot be read, there are none.
func (e *env) styleNames() []string {
	all, err := e.models()
	if err != nil {
		return nil
	}
	var names []string
	for _, m := range all {
		if m.err != nil {
			continue
		}
		for _, s := range m.model.Styles() {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// style finds the style that an argument of the command line names: an installed style, a
// file of a network with or without :NAME, or a painting.
func (e *env) style(ctx context.Context, t *console, arg string) (styleRef, error) {
	if !isPath(arg) {
		s, err := e.named(arg)
		if _, stat := os.Stat(arg); err == nil || stat != nil {
			return s, err
		}
	}
	if file, name, ok := cutStyle(arg); ok {
		s, err := modelFile(file)
		if err != nil {
			return s, err
		}
		return s.within(name)
	}
	if isModel(arg) || strings.EqualFold(filepath.Ext(arg), modelExtension) {
		return modelFile(arg)
	}
	return t.openPainting(ctx, arg, instant.PaintingSize)
}

// isPath reports whether an argument is the name of a file and no name of a style.
func isPath(arg string) bool {
	return strings.ContainsAny(arg, `/`+string(filepath.Separator)) || isPicture(arg) || strings.Contains(strings.ToLower(arg), modelExtension)
}

// cutStyle splits FILE.safetensors:NAME.
func cutStyle(arg string) (file, name string, ok bool) {
	i := strings.LastIndex(strings.ToLower(arg), modelExtension+":")
	if i < 0 {
		return arg, "", false
	}
	i += len(modelExtension)
	return arg[:i], arg[i+1:], true
}

// isModel reports whether a file begins as those of networks do: with the length of a
// header, then its opening brace.
func isModel(path string) bool {
	if stat, err := os.Stat(path); err != nil || !stat.Mode().IsRegular() {
		return false // to open a pipe could take for ever
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var start [9]byte
	_, err = io.ReadFull(f, start[:])
	return err == nil && start[8] == '{' && start[7] == 0
}

// modelFile loads the network in a file, and chooses its style if it has only one.
func modelFile(path string) (styleRef, error) {
	m, err := instant.Load(path)
	if err != nil {
		return styleRef{}, &fileError{"network", path, err}
	}
	return only(m, path), nil
}

// only returns a network with its style chosen if it has only one.
func only(m *instant.Model, path string) styleRef {
	s := styleRef{name: strings.TrimSuffix(filepath.Base(path), modelExtension), path: path, model: m, index: -1}
	if styles := m.Styles(); len(styles) == 1 {
		s.name, s.index = styles[0].Name, 0
	}
	return s
}

// named finds an installed style: one that is part of nst, an imported network, MODEL:NAME,
// or a style of imported networks. The error is an [instant.UnknownStyleError], or lists
// several that have the name.
func (e *env) named(name string) (styleRef, error) {
	all, err := e.models()
	if err != nil {
		return styleRef{}, err
	}
	var found []styleRef
	file, style, within := strings.Cut(name, ":")
	for _, m := range all {
		switch {
		case m.name != "" && strings.EqualFold(m.name, file) && m.err != nil:
			return styleRef{}, &fileError{"network", m.path, m.err}
		case m.err != nil:
			continue
		case m.name != "" && strings.EqualFold(m.name, file):
			s := only(m.model, m.path)
			if within {
				return s.within(style)
			}
			return s, nil
		}
		if i, err := m.model.Index(name); err == nil {
			found = append(found, styleRef{name: m.model.Styles()[i].Name, path: m.path, model: m.model, index: i})
		}
	}
	switch {
	case len(found) == 0 && name == universalName:
		return styleRef{}, &valueError{"STYLE", fmt.Sprintf("%q", name), "that is the network for any painting; name the file of a painting instead"}
	case len(found) == 0:
		return styleRef{}, &instant.UnknownStyleError{Name: name, Known: nearestFirst(name, e.styleNames())}
	case len(found) > 1 && found[0].path != "":
		return styleRef{}, ambiguous(name, found)
	}
	return found[0], nil
}

// ambiguous says that several imported networks have a style of that name.
func ambiguous(name string, found []styleRef) error {
	var ways []string
	for _, s := range found {
		ways = append(ways, strings.TrimSuffix(filepath.Base(s.path), modelExtension)+":"+s.name)
	}
	return &valueError{"STYLE", fmt.Sprintf("%q", name), "several networks have it: name one of " + strings.Join(ways, ", ")}
}

// nearestFirst sorts names by how near they are to one that was given: first those that
// contain it.
func nearestFirst(name string, names []string) []string {
	name = strings.ToLower(name)
	far := func(s string) int {
		if s = strings.ToLower(s); strings.Contains(s, name) {
			return -1
		}
		return editDistance(name, s)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
	return names
}
