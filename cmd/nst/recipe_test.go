package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"

	"nst/imgio"
	"nst/internal/recipe"
)

// plainRecipe is a recipe of nst stylize.
func plainRecipe() *recipe.Recipe {
	return &recipe.Recipe{
		Version: recipe.Version, Program: "nst test", Command: "stylize", Engine: recipe.Engine{Device: "cpu", Kernels: "avx2", Platform: "linux/amd64"},
		Settings: map[string]string{"network": "slim", "size": "64", "mirror-styles": "on"}, Changed: []string{"size"},
		Inputs: []recipe.Input{
			{Role: recipe.Content, File: recipe.FileOfBytes("a b.png", []byte("a"))},
			{Role: recipe.Style, File: recipe.FileOfBytes("it's.png", []byte("b"))},
		},
		Weights: []recipe.File{},
	}
}

// withRecipe writes a picture with a text as its recipe.
func withRecipe(t *testing.T, path, text string) {
	t.Helper()
	e := imgio.Encoding{Provenance: imgio.Provenance{Recipe: text}}
	if err := imgio.Save(path, grey(4, 4), e); err != nil {
		t.Fatal(err)
	}
}

// said runs nst and returns its exit code and what it printed.
func said(t *testing.T, args ...string) (code int, text string) {
	t.Helper()
	var b bytes.Buffer
	e := quietEnv()
	e.Stdout, e.Stderr = &b, &b
	return run(t.Context(), e, args), b.String()
}

// A recipe that no nst wrote is refused by both commands, with a message and without a trace.
func TestHostileRecipes(t *testing.T) {
	data, err := plainRecipe().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, tt := range map[string]struct{ text, message string }{
		"truncated":       {good[:len(good)/2], "damaged"},
		"another version": {strings.Replace(good, `"recipe":1`, `"recipe":9`, 1), "version 9, this program knows version 1"},
		"huge":            {`{"recipe":1,"about":"` + strings.Repeat("x", 2<<20) + `"}`, "longer than 1048576 bytes"},
		"deep":            {`{"recipe":1,"about":` + strings.Repeat("[", 100_000), "damaged"},
		"command":         {strings.Replace(good, `"stylize"`, `"train"`, 1), "train"},
		"network path":    {strings.Replace(good, `"slim"`, `"../slim"`, 1), "--network"},
		"init path":       {strings.Replace(good, `"size":`, `"init":"/dev/random","size":`, 1), "--init"},
		"no inputs":       {strings.Replace(good, `"content"`, `"mask"`, 1), "want CONTENT STYLE"},
		"value":           {strings.Replace(good, `"64"`, `"64 --overwrite"`, 1), "must be original or a number"},
		"empty":           {"{}", "no version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			withRecipe(t, "p.png", tt.text)
			code, text := said(t, "rerun", "p.png")
			if code == exitDone || !strings.Contains(text, tt.message) || strings.Count(text, "\n") > 6 {
				t.Errorf("rerun: exit code %d, %.500q; want %q", code, text, tt.message)
			}
			if code, text := said(t, "recipe", "p.png"); code != exitDone && !strings.Contains(text, tt.message) {
				t.Errorf("recipe: exit code %d, %.500q", code, text)
			}
			if files, err := os.ReadDir("."); len(files) != 1 {
				t.Errorf("%v, error %v", files, err)
			}
		})
	}
}

// Settings of a recipe that are no flags of the picture do nothing.
func TestRecipeCannotSetOutputs(t *testing.T) {
	r := plainRecipe()
	r.Settings["output"], r.Settings["log"], r.Settings["overwrite"], r.Settings["threads"] = "x.png", "log.jsonl", "on", "1"
	r.Output = map[string]string{"log": "log.jsonl", "output": "x.png"}
	r.Short = map[string]string{"output": "x.png"}
	line, err := commandLine(r, "dir/p.png")
	if want := `nst stylize 'a b.png' 'it'\''s.png' --size=64 --network=slim -o p.png`; line != want || err != nil {
		t.Errorf("%s, error %v, want %s", line, err, want)
	}
}

// A recipe of an nst with other defaults and presets has the same settings in this one.
func TestRecipeOfOtherDefaults(t *testing.T) {
	r := plainRecipe()
	r.Settings["iterations"], r.Changed, r.Short = "77", nil, map[string]string{"preset": "gone"}
	line, err := commandLine(r, "p.jpg")
	if want := `--size=64 --iterations=77 --network=slim -o p.jpg`; !strings.HasSuffix(line, want) || strings.Contains(line, "gone") || err != nil {
		t.Errorf("%s, error %v, want %s", line, err, want)
	}
}

