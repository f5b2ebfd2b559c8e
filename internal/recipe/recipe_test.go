package recipe_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nst/internal/recipe"
)

// sum is a checksum of the right form.
var sum = strings.Repeat("0123456789abcdef", 4)

// sample returns a recipe that has everything.
func sample() *recipe.Recipe {
	return &recipe.Recipe{
		Version: recipe.Version, About: recipe.About("stylize"), SourceType: recipe.SourceType("stylize"),
		Program: "nst v1.0.0", Command: "stylize",
		Engine:   recipe.Engine{Device: "cpu", Kernels: "avx2", Platform: "linux/amd64"},
		Settings: map[string]string{"size": "256", "seed": "7", "init": "noise", "color": "style"},
		Changed:  []string{"size", "init", "seed"},
		Short:    map[string]string{"preset": "gatys"},
		Output:   map[string]string{"quality": "90"},
		Inputs: []recipe.Input{
			{Role: recipe.Content, File: recipe.FileOfBytes("/home/me/Böcklin <1>.jpg", []byte("content"))},
			{Role: recipe.Style, File: recipe.FileOfBytes(`C:\pictures\a.png`, []byte("a"))},
			{Role: recipe.Style, File: recipe.FileOfBytes("b.png", []byte("b"))},
			{Role: recipe.ContentMask, File: recipe.File{Name: "rest"}},
			{Role: recipe.ContentMask},
		},
		Weights: []recipe.File{{Name: "vgg19", SHA256: sum, Bytes: 80 << 20}},
		Stopped: "interrupted",
	}
}

func TestRoundTrip(t *testing.T) {
	r := sample()
	data, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := recipe.Parse(data)
	if err != nil || !reflect.DeepEqual(r, back) {
		t.Fatalf("became %+v, error %v", back, err)
	}
	if again, err := back.Marshal(); err != nil || string(again) != string(data) {
		t.Errorf("other bytes: %s, error %v", again, err)
	}
	text := string(data)
	if !strings.HasPrefix(text, `{"recipe":1,"about":"This picture was made by nst`) || !strings.Contains(text, `"settings":{"color":"style","init":"noise","seed":"7","size":"256"}`) {
		t.Errorf("keys are not in order: %s", text)
	}
	for _, secret := range []string{"/home", "pictures"} {
		if strings.Contains(text, secret) {
			t.Errorf("holds a path: %s", text)
		}
	}
	if !strings.Contains(text, "Böcklin <1>.jpg") {
		t.Errorf("characters are escaped: %s", text)
	}
	if seed, ok := back.Seed(); seed != 7 || !ok {
		t.Errorf("seed %d, %v", seed, ok)
	}
	if styles := back.Of(recipe.Style); len(styles) != 2 || styles[1].Name != "b.png" {
		t.Errorf("styles %v", styles)
	}
}

// What makes the picture changes the hash, and nothing else does.
func TestHash(t *testing.T) {
	want := sample().Hash()
	same := map[string]func(*recipe.Recipe){
		"nothing":         func(*recipe.Recipe) {},
		"names":           func(r *recipe.Recipe) { r.Inputs[0].Name, r.Weights[0].Name = "c.jpg", "mine" },
		"output":          func(r *recipe.Recipe) { r.Output = nil },
		"short forms":     func(r *recipe.Recipe) { r.Short, r.Changed = nil, nil },
		"program":         func(r *recipe.Recipe) { r.Program, r.About = "nst v2", "" },
		"instruction set": func(r *recipe.Recipe) { r.Engine.Kernels, r.Engine.Platform = "generic", "" },
		"stopped":         func(r *recipe.Recipe) { r.Stopped = "" },
	}
	for name, change := range same {
		r := sample()
		if change(r); r.Hash() != want {
			t.Errorf("%s: another hash", name)
		}
	}
	other := map[string]func(*recipe.Recipe){
		"setting":         func(r *recipe.Recipe) { r.Settings["size"] = "257" },
		"fewer settings":  func(r *recipe.Recipe) { delete(r.Settings, "color") },
		"command":         func(r *recipe.Recipe) { r.Command = "texture" },
		"input":           func(r *recipe.Recipe) { r.Inputs[1].File = recipe.FileOfBytes("a.png", []byte("A")) },
		"order":           func(r *recipe.Recipe) { r.Inputs[1], r.Inputs[2] = r.Inputs[2], r.Inputs[1] },
		"role":            func(r *recipe.Recipe) { r.Inputs[2].Role = recipe.StyleMask },
		"word":            func(r *recipe.Recipe) { r.Inputs[3].Name = "" },
		"weights":         func(r *recipe.Recipe) { r.Weights[0].SHA256 = strings.Repeat("1", 64) },
		"device":          func(r *recipe.Recipe) { r.Engine.Device = "cuda" },
		"precision":       func(r *recipe.Recipe) { r.Engine.Precision = "fp32" },
		"words, not sums": func(r *recipe.Recipe) { r.Inputs[0].Name, r.Inputs[0].SHA256 = r.Inputs[0].SHA256, "" },
	}
	seen := map[string]string{want: "the same recipe"}
	for name, change := range other {
		r := sample()
		change(r)
		if was, ok := seen[r.Hash()]; ok {
			t.Errorf("%s: the hash of %s", name, was)
		}
		seen[r.Hash()] = name
	}
}

