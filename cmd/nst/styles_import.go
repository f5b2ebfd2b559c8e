package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nst/internal/atomicfile"
	"nst/nst/instant"
)

// errBuiltin means that a name belongs to a style that is part of nst.
var errBuiltin = errors.New("is part of the program")

func newStylesImportCmd(e *env) *cobra.Command {
	var (
		name             string
		overwrite, quiet bool
	)
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Install a network that nst train has made",
		Long: `import checks a network and copies it to the folder of styles. Then nst apply finds
it and its styles by their names, from any folder. A network that is installed
under that name is replaced only with --overwrite.`,
		Example: `  nst styles import mine.safetensors
  nst styles import mine.safetensors --name summer
  nst apply summer photo.jpg`,
		Args: arguments(1, 1, "FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			if name == "" {
				name = instant.StyleName(args[0])
			}
			return e.importStyle(&console{e: e, quiet: quiet}, args[0], name, overwrite)
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "install it as `NAME` (default: the name of the file)")
	f.BoolVar(&overwrite, "overwrite", false, "replace a network that has this name")
	f.BoolVarP(&quiet, "quiet", "q", false, "print errors only")
	return cmd
}

// importStyle copies the network in a file to the folder of styles.
func (e *env) importStyle(t *console, file, name string, overwrite bool) error {
	m, err := instant.Load(file)
	if err != nil {
		return &fileError{"network", file, err}
	}
	if err := e.checkImportName(name); err != nil {
		return err
	}
	folder, err := e.stylesFolder()
	if err != nil {
		return err
	}
	path := storedPath(folder, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return &fileError{"folder of styles", folder, err}
	}
	var l ledger
	l.read(file)
	l.write("network", path, replacing(overwrite))
	if err := l.check(); err != nil {
		return err
	}
	if err := copyFile(path, file, overwrite); err != nil {
		return &fileError{"network", path, err}
	}
	var names []string
	for _, s := range m.Styles() {
		names = append(names, s.Name)
	}
	t.say("wrote %s (%s: %s)", path, count(len(names), "style"), strings.Join(names, ", "))
	return nil
}

// checkImportName returns an error unless a network may be installed under a name.
func (e *env) checkImportName(name string) error {
	if name != instant.StyleName(name+modelExtension) {
		return &valueError{"--name", fmt.Sprintf("%q", name), fmt.Sprintf("must be letters, digits and -, such as %q", instant.StyleName(name+modelExtension))}
	}
	reserved := &valueError{"--name", fmt.Sprintf("%q", name), "belongs to a style that is part of nst; choose another name"}
	if name == universalName {
		return reserved
	}
	m, err := instant.Builtin()
	if err != nil {
		return nil // there is none, or it is broken, which is no matter here
	}
	if _, err := m.Index(name); err == nil {
		return reserved
	}
	return nil
}

// copyFile copies a file, so that the copy appears whole or not at all.
func copyFile(to, from string, overwrite bool) error {
	f, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer f.Close()
	write := func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	}
	if overwrite {
		return atomicfile.Write(to, write)
	}
	return atomicfile.Create(to, write)
}