// FuzzCommandLine checks that no recipe makes the commands panic.
func FuzzCommandLine(f *testing.F) {
	data, err := plainRecipe().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(bytes.Replace(data, []byte("stylize"), []byte("apply"), 1))
	f.Add(bytes.Replace(data, []byte("stylize"), []byte("texture"), 1))
	f.Add(bytes.Replace(data, []byte(`"size":"64"`), []byte(`"size":"64","optimizer":"adam","beta2":"0.5","strength":"3","style":"a,b","aspect":"1:2"`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := recipe.Parse(data)
		if err != nil {
			return
		}
		_ = showRecipe(&bytes.Buffer{}, r, "p.png")
		if d, err := newRedo(r, func(string) bool { return false }); err == nil {
			_, _ = d.settle("p.png", []string{"--size=32"})
		}
	})
}

// The pixels of a 16-bit picture that a mask protects come through exactly.
func TestProtectedPixelsOf16Bits(t *testing.T) {
	t.Chdir(t.TempDir())
	const w, h = 64, 48
	m, mask := image.NewNRGBA64(image.Rect(0, 0, w, h)), image.NewGray(image.Rect(0, 0, w, h))
	for i := range w * h {
		v := uint16(i * 21) // a gradient over all of 0 to 64491
		m.SetNRGBA64(i%w, i/w, color.NRGBA64{R: v, G: 65535 - v, B: v ^ 0x5555, A: 65535})
		if i%w < w/2 {
			mask.SetGray(i%w, i/w, color.Gray{Y: 255})
		}
	}
	for name, m := range map[string]image.Image{"photo.png": m, "mask.png": mask} {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, out := range []string{"out.png", "out.tif"} {
		code, text := said(t, "stylize", "photo.png", "photo.png", "-o", out, "--bit-depth", "16", "--draft", "--size", "original",
			"--iterations", "2", "--scales", "1", "--init", "noise", "--protect", "mask.png", "-q")
		if code != exitDone {
			t.Fatalf("exit code %d: %s", code, text)
		}
		got, info, err := imgio.OpenImage(out)
		if err != nil || !info.Deep {
			t.Fatalf("%+v, error %v", info, err)
		}
		changed := 0
		for i := range w * h {
			r, g, b, _ := got.At(i%w, i/w).RGBA()
			wr, wg, wb, _ := m.At(i%w, i/w).RGBA()
			if same := r == wr && g == wg && b == wb; !same && i%w < w/2 {
				t.Fatalf("%s: pixel %d is %d %d %d, was %d %d %d", out, i, r, g, b, wr, wg, wb)
			} else if !same {
				changed++
			}
		}
		if changed < w*h/4 {
			t.Errorf("%s: only %d pixels are painted", out, changed)
		}
	}
}

// A recipe of an older nst is made again with what its settings meant then.
func TestFormerSettings(t *testing.T) {
	for settings, want := range map[string]string{
		`"network":"slim","tv-weight":"10","tv-form":"quadratic"`: "--tv-weight=10 --tv-form=quadratic",
		`"network":"torch19","tv-weight":"0"`:                     "--calibrate=off",
		`"network":"slim","tv-weight":"0","calibrate":"on"`:       "",
		`"network":"slim","mirror-styles":"off"`:                  "--mirror-styles=off",
	} {
		text := strings.Replace(mustMarshal(t, plainRecipe()), `"network":"slim"`, settings, 1)
		r, err := recipe.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d, err := newRedo(r, func(string) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(d.words(), " ")
		for _, word := range strings.Fields(want) {
			if !strings.Contains(got, word) {
				t.Errorf("%s: %s, want %s", settings, got, want)
			}
		}
		if want == "" && (strings.Contains(got, "calibrate") || strings.Contains(got, "tv-form")) {
			t.Errorf("%s: %s", settings, got)
		}
	}
	old := plainRecipe()
	old.Command, old.Inputs = "texture", old.Inputs[1:]
	old.Settings["tv-weight"] = "10"
	d, err := newRedo(old, func(string) bool { return false })
	if err != nil || !strings.Contains(strings.Join(d.words(), " "), "--tv-form=quadratic") {
		t.Errorf("a texture: %v, %v", d, err)
	}
}

func mustMarshal(t *testing.T, r *recipe.Recipe) string {
	t.Helper()
	data, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
