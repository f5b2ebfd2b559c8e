package main

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"nst/imgio"
	"nst/internal/recipe"
	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// maker makes the recipes of the pictures of a run. A nil maker makes none.
type maker struct {
	t    *console
	base recipe.Recipe
}

// newMaker returns the maker of a command with a network that compares pictures, on a device
// and in a precision that [nst.Transfer.Device] and its Precision name. It is nil with --no-recipe.
func (s *settings) newMaker(t *console, command string, in commands, net *vgg.Network, device string, by nst.Precision) (*maker, error) {
	if s.noRecipe {
		return nil, nil
	}
	eff := s.effective(in, net)
	m := &maker{t, recipe.Recipe{
		Version: recipe.Version, About: recipe.About(command), SourceType: recipe.SourceType(command),
		Program: "nst " + version(), Command: command,
		Settings: eff.values, Changed: eff.changed, Short: eff.short,
		Inputs: []recipe.Input{}, Weights: []recipe.File{},
	}}
	if !t.e.wholePictures {
		m.base.Reading = recipe.ReadingReduced
	}
	var err error
	if m.base.Engine, err = engine(device, by); err != nil {
		return nil, err
	}
	if net != nil {
		w, err := s.networkSum(t.e)
		if err != nil {
			return nil, err
		}
		m.base.Weights = append(m.base.Weights, w)
	}
	return m, nil
}

// engine describes what computes.
func engine(device string, by nst.Precision) (recipe.Engine, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	if !strings.HasPrefix(device, nst.DeviceCPU) {
		return recipe.Engine{Device: nst.DeviceCUDA, Precision: string(by), Kernels: device, Platform: platform}, nil
	}
	system, err := nst.System(1)
	e := recipe.Engine{Device: nst.DeviceCPU, Kernels: system.Kernels, Platform: platform}
	if by != nst.PrecisionFP32 {
		e.Precision = string(by)
	}
	return e, err
}

// networkSum describes the network that compares pictures.
func (s *settings) networkSum(e *env) (recipe.File, error) {
	if s.network == vgg.EmbeddedName {
		sum, n := vgg.EmbeddedSum()
		return recipe.File{Name: s.network, SHA256: sum, Bytes: n}, nil
	}
	f, err := recipe.FileOf(s.networkFile(e))
	f.Name = recipe.Base(s.network)
	return f, err
}

// maker returns the maker of nst apply.
func (o *applyOptions) maker(t *console, styles []styleRef) (*maker, error) {
	m, err := o.onePassMaker(t, styles)
	if m == nil || err != nil {
		return nil, err
	}
	return m, m.readMasks(&o.masks)
}

// onePassMaker returns the maker of pictures that are painted in one pass. Paintings are inputs;
// of the styles of a network, the recipe has the file of the network and their names.
func (s *settings) onePassMaker(t *console, styles []styleRef) (*maker, error) {
	m, err := s.newMaker(t, "apply", inApply, nil, nst.DeviceCPU, nst.PrecisionFP32)
	if m == nil || err != nil {
		return nil, err
	}
	var names []string
	for _, s := range styles {
		if s.model == nil {
			err = m.read(recipe.Style, s.path)
		}
		if err != nil {
			return nil, err
		}
		names = append(names, s.name)
	}
	var w recipe.File
	switch first := styles[0]; {
	case first.model == nil:
		m.readUniversal()
		return m, nil
	case first.path == "":
		w.Name = "builtin"
		w.SHA256, w.Bytes = instant.BuiltinSum()
	default:
		if w, err = recipe.FileOf(first.path); err != nil {
			return nil, &fileError{"network", first.path, err}
		}
	}
	m.base.Settings["style"] = strings.Join(names, ",")
	m.base.Weights = append(m.base.Weights, w)
	return m, nil
}

// readUniversal adds the network that paints in the style of any picture.
func (m *maker) readUniversal() {
	w := recipe.File{Name: "universal"}
	w.SHA256, w.Bytes = instant.UniversalSum()
	m.base.Weights = append(m.base.Weights, w)
}

