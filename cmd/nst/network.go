package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"

	"nst/nst"
	"nst/vgg"
)

// usualNetwork is the default, if it is installed.
const usualNetwork = "vgg19"

// networks lists the networks that nst weights pull can download.
func networks() []string { return []string{usualNetwork, "vgg16"} }

// kept lists the names in the store, for completion. If the store cannot be read, there are
// none.
func (e *env) kept() []string {
	all, err := e.stored()
	if err != nil {
		return nil
	}
	names := make([]string, len(all))
	for i, x := range all {
		names[i] = x.Name
	}
	return names
}

// networkNames lists what --network can name, for completion.
func (e *env) networkNames() []string {
	names := append(append(networks(), vgg.EmbeddedName), e.kept()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// store returns the folder of weights.
func (e *env) store() (vgg.Store, error) {
	dir, err := vgg.Home(e.Getenv)
	return vgg.Store{Dir: dir}, err
}

// choose sets the network if none was given: the usual one, or slim if that is not
// installed, with a note.
func (s *settings) choose(e *env) {
	if s.network != "" {
		return
	}
	s.network = usualNetwork
	store, err := e.store()
	if err == nil {
		_, err = os.Stat(store.Path(usualNetwork))
	}
	if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, vgg.ErrNoHome) {
		return
	}
	s.network = vgg.EmbeddedName
	_ = s.applyStrength() // it was checked
	newConsole(e, s).say("VGG-19 is not installed: using slim, the small network inside nst; nst weights pull installs VGG-19")
}

// networkFile returns the file of the network, empty if it has none or cannot be found.
func (s *settings) networkFile(e *env) string {
	store, err := e.store()
	if err != nil && !isFile(s.network) {
		return ""
	}
	return store.File(cmp.Or(s.network, usualNetwork))
}

// transfer loads the network and returns a Transfer for the settings.
func (s *settings) transfer(e *env) (*nst.Transfer, error) {
	w, err := s.weights(e)
	if err != nil {
		return nil, err
	}
	return nst.New(w, s.Options)
}

// weights loads the network. It returns an error for each layer that is used and that the
// weights do not reach, before a sweep or a batch makes folders.
func (s *settings) weights(e *env) (*vgg.Weights, error) {
	s.choose(e)
	store, err := e.store()
	if err != nil && s.network != vgg.EmbeddedName { // slim needs no folder
		return nil, err
	}
	w, err := store.Load(s.network)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, l := range slices.Concat(s.Objective.ContentLayers, s.Objective.StyleLayersOf(w.Network)) {
		errs = append(errs, w.CheckDepth(l.Layer))
	}
	return w, errors.Join(errs...)
}