func TestParseErrors(t *testing.T) {
	data, err := sample().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s in %s", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, text := range map[string]string{
		"nothing":             "",
		"cut":                 good[:len(good)-1],
		"cut in a key":        good[:30],
		"no version":          swap(`"recipe":1,`, ""),
		"version of a word":   swap(`"recipe":1`, `"recipe":"1"`),
		"two recipes":         good + good,
		"a list":              "[1]",
		"long":                swap(`"about":"`, `"about":"`+strings.Repeat("x", recipe.MaxBytes)),
		"long text":           swap(`"about":"`, `"about":"`+strings.Repeat("x", 65<<10)),
		"folder":              swap("b.png", "../b.png"),
		"folder of windows":   swap("b.png", `..\\b.png`),
		"dots":                swap("b.png", ".."),
		"NUL":                 swap("b.png", `b\u0000.png`),
		"role":                swap(`"role":"style"`, `"role":"--output"`),
		"short checksum":      swap(sum, sum[1:]),
		"checksum":            swap(sum, "x"+sum[1:]),
		"weights without sum": swap(`"sha256":"`+sum+`",`, ""),
		"negative size":       swap(`"bytes":7`, `"bytes":-7`),
		"huge size":           swap(`"bytes":7`, `"bytes":1e300`),
		"flag":                swap(`"size"`, `"size=1 --output"`),
		"dashes":              swap(`"seed"`, `"--seed"`),
		"changed":             swap(`["size",`, `["output",`),
		"command":             swap(`"command":"stylize"`, `"command":"rm -rf"`),
		"deep":                swap(`"settings":{`, `"settings":{"x":`+strings.Repeat("[", 20_000)),
		"many inputs":         swap(`"inputs":[`, `"inputs":[`+strings.Repeat(`{"role":"style","name":"a"},`, 1001)),
	} {
		if r, err := recipe.Parse([]byte(text)); !errors.Is(err, recipe.ErrCorrupt) || r != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	var version *recipe.VersionError
	if _, err := recipe.Parse([]byte(`{"recipe":2,"settings":["of another form"]}`)); !errors.As(err, &version) || version.Version != 2 {
		t.Errorf("version 2: %v", err)
	}
	if _, err := recipe.Parse([]byte(swap(`"about"`, `"new":{"a":[1]},"about"`))); err != nil {
		t.Errorf("a new field: %v", err)
	}
	bad := sample()
	bad.Inputs[0].Name = "a/b"
	if _, err := bad.Marshal(); !errors.Is(err, recipe.ErrCorrupt) {
		t.Errorf("marshal of a path: %v", err)
	}
}

func TestFileOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, []byte("abc"), 0o666); err != nil {
		t.Fatal(err)
	}
	want := recipe.File{Name: "a.txt", SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Bytes: 3} // FIPS 180-4
	if got, err := recipe.FileOf(path); got != want || err != nil {
		t.Errorf("%+v, error %v", got, err)
	}
	if got := recipe.FileOfBytes("x/a.txt", []byte("abc")); got != want {
		t.Errorf("%+v", got)
	}
	if _, err := recipe.FileOf(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestBase(t *testing.T) {
	for path, want := range map[string]string{
		"a.png": "a.png", "/x/a.png": "a.png", `C:\x\a.png`: "a.png", "x/": "x", "..": "", "x/..": "", "": "", "a\xff.png": "a\uFFFD.png",
	} {
		if got := recipe.Base(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// FuzzParse checks that what Parse takes is written back to what gives the same recipe.
func FuzzParse(f *testing.F) {
	data, err := sample().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte(`{"recipe":1,"command":"a","settings":null,"inputs":[{"role":"a","name":""}],"weights":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := recipe.Parse(data)
		if err != nil {
			return
		}
		out, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := recipe.Parse(out)
		if err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if again, err := back.Marshal(); err != nil || string(again) != string(out) || back.Hash() != r.Hash() {
			t.Fatalf("%s became %s, error %v", out, again, err)
		}
	})
}