// warn returns what a run calls when the processor replaces the card: then the processor has
// made the picture.
func (m *maker) warn(t *console) func(error) {
	return func(err error) {
		t.warn(err)
		if m == nil {
			return
		}
		if engine, err := engine(nst.DeviceCPU, nst.PrecisionFP32); err == nil {
			m.base.Engine = engine
		}
	}
}

// read adds files that every picture of the run depends on. A word such as rest stands for
// itself.
func (m *maker) read(role recipe.Role, paths ...string) error {
	if m == nil {
		return nil
	}
	for _, path := range paths {
		f := recipe.File{Name: path}
		if path != "" && (role != recipe.ContentMask || path != rest) {
			var err error
			if f, err = recipe.FileOf(path); err != nil {
				return &fileError{string(role) + " image", path, err}
			}
		}
		m.base.Inputs = append(m.base.Inputs, recipe.Input{Role: role, File: f})
	}
	return nil
}

// readMasks adds the masks.
func (m *maker) readMasks(k *masks) error {
	if err := m.read(recipe.ContentMask, k.content...); err != nil {
		return err
	}
	if err := m.read(recipe.StyleMask, k.style...); err != nil {
		return err
	}
	if k.protect == "" {
		return nil
	}
	return m.read(recipe.Protect, k.protect)
}

// of returns the provenance of a picture over a content, which is stored at path in the way
// that the flags say. stopped says why the run ended early, empty if it did not. A nil original
// is that of a texture.
func (m *maker) of(s *settings, o *original, path, stopped string) imgio.Provenance {
	if m == nil {
		return imgio.Provenance{}
	}
	r := m.base
	format, err := s.formatOf(path)
	if err != nil {
		return imgio.Provenance{} // it was checked
	}
	if o != nil {
		r.Inputs = append([]recipe.Input{{Role: recipe.Content, File: o.file}}, r.Inputs...)
		if o.seen {
			r.Settings = withSetting(r.Settings, "alpha", s.below(format))
			if s.alpha != "" {
				r.Changed = append(r.Changed[:len(r.Changed):len(r.Changed)], "alpha")
			}
		}
	}
	r.Output, r.Stopped = s.stored(format), stopped
	data, err := r.Marshal()
	made := imgio.Provenance{Software: r.Program, About: r.About, SourceType: r.SourceType, Recipe: string(data)}
	copyright := ""
	if o != nil {
		copyright = o.meta.Copyright
	}
	if err == nil && !made.Fits(format, copyright) {
		err = fmt.Errorf("%d bytes do not fit into a JPEG", len(data))
	}
	if err != nil { // no reason to lose a picture
		m.t.say("%s has no recipe: %s", path, reason(err))
		made.Recipe = ""
	}
	return made
}

// withSetting returns settings with one more.
func withSetting(settings map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	for k, v := range settings {
		out[k] = v
	}
	return out
}

// stored returns the flags that say how a picture is stored in a format.
func (s *settings) stored(format string) map[string]string {
	out := map[string]string{}
	if format == "jpeg" {
		out["quality"] = strconv.Itoa(s.quality)
	}
	if len(imgio.Depths(format)) > 1 {
		out["bit-depth"] = strconv.Itoa(s.depthOf(format))
	}
	for name, on := range map[string]bool{"dither": s.dither, "keep-exif": s.keepEXIF, "keep-gps": s.keepGPS} {
		if on {
			out[name] = "on"
		}
	}
	return out
}

// stopWords says why a run ended early, empty if it did not.
func stopWords(r *nst.Result, err error) string {
	switch {
	case r.Stop == nst.StopInterrupted:
		return "interrupted after " + count(r.Iterations, "iteration")
	case err != nil:
		return "failed after " + count(r.Iterations, "iteration")
	case r.Stop == nst.StopTime:
		return "out of time after " + count(r.Iterations, "iteration")
	}
	return ""
}
