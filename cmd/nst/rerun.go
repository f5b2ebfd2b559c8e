package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/internal/recipe"
	"nst/nst"
	"nst/nst/instant"
)

// newRerunCmd returns nst rerun.
func newRerunCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rerun PICTURE [INPUT...] [--inputs DIR] [flags of the command]",
		Short: "Make a picture again from its recipe",
		Long: `rerun makes PICTURE again with the recipe that is stored in it: the same command
with the same settings. Flags of that command change settings. The result is
OUT, or PICTURE-rerun.png in the current folder.

The files that the recipe names are looked for in the current folder, beside
PICTURE, and in --inputs DIR with all folders below, by name and by SHA-256. rerun
says where a file, the network, the version or the processor is not that of the
recipe. With the same ones, the result has the same bytes. INPUT... replaces the
pictures of the recipe, in the order of the command.

A --preset replaces all settings of the recipe. A --strength replaces the weights.`,
		Example: `  nst rerun out.png
  nst rerun out.png --size 1024 -o large.png
  nst rerun out.png other.jpg painting.jpg --inputs ~/pictures`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.ContainsFunc(args, func(a string) bool { return a == "--help" || a == "-h" || a == "--help-all" }) {
				return cmd.Help()
			}
			if len(args) == 0 || strings.HasPrefix(args[0], "-") {
				return &usageError{cmd, errors.New("PICTURE must be the first argument")}
			}
			dirs, rest, err := cutInputs(args[1:])
			if err != nil {
				return &usageError{cmd, err}
			}
			return rerun(cmd.Context(), e, args[0], dirs, rest)
		},
	}
	cmd.Flags().StringArray("inputs", nil, "folder `DIR` to look for files in, with those below; may be repeated")
	return cmd
}

// cutInputs takes --inputs out of arguments.
func cutInputs(args []string) (dirs, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		switch dir, ok := strings.CutPrefix(args[i], "--inputs="); {
		case ok:
			dirs = append(dirs, dir)
		case args[i] == "--inputs" && i+1 < len(args):
			i++
			dirs = append(dirs, args[i])
		case args[i] == "--inputs":
			return nil, nil, errors.New("--inputs needs a folder")
		default:
			rest = append(rest, args[i])
		}
	}
	return dirs, rest, nil
}

// missingError means that files of a recipe are not found.
type missingError struct{ name string }

// Error names the file.
func (e *missingError) Error() string { return "not found" }

func rerun(ctx context.Context, e *env, path string, dirs, args []string) error {
	r, _, err := e.recipeOf(path)
	if err != nil {
		return err
	}
	plain, err := newRedo(r, func(string) bool { return true })
	if err != nil {
		return &fileError{"picture", path, err}
	}
	user := plain.command(func(*settings) {}) // only reads the flags
	if err := user.ParseFlags(args); err != nil {
		return flagError(user, err)
	}
	changed := func(name string) bool { return user.Flags().Lookup(name) != nil && user.Flags().Changed(name) }
	dropped := replacedBy(changed)
	d, err := newRedo(r, dropped)
	if err != nil {
		return &fileError{"picture", path, err}
	}
	output := user.Flags().Lookup("output").Value.String()
	if output == "" {
		ext := filepath.Ext(path)
		if _, err := imgio.FormatOf(path); err != nil {
			ext = ".png"
		}
		output = batch.Stem(path) + "-rerun" + ext
		args = append(slices.Clone(args), "--output="+output)
	}
	if format, err := imgio.FormatOf(output); err == nil {
		d.store(format, dropped)
	}
	removed, err := d.settle(output, userFlags(user))
	if err != nil {
		return err
	}
	s := &settings{storage: storage{}, progress: user.Flag("progress").Value.String(), quiet: changed("quiet")}
	t := newConsole(e, s)
	for _, g := range removed {
		t.say("%s of the recipe has no effect here: left out", g.String())
	}
	t.compare(r)
	line, err := d.line(e, t, dropped, user, &finder{folders: []string{".", filepath.Dir(path)}, trees: dirs})
	if err != nil {
		return err
	}
	again := *e
	again.Args = append(line, args...)
	again.wholePictures = r.Reading == 0 // of a program before that reduced large ones
	root := newRootCmd(&again)
	root.SetArgs(again.Args)
	return root.ExecuteContext(ctx)
}

// replacedBy reports which flags of a recipe do not count beside those that the user gives.
func replacedBy(changed func(string) bool) func(string) bool {
	return func(name string) bool {
		row, _ := findFlag(func(r *flagRow) bool { return r.name == name })
		switch {
		case changed(name) || row.old != "" && changed(row.old):
			return true
		case changed("preset"):
			return row.isOption() || row.isShort()
		case changed("strength"):
			return name == "content-weight" || name == "style-weight" || name == "preset"
		case name == "strength":
			return changed("content-weight") || changed("style-weight")
		case name == "network":
			return changed("draft")
		}
		return false
	}
}

