package nst_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestReadmeCompiles compiles the README's Go snippets, each as the body of a function that
// has the pictures and the folder of weights.
func TestReadmeCompiles(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(snippets) == 0 {
		t.Fatal("the README shows no Go")
	}
	source := "package readme\n\nimport (\n\t\"context\"\n\n\t\"nst/imgio\"\n\t\"nst/nst\"\n\t\"nst/vgg\"\n)\n\nvar (\n\t_ = imgio.Save\n\t_ = nst.New\n\t_ = vgg.Embedded\n)\n"
	for _, s := range snippets {
		source += "\nfunc _(ctx context.Context, home string, painting, photo *imgio.Planar) error {\n" + string(s[1]) + "\treturn err\n}\n"
	}
	// The file exists only in the overlay: a package of this module that nobody has to see.
	dir := t.TempDir()
	file, overlay := filepath.Join(dir, "readme.go"), filepath.Join(dir, "overlay.json")
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "readme", "readme.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{file: []byte(source), overlay: replace} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(tool, "build", "-overlay", overlay, "nst/nst/readme").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
