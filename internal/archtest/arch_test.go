// Package archtest holds the rule of the house: imports run one way.
package archtest

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rooms says for every room which other rooms and which modules it may import,
// besides the standard library. A room that is not here may not be.
var rooms = map[string][]string{
	"cmd/nst":                   {"nst", "cmd/nst/internal/batch", "cmd/nst/internal/sheet", "imgio", "internal/atomicfile", "vgg", "github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
	"cmd/nst/internal/batch":    {"nst", "imgio"},
	"cmd/nst/internal/sheet":    {"golang.org/x/image"},
	"nst":                       {"vgg", "loss", "imgio", "internal/engine/exec", "internal/optim", "internal/colour"},
	"vgg":                       {"internal/engine/op", "internal/atomicfile", "vgg/safetensors", "gorgonia.org", "github.com/scigolib/hdf5", "github.com/nlpodyssey/gopickle"},
	"vgg/safetensors":           {},
	"loss":                      {"internal/engine/op", "gorgonia.org"},
	"internal/engine/exec":      {"internal/engine/op", "internal/engine/kernel", "internal/engine/cuda", "gorgonia.org"},
	"internal/engine/cuda":      {"internal/engine/cuda/lazy", "gorgonia.org/cu"},
	"internal/engine/cuda/lazy": {},
	"internal/engine/op":        {"internal/engine/kernel", "gorgonia.org", "github.com/chewxy/hm"},
	"internal/engine/kernel":    {"golang.org/x"},
	"internal/optim":            {},
	"internal/colour":           {"imgio"},
	"imgio":                     {"internal/atomicfile", "golang.org/x/image"},
	"internal/reftest":          {"vgg/safetensors"}, // read by tests only
	"internal/archtest":         {},
	"internal/atomicfile":       {},
	"tools/dist":                {},                              // packs releases, no part of the program
	"tools/tally":               {},                              // runs the tests, no part of the program
	"tools/distill/teacher":     {"vgg", "internal/engine/exec"}, // how slim was made, no part of the program
}

// TestImports reads the import clauses of every Go file that is built into the
// program, whatever its build tags, and holds them against the rule.
func TestImports(t *testing.T) {
	root := "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := d.Name()
		if path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "build") {
			return fs.SkipDir
		}
		ctx := build.Default
		ctx.UseAllFiles = true
		p, err := ctx.ImportDir(path, 0)
		if _, none := err.(*build.NoGoError); none {
			return nil
		}
		if p == nil || len(p.GoFiles)+len(p.CgoFiles) == 0 {
			return nil
		}
		room, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		check(t, filepath.ToSlash(room), p.Imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, room string, imports []string) {
	t.Helper()
	allowed, known := rooms[room]
	if !known {
		t.Errorf("%s is a new room: give it a line here and a reason in CONTRIBUTING.md", room)
		return
	}
	for _, imp := range imports {
		inside := strings.TrimPrefix(imp, "nst/")
		standard := inside == imp && imp != "nst" && !strings.Contains(strings.Split(imp, "/")[0], ".")
		if standard || slices.ContainsFunc(allowed, func(a string) bool {
			if a == "nst" || !strings.Contains(a, ".") {
				return inside == a
			}
			return imp == a || strings.HasPrefix(imp, a+"/")
		}) {
			continue
		}
		t.Errorf("%s imports %s, which it may not", room, imp)
	}
}

// TestLibrariesStayQuiet looks for calls that only a command may make.
func TestLibrariesStayQuiet(t *testing.T) {
	for room := range rooms {
		if room == "cmd/nst" || strings.HasPrefix(room, "tools/") {
			continue
		}
		files, err := filepath.Glob("../../" + room + "/*.go")
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
						t.Errorf("%s says %s", f, strings.TrimSpace(line))
					}
				}
			}
		}
	}
}