// userFlags returns the flags that were given to a command, but for files: they need not
// exist to be checked.
func userFlags(cmd *cobra.Command) []string {
	var words []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "style" { // of apply, takes files
			words = append(words, given{f.Name, f.Value.String()}.String())
		}
	})
	return words
}

// line returns the arguments of the command that makes the picture again, but for those of the
// user.
func (d *redo) line(e *env, t *console, dropped func(string) bool, user *cobra.Command, f *finder) ([]string, error) {
	var errs []error
	name := func(role recipe.Role, want recipe.File) string {
		path, same := f.find(want)
		if path == "" && role == roleNetwork {
			path, same = e.importedModel(want)
		}
		what := string(role) + " image"
		if role == roleNetwork {
			what = "network"
		}
		switch {
		case path == "":
			errs = append(errs, &fileError{what, want.Name, &missingError{want.Name}})
		case !same:
			t.say("%s %q is not that of the recipe: its contents differ", what, path)
		case filepath.Base(path) != want.Name:
			t.say("%s %q of the recipe is now %q", what, want.Name, path)
		}
		if strings.HasPrefix(path, "-") {
			path = "./" + path
		}
		return path
	}
	line := []string{d.recipe.Command}
	if user.Flags().NArg() == 0 {
		line = append(line, d.names(name)...)
	}
	line = append(line, d.files(name, dropped)...)
	for _, g := range d.flags {
		if g.name == "network" && isFile(g.value) {
			g.value = name(roleNetwork, d.recipe.Weights[0])
			if filepath.Base(g.value) == g.value {
				g.value = "./" + g.value
			}
		}
		line = append(line, g.String())
	}
	if d.in != inApply && d.recipe.Engine.Device == nst.DeviceCPU && !user.Flags().Changed("device") {
		line = append(line, "--device="+nst.DeviceCPU)
		if !dropped("precision") {
			line = append(line, "--precision="+string(t.precisionOf(&d.recipe.Engine)))
		}
	} else if d.recipe.Engine.Precision == string(nst.PrecisionFP32) && !dropped("precision") {
		line = append(line, "--precision="+d.recipe.Engine.Precision)
	}
	return line, errors.Join(errs...)
}

// precisionOf returns the precision that paints on the processor as a recipe says. It says so
// if the processor has not that of the recipe.
func (t *console) precisionOf(e *recipe.Engine) nst.Precision {
	if e.Precision == "" {
		return nst.PrecisionFP32
	}
	if here, err := nst.System(1); err != nil || slices.Contains(here.Precisions, nst.Precision(e.Precision)) {
		return nst.Precision(e.Precision)
	}
	t.say("the picture of the recipe was painted with --precision %s, which needs AVX-512 BF16: this one is painted with fp32 and will differ a little", e.Precision)
	return nst.PrecisionFP32
}

// importedModel finds a network for nst apply among the imported ones.
func (e *env) importedModel(want recipe.File) (path string, same bool) {
	folder, err := e.stylesFolder()
	if err != nil {
		return "", false
	}
	return (&finder{folders: []string{folder}}).find(want)
}

// compare says where the program and the machine are not those of the recipe.
func (t *console) compare(r *recipe.Recipe) {
	if now := "nst " + version(); now != r.Program {
		t.say("the recipe is of %s, this is %s: the picture may differ", r.Program, now)
	}
	here, err := engine(r.Engine.Device, nst.PrecisionFP32)
	switch {
	case err != nil:
	case r.Engine.Device != nst.DeviceCPU:
		t.say("the recipe is of a card (%s): the picture may differ in its last bits", r.Engine.Kernels)
	case here.Kernels != r.Engine.Kernels || here.Platform != r.Engine.Platform:
		t.say("the recipe is of a processor with %s (%s), this one has %s (%s): the picture may differ in its last bits; NST_CPU=%s uses the same instructions where the processor has them",
			r.Engine.Kernels, r.Engine.Platform, here.Kernels, here.Platform, r.Engine.Kernels)
	}
	if r.Stopped != "" {
		t.say("the picture of the recipe was saved early (%s): this one is painted to its end", r.Stopped)
	}
	if limit, ok := r.Settings["time"]; ok && limit != "0s" {
		t.say("the recipe has --time %s: the number of iterations depends on the speed of the machine", limit)
	}
	for _, w := range r.Weights {
		if sum, ok := t.weightsNow(r, w.Name); ok && sum != w.SHA256 {
			t.say("network %s is not that of the recipe: the picture will differ", w.Name)
		}
	}
}

// weightsNow returns the checksum of the network of that name, if it is installed or part of
// the program.
func (t *console) weightsNow(r *recipe.Recipe, name string) (sum string, ok bool) {
	switch {
	case r.Command == "apply" && name == "builtin":
		sum, _ = instant.BuiltinSum()
	case r.Command == "apply" && name == "universal":
		sum, _ = instant.UniversalSum()
	case r.Command == "apply" || isFile(name):
		return "", false // a file, which is compared when it is found
	default:
		f, err := (&settings{network: name}).networkSum(t.e)
		if err != nil {
			return "", false // the command says so
		}
		sum = f.SHA256
	}
	return sum, true
}
