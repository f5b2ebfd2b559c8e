package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite the table of options in README.md")

// The README's table of options is made of the table of flags: go test ./cmd/nst -run
// TestReadmeOptions -update.
func TestReadmeOptions(t *testing.T) {
	const begin, end = "<!-- options -->\n", "<!-- /options -->"
	path := filepath.Join("..", "..", "README.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no markers %q and %q", path, begin, end)
	}
	table := readmeOptions()
	switch {
	case old == table:
	case *update:
		if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the options in README.md are not those of the program: run go test ./cmd/nst -run TestReadmeOptions -update")
	}
}

// readmeOptions returns the table of options in Markdown.
func readmeOptions() string {
	var b strings.Builder
	table := func(title string, in func(*flagRow) bool) {
		fmt.Fprintf(&b, "\n**%s**\n\n| flag | default | meaning | commands |\n| --- | --- | --- | --- |\n", title)
		for _, r := range flagTable() {
			if in(&r) {
				fmt.Fprintln(&b, readmeRow(&r))
			}
		}
	}
	own := func(r *flagRow) bool { return r.in&^(onePass|inTrain) == 0 }
	table(everydayGroup, func(r *flagRow) bool { return r.everyday && !own(r) })
	for _, g := range groups() {
		in := func(r *flagRow) bool { return r.group == g && !r.everyday && !own(r) }
		if slices.ContainsFunc(flagTable(), func(r flagRow) bool { return in(&r) }) {
			table(string(g), in)
		}
	}
	table("One-pass networks", own)
	b.WriteString("\n")
	return b.String()
}

// readmeRow returns the line of a flag.
func readmeRow(r *flagRow) string {
	s := defaults()
	f := &pflag.Flag{Name: r.name, Value: r.value(&s), Usage: r.usage}
	f.DefValue = f.Value.String()
	r.annotate(f)
	name := "`--" + r.name + "`"
	if r.short != "" {
		name = "`-" + r.short + "`, " + name
	}
	usage := withWords(f, r.usage)
	d := shownDefault(f)
	if v, ok := f.Value.(*switchValue); ok && !v.plain {
		d = v.String()
	}
	in := strings.Join((r.in &^ inInfo).names(), ", ")
	if all := measures | inTexture | onePass | inTrain; r.in&all&^inInfo == all&^inInfo {
		in = "all"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", name, d, usage, in)
}

// Every flag of the table is in the help of the commands that have it, with its usage.
func TestHelpHasAllFlags(t *testing.T) {
	root := newRootCmd(quietEnv())
	for _, r := range flagTable() {
		for _, name := range r.in.names() {
			cmd, _, err := root.Find(strings.Fields(name))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(strings.Fields(helpText(cmd, true)), " ")
			usage := r.usage
			if name == "texture" && r.texture != "" {
				usage = r.texture
			}
			if !strings.Contains(text, "--"+r.name) || !strings.Contains(text, usage) {
				t.Errorf("%s --help-all does not explain --%s", name, r.name)
			}
		}
	}
}
