// Package archtest checks which package imports which.
package archtest

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// room is a package of the project.
type room struct {
	rank    int      // a room imports only rooms of a lower rank
	imports []string // all rooms and modules that it imports, besides the standard library
}

// rooms lists every package of the program and the tools. It is exact: a package that is
// not listed is an error, and so is a listed import that no file has any more.
var rooms = map[string]room{
	"cmd/nst":                   {7, []string{"cmd/nst/internal/batch", "cmd/nst/internal/entry", "cmd/nst/internal/manifest", "cmd/nst/internal/sheet", "nst", "nst/instant", "vgg", "imgio", "internal/atomicfile", "internal/film", "internal/headroom", "internal/recipe", "github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/schollz/progressbar/v3", "golang.org/x/term"}},
	"cmd/nst/internal/batch":    {6, []string{"cmd/nst/internal/manifest", "nst", "imgio", "internal/atomicfile"}},
	"cmd/nst/internal/entry":    {0, nil},
	"cmd/nst/internal/manifest": {1, []string{"internal/atomicfile", "internal/filelock"}},
	"cmd/nst/internal/sheet":    {6, []string{"internal/palette", "golang.org/x/image"}},

	"nst/instant":           {6, []string{"nst", "vgg", "imgio", "internal/feedforward", "internal/engine/exec", "internal/optim"}},
	"nst":                   {5, []string{"vgg", "vgg/safetensors", "loss", "imgio", "internal/colour", "internal/engine/exec", "internal/optim"}},
	"vgg":                   {4, []string{"vgg/safetensors", "vgg/internal/hdf5", "vgg/internal/mat", "vgg/internal/npy", "vgg/internal/protobuf", "internal/engine/op", "internal/atomicfile", "internal/filelock", "gorgonia.org"}},
	"loss":                  {4, []string{"internal/engine/op", "gorgonia.org"}},
	"internal/colour":       {4, []string{"imgio"}},
	"internal/feedforward":  {5, []string{"vgg", "vgg/safetensors", "loss", "internal/engine/exec", "internal/engine/op", "internal/atomicfile", "gorgonia.org"}},
	"internal/film":         {3, []string{"imgio", "internal/motion", "internal/palette", "internal/filelock", "internal/atomicfile", "golang.org/x/image"}},
	"internal/palette":      {0, nil},
	"internal/motion":       {2, []string{"imgio"}},
	"internal/optim":        {0, nil},
	"imgio":                 {1, []string{"imgio/internal/bmp", "imgio/internal/jpeg", "imgio/internal/png", "imgio/internal/tiff", "internal/atomicfile", "internal/memory", "golang.org/x/image", "github.com/HugoSmits86/nativewebp"}},
	"imgio/internal/tiff":   {0, []string{"imgio/internal/jpeg", "golang.org/x/image", "github.com/klauspost/compress"}},
	"imgio/internal/bmp":    {0, nil},
	"imgio/internal/png":    {0, nil},
	"imgio/internal/jpeg":   {-1, nil},
	"vgg/safetensors":       {0, nil},
	"vgg/internal/mat":      {0, nil},
	"vgg/internal/protobuf": {0, nil},
	"vgg/internal/hdf5":     {1, []string{"vgg/safetensors"}},
	"vgg/internal/npy":      {1, []string{"vgg/safetensors"}},

	"internal/engine/exec":      {3, []string{"internal/engine/op", "internal/engine/kernel", "internal/engine/cuda", "gorgonia.org"}},
	"internal/engine/op":        {2, []string{"internal/engine/kernel", "gorgonia.org", "github.com/chewxy/hm"}},
	"internal/engine/cuda":      {2, []string{"internal/engine/cuda/lazy", "gorgonia.org/cu"}},
	"internal/engine/cuda/lazy": {1, nil},
	"internal/engine/kernel":    {1, []string{"internal/memory", "golang.org/x/sys"}},
	"internal/atomicfile":       {0, nil},
	"internal/memory":           {0, nil},
	"internal/headroom":         {0, []string{"golang.org/x/sys"}},
	"internal/filelock":         {0, []string{"golang.org/x/sys"}},
	"internal/recipe":           {0, nil},

	// No part of the program: only tests and tools import the first two.
	"internal/reftest":      {1, []string{"vgg/safetensors"}},
	"internal/archtest":     {0, nil},
	"tools/builtin":         {6, []string{"internal/feedforward"}},
	"tools/dist":            {0, nil},
	"tools/mca":             {0, nil},
	"tools/tally":           {0, nil},
	"tools/distill/teacher": {5, []string{"vgg", "internal/engine/exec"}},
	"tools/universal":       {6, []string{"imgio", "vgg", "vgg/safetensors", "internal/feedforward", "internal/engine/exec", "internal/optim", "internal/atomicfile"}},
}

