package vgg_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nst/vgg"
)

func ExampleStore() {
	dir, err := os.MkdirTemp("", "nst")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s := vgg.Store{Dir: dir} // for the user's own: vgg.Home(os.Getenv)

	ws, err := vgg.Import(context.Background(), "../testdata/weights/torch-legacy.pth", vgg.ImportOptions{Network: "tiny"})
	if err != nil {
		panic(err)
	}
	if _, err := s.Save("mine", ws, true); err != nil {
		panic(err)
	}
	entries, err := s.List()
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		fmt.Println(e.Name, e.Info.Network.Name, e.Last, e.Info.Convention.Name)
	}
	// Output: mine tiny conv5_1 torchvision
}

func TestHome(t *testing.T) {
	for _, c := range []struct {
		system string
		env    map[string]string
		want   string // empty: an error
	}{
		{"linux", map[string]string{"NST_HOME": "here", "HOME": "/home/me"}, "here"},
		{"linux", map[string]string{"XDG_DATA_HOME": "/data", "HOME": "/home/me"}, "/data/nst"},
		{"linux", map[string]string{"XDG_DATA_HOME": "data", "HOME": "/home/me"}, "/home/me/.local/share/nst"},
		{"linux", map[string]string{"HOME": "/home/me"}, "/home/me/.local/share/nst"},
		{"linux", nil, ""},
		{"darwin", map[string]string{"XDG_DATA_HOME": "/data", "HOME": "/Users/me"}, "/Users/me/Library/Application Support/nst"},
		{"windows", map[string]string{"LocalAppData": "/Users/me/AppData/Local", "HOME": "/home/me"}, "/Users/me/AppData/Local/nst"},
		{"windows", map[string]string{"HOME": "/home/me"}, ""},
	} {
		got, err := vgg.HomeOn(c.system, func(k string) string { return c.env[k] })
		if filepath.ToSlash(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s, %v: got %q, %v, want %q", c.system, c.env, got, err, c.want)
		}
	}
}

func TestStore(t *testing.T) {
	s := vgg.Store{Dir: filepath.Join(t.TempDir(), "not", "yet")}
	if l, err := s.List(); err != nil || len(l) != 0 {
		t.Errorf("a store that does not exist: %v, %v", l, err)
	}
	ws := tiny(t, "conv5_1")
	path, err := s.Save("", ws, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := s.Path("tiny"); path != want {
		t.Errorf("saved as %q, want %q", path, want)
	}
	for _, name := range []string{"tiny", path} {
		got, err := s.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, ws) {
			t.Errorf("%s: got other weights back", name)
		}
	}
	ws.Convention = vgg.Torchvision()
	if _, err := s.Save("mine", tiny(t, "conv2_1"), true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save("", ws, true); err != nil { // in place of the first
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path("broken"), []byte("nothing"), 0o644); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(filepath.Dir(path), "notes.txt"), nil, 0o644)
	list, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
	}
	if want := []string{"broken", "mine", "tiny"}; !slices.Equal(names, want) {
		t.Fatalf("got %q, want %q", names, want)
	}
	if e := list[0]; e.Err == nil || e.Info != nil || !strings.Contains(e.Err.Error(), "broken.safetensors") {
		t.Errorf("broken file: %+v", e)
	}
	if e := list[1]; e.Err != nil || e.Last != "conv2_1" || !e.Half || e.Info.Convention != vgg.Caffe() {
		t.Errorf("mine: %+v", e)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if e := list[2]; e.Last != "conv5_1" || !e.Half || e.Size != info.Size() || e.Info.Convention != vgg.Torchvision() || e.Info.Source != ws.Source {
		t.Errorf("tiny: %+v", e)
	}
}

// A Save that fails leaves what was there and nothing else.
func TestSaveFails(t *testing.T) {
	s := vgg.Store{Dir: t.TempDir()}
	good := tiny(t, "conv2_1")
	path, err := s.Save("", good, false)
	if err != nil {
		t.Fatal(err)
	}
	bad := tiny(t, "conv2_1")
	bad.Filters["conv2_1"].W[0] = 1e6 // too large for float16, and near the end
	if _, err := s.Save("", bad, true); err == nil {
		t.Error("saved what cannot be written")
	}
	if got, err := s.Load("tiny"); err != nil || !reflect.DeepEqual(got, good) {
		t.Errorf("the file that was there is gone: %v", err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files in the store, want 1", len(files))
	}
	for _, name := range []string{"../up", "a/b", ".hidden", "c:d", "a\x1b[31m", "a\xff"} {
		if _, err := s.Save(name, good, true); err == nil {
			t.Errorf("saved under %q", name)
		}
	}
}

func TestLoad(t *testing.T) {
	s := vgg.Store{Dir: t.TempDir()}
	_, err := s.Load("vgg19")
	var missing *vgg.NotFoundError
	if !errors.As(err, &missing) || missing.Name != "vgg19" || missing.Path != s.Path("vgg19") || !errors.Is(err, vgg.ErrNoWeights) {
		t.Errorf("no weights: got %v", err)
	}
	file := filepath.Join(t.TempDir(), "weights.bin")
	if _, err := s.Load(file); !errors.Is(err, vgg.ErrNoWeights) {
		t.Errorf("no file: got %v", err)
	}
	t.Chdir(filepath.Dir(file))
	if err := os.WriteFile(file, write(t, tiny(t, "conv1_1"), true), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, "weights.bin", "./weights.bin"} {
		if _, err := s.Load(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(file, []byte("something else"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(file); err == nil || errors.Is(err, vgg.ErrNoWeights) {
		t.Errorf("another file: got %v", err)
	}
}
