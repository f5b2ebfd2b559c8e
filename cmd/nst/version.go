package main

import (
	"os"
	"regexp"
	"runtime/debug"
	"strings"
)

// release is the version of a released program, set by the linker:
// -ldflags "-X main.release=v1.2.3".
var release string

// version returns the version of the program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	return versionOf(release, info)
}

// program returns what tells this program from others: its version, with a hash of its file if
// that is of a commit that is not known, or has changes on top.
func program() string {
	name := version()
	if name != "devel" && !strings.Contains(name, "+dirty") {
		return name
	}
	path, err := os.Executable()
	if err != nil {
		return name
	}
	sum, err := fileSum(path)
	if err != nil {
		return name
	}
	return name + " (SHA-256 " + sum[:16] + ")"
}

// versionOf returns the release, or that of the module, with the commit; devel if nothing is
// known. A commit with changes on top ends in +dirty.
func versionOf(release string, info *debug.BuildInfo) string {
	pseudo := regexp.MustCompile(`-[\d.]*\d{14}-[0-9a-f]{12}`) // made by Go of a commit
	name := release
	if v := info.Main.Version; name == "" && v != "(devel)" && !pseudo.MatchString(v) {
		name = v
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	switch {
	case commit == "" && name == "":
		return "devel"
	case commit == "":
		return name
	case name == "":
		return "devel-" + commit + dirty
	}
	return name + " (" + commit + dirty + ")"
}
