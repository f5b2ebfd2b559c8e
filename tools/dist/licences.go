package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licenceName matches the files that hold a licence or what it wants to be passed on.
var licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-._].*)?$`)

// module is one whose packages are linked in, with the folders of these.
type module struct {
	name, dir string
	packages  []string
}

// thirdParty returns the licences of Go and of all modules that the program is linked
// from, on the system that env names. A module without a licence is an error.
func thirdParty(env []string) ([]byte, error) {
	root, err := command(env, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules := []module{{name: "Go, its runtime and standard library", dir: strings.TrimSpace(string(root))}}
	const format = `{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}` + "\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}"
	list, err := command(env, "go", "list", "-deps", "-f", format, "./cmd/nst")
	if err != nil {
		return nil, err
	}
	linked, err := parseModules(string(list))
	if err != nil {
		return nil, err
	}
	return licences(append(modules, linked...))
}

// parseModules reads lines of module, its folder and the folder of a package.
func parseModules(list string) ([]module, error) {
	byName := map[string]module{}
	for line := range strings.Lines(list) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		field := strings.Split(line, "\t")
		if len(field) != 3 || field[1] == "" {
			return nil, fmt.Errorf("go list: no folder in %q", line)
		}
		m := byName[field[0]]
		m.name, m.dir = field[0], field[1]
		m.packages = append(m.packages, field[2])
		byName[m.name] = m
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b module) int { return strings.Compare(a.name, b.name) }), nil
}

// licences joins the licences of modules.
func licences(modules []module) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("nst is linked from the following modules, under these licences.\n")
	var errs []error
	for _, m := range modules {
		files, err := m.licences()
		if err == nil && len(files) == 0 {
			err = errors.New("no licence in its folder")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("module %s: %w", m.name, err))
			continue
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			inside, err := filepath.Rel(m.dir, f)
			if err != nil {
				return nil, err
			}
			text = bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
			fmt.Fprintf(&b, "\n%s\n%s: %s\n%[1]s\n\n%[4]s\n", strings.Repeat("=", 80), m.name, filepath.ToSlash(inside), text)
		}
	}
	return b.Bytes(), errors.Join(errs...)
}

// licences lists the licences in the folder of a module and in those between it and the
// packages: code that a module took over keeps its own.
func (m *module) licences() ([]string, error) {
	folders := map[string]bool{m.dir: true}
	for _, p := range m.packages {
		for inside := p; inside != m.dir && strings.HasPrefix(inside, m.dir); inside = filepath.Dir(inside) {
			folders[inside] = true
		}
	}
	var files []string
	own := false // the module itself has one, not only what it took over
	for dir := range folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() && licenceName.MatchString(e.Name()) && filepath.Ext(e.Name()) != ".go" {
				files = append(files, filepath.Join(dir, e.Name()))
				own = own || dir == m.dir
			}
		}
	}
	if !own {
		return nil, nil
	}
	slices.Sort(files)
	return files, nil
}
