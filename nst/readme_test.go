package nst_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeSnippet compiles the Go code of the README, in a package that exists only in an
// overlay of the build.
func TestReadmeSnippet(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not in the path")
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "```go\n")
	snippet, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("the README has no Go code")
	}
	source := filepath.Join(t.TempDir(), "snippet.go")
	code := "package snippet\n\nimport (\n\t\"context\"\n\n\t\"nst/imgio\"\n\t\"nst/nst\"\n\t\"nst/vgg\"\n)\n\n" +
		"// Paint is the README's.\nfunc Paint(ctx context.Context, home string, photo, painting *imgio.Planar) error {\n" + snippet + "\treturn err\n}\n"
	if err := os.WriteFile(source, []byte(code), 0o666); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "snippet", "snippet.go"): source}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(list, overlay, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), goTool, "build", "-overlay", list, "nst/nst/snippet").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s\n%s", err, out, code)
	}
}
