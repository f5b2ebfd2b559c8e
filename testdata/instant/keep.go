package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"nst/imgio"
	"nst/nst"
)

// keep paints a pair in a way to a file, unless the file is there and newer than what it was
// made of. The error is a [gap] if there is no picture.
func (s *settings) keep(ctx context.Context, p pair, w way, file string) error {
	// A network that is taught again makes other pictures.
	kept := newer(file, p.photograph.path, p.painting.path) && (w.name != "taught" || newer(file, s.model(p.painting)))
	switch {
	case kept && !s.again[w.name]:
		return nil
	case s.without[w.name]:
		return gap("left out")
	}
	m, err := w.paint(s, ctx, p)
	if err != nil {
		return err
	}
	return imgio.Save(file, m, imgio.Encoding{})
}

// newer reports whether a file is there and not older than those others that are there.
func newer(file string, others ...string) bool {
	f, err := os.Stat(file)
	if err != nil {
		return false
	}
	for _, other := range others {
		if o, err := os.Stat(other); err == nil && o.ModTime().After(f.ModTime()) {
			return false
		}
	}
	return true
}

// losses are the terms of an objective, each times its weight.
type losses struct{ Content, Style float64 }

// judge measures pictures. It opens the network and the painting when it needs them.
type judge struct {
	*settings
	transfer *nst.Transfer
	style    *nst.Style
	painting picture // of the style
}

// measured is what a file beside a picture says about it.
type measured struct {
	Network string
	SHA256  string // of the picture
	Losses  losses
}

// losses returns the losses of a picture, which it keeps in a file beside the picture.
func (j *judge) losses(ctx context.Context, p pair, file string) (losses, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return losses{}, err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(raw))
	beside := strings.TrimSuffix(file, ".png") + ".json"
	var m measured
	if text, err := os.ReadFile(beside); err == nil && json.Unmarshal(text, &m) == nil && m.SHA256 == sum && m.Network == j.network {
		return m.Losses, nil
	}
	m = measured{Network: j.network, SHA256: sum}
	if m.Losses, err = j.measure(ctx, p, file); err != nil {
		return losses{}, err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return losses{}, err
	}
	return m.Losses, os.WriteFile(beside, text, 0o666)
}

// measure evaluates the objective.
func (j *judge) measure(ctx context.Context, p pair, file string) (losses, error) {
	if err := j.prepare(ctx, p.painting); err != nil {
		return losses{}, err
	}
	content, _, err := imgio.Open(p.photograph.path)
	if err != nil {
		return losses{}, err
	}
	painted, _, err := imgio.Open(file)
	if err != nil {
		return losses{}, err
	}
	score, err := j.transfer.Score(ctx, content, j.style, painted)
	if err != nil {
		return losses{}, err
	}
	var l losses
	for _, t := range score.Content {
		l.Content += t.Loss * t.Weight
	}
	for _, t := range score.Style {
		l.Style += t.Loss * t.Weight
	}
	return l, nil
}

// prepare opens the network, once, and the painting.
func (j *judge) prepare(ctx context.Context, painting picture) error {
	if j.transfer == nil {
		w, err := load(j.network)
		if err != nil {
			return err
		}
		if j.transfer, err = nst.New(w, j.options); err != nil {
			return err
		}
	}
	if j.style != nil && j.painting == painting {
		return nil
	}
	var err error
	j.style, err = openStyle(ctx, j.transfer, painting)
	j.painting = painting
	return err
}

func (j *judge) close() {
	if j.transfer != nil {
		j.transfer.Close()
	}
}
