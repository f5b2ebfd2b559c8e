package main

import (
	"errors"
	"fmt"
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
	newConsole(e, s).say("VGG-19 is not installed: using slim, the small network inside nst; nst weights pull installs VGG-19")
}

// transfer loads the network and returns a Transfer for the settings.
func (s *settings) transfer(e *env) (*nst.Transfer, error) {
	w, err := s.weights(e)
	if err != nil {
		return nil, err
	}
	return nst.New(w, s.Options)
}

// weights loads the network. It returns an error if the weights end before a layer that is
// used.
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
	return w, errors.Join(reach(w, s.Objective.ContentLayers), reach(w, s.Objective.StyleLayersOf(w.Network)))
}

// shortError is a layer that is deeper than the weights.
type shortError struct{ network, layer, missing string }

// Error names the layer, what it needs, and the network.
func (e *shortError) Error() string {
	return fmt.Sprintf("layer %s needs %s, which the weights of %s do not reach", e.layer, e.missing, e.network)
}

// reach returns an error unless w has all that comes before the layers.
func reach(w *vgg.Weights, layers []nst.LayerWeight) error {
	var errs []error
	for _, want := range layers {
		end, err := w.Network.Index(want.Layer)
		if err != nil {
			return err
		}
		for _, l := range w.Network.Layers[:end+1] {
			if _, ok := w.Filters[l.Name]; l.Kind == vgg.Conv && !ok {
				errs = append(errs, &shortError{w.Network.Name, want.Layer, l.Name})
				break
			}
		}
	}
	return errors.Join(errs...)
}