// TestImports compares the imports of all packages, under all build tags, with the list.
func TestImports(t *testing.T) {
	found := imports(t)
	for name, imported := range found {
		r, listed := rooms[name]
		if !listed {
			t.Errorf("%s is a new room: list it here, and describe it in CONTRIBUTING.md", name)
			continue
		}
		for _, imp := range imported {
			if !slices.ContainsFunc(r.imports, func(allowed string) bool { return covers(allowed, imp) }) {
				t.Errorf("%s imports %s, which is not in its list", name, imp)
			}
		}
		for _, allowed := range r.imports {
			if _, isRoom := rooms[allowed]; isRoom && found[allowed] == nil {
				continue // reported below
			}
			if !slices.ContainsFunc(imported, func(imp string) bool { return covers(allowed, imp) }) {
				t.Errorf("%s does not import %s any more: take it off the list", name, allowed)
			}
		}
	}
	for name := range rooms {
		if found[name] == nil {
			t.Errorf("there is no package %s: take it off the list", name)
		}
	}
}

// TestImportsRunDown checks the list itself: no room imports one of its own rank or above.
func TestImportsRunDown(t *testing.T) {
	for name, r := range rooms {
		for _, imp := range r.imports {
			if other, isRoom := rooms[imp]; isRoom && other.rank >= r.rank {
				t.Errorf("%s (rank %d) imports %s (rank %d)", name, r.rank, imp, other.rank)
			}
		}
	}
}

// imports returns, for every package of the module, what its files import besides the
// standard library: rooms by their folder, other packages by their path. Tests do not count.
func imports(t *testing.T) map[string][]string {
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := d.Name()
		if path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "build") {
			return fs.SkipDir
		}
		ctx := build.Default
		ctx.UseAllFiles, ctx.CgoEnabled = true, true
		p, err := ctx.ImportDir(path, 0)
		if errors.As(err, new(*build.NoGoError)) || p == nil || p.Name == "" {
			return nil
		}
		dir, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		imported := []string{}
		for _, imp := range p.Imports {
			inside, ours := strings.CutPrefix(imp, "nst/")
			if first, _, _ := strings.Cut(imp, "/"); ours || strings.Contains(first, ".") {
				imported = append(imported, inside)
			}
		}
		found[filepath.ToSlash(dir)] = imported
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// covers reports whether an entry of a list permits an import: the same room, or a
// package of the same module.
func covers(allowed, imp string) bool {
	module := strings.Contains(strings.Split(allowed, "/")[0], ".")
	return imp == allowed || module && strings.HasPrefix(imp, allowed+"/")
}

// TestLibrariesStayQuiet looks for calls that only a command may make.
func TestLibrariesStayQuiet(t *testing.T) {
	for name := range rooms {
		if name == "cmd/nst" || strings.HasPrefix(name, "tools/") {
			continue
		}
		files, err := filepath.Glob(filepath.Join(root, name, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"os.Exit(", "log.", "fmt.Print(", "fmt.Println(", "fmt.Printf(", "os.Stdout", "os.Stderr"} {
				for line := range strings.SplitSeq(string(src), "\n") {
					code, _, _ := strings.Cut(line, "//")
					if strings.Contains(code, word) && (word != "log." || strings.HasPrefix(strings.TrimSpace(code), "log.")) {
						t.Errorf("%s calls %s", f, strings.TrimSpace(line))
					}
				}
			}
		}
	}
}
