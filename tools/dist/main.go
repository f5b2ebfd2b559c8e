// Command dist packs a release of nst: an archive for each system in build/dist, and
// SHA256SUMS. It is run in the root of the repository, with git and go:
//
//	dist -version v0.1.0 [-targets linux/amd64,windows/arm64] [-out DIR]
//
// An archive holds the program, man pages, completions of shells, README, the licences of
// nst and of its weights, and THIRD_PARTY, the licences of all that is linked in. Two
// runs on one commit with one version of Go give the same bytes.
package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const allTargets = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

func main() {
	version := flag.String("version", "", "of the release, `vN.N.N`")
	targets := flag.String("targets", allTargets, "systems, `OS/ARCH,...`")
	out := flag.String("out", "build/dist", "`DIR` for the archives; what it held is removed")
	flag.Parse()
	if err := run(*version, strings.Split(*targets, ","), *out); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// run packs a release for each target.
func run(version string, targets []string, out string) error {
	if !strings.HasPrefix(version, "v") {
		return fmt.Errorf("version %q: want v0.1.0", version)
	}
	date, err := commitDate()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "nst-dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	epoch := "SOURCE_DATE_EPOCH=" + strconv.FormatInt(date.Unix(), 10)
	if _, err := command([]string{epoch}, "go", "run", "-tags", "gen", "./cmd/nst", work); err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	var sums strings.Builder
	for _, target := range targets {
		name, data, err := release(version, target, work, date)
		if err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		if err := os.WriteFile(filepath.Join(out, name), data, 0o666); err != nil {
			return err
		}
		fmt.Printf("%s, %.1f MB\n", filepath.Join(out, name), float64(len(data))/1e6)
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o666)
}

// release returns the archive for a target and its name. The folder work holds man pages
// and completions.
func release(version, target, work string, date time.Time) (name string, data []byte, err error) {
	goos, arch, ok := strings.Cut(target, "/")
	if !ok {
		return "", nil, fmt.Errorf("want OS/ARCH")
	}
	env := []string{"CGO_ENABLED=0", "GOOS=" + goos, "GOARCH=" + arch}
	program := "nst"
	if goos == "windows" {
		program += ".exe"
	}
	built := filepath.Join(work, goos+"-"+arch, program)
	flags := "-s -w -X main.release=" + version
	if target == "linux/amd64" {
		flags += " -E nst_entry" // see cmd/nst/internal/entry
	}
	if _, err := command(env, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags", flags, "-o", built, "./cmd/nst"); err != nil {
		return "", nil, err
	}
	if warning := commitWarning(built); warning != "" {
		fmt.Fprintln(os.Stderr, "dist: warning:", target+":", warning)
	}
	licences, err := thirdParty(env)
	if err != nil {
		return "", nil, err
	}
	files, err := collect(map[string]string{
		program: built, "README.md": "README.md", "LICENSE": "LICENSE", "LICENSE-WEIGHTS": "LICENSE-WEIGHTS",
		"man": filepath.Join(work, "man"), "completions": filepath.Join(work, "completions"),
	})
	if err != nil {
		return "", nil, err
	}
	files = append(files, file{name: "THIRD_PARTY", data: licences})
	for i := range files {
		files[i].program = files[i].name == program
	}
	stem := fmt.Sprintf("nst-%s-%s-%s", version, goos, arch)
	if goos == "windows" {
		data, err = zipped(stem, files, date)
		return stem + ".zip", data, err
	}
	data, err = tarred(stem, files, date)
	return stem + ".tar.gz", data, err
}

// commitWarning says why nobody can tell from a program what it was built from, if so.
func commitWarning(program string) string {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err.Error()
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	switch {
	case settings["vcs.revision"] == "":
		return "the program does not know its commit: build it in a clone, not in a git worktree"
	case settings["vcs.modified"] == "true":
		return "the program has changes that are not committed"
	}
	return ""
}

// commitDate returns the date of the commit that is checked out.
func commitDate() (time.Time, error) {
	out, err := command(nil, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("date of the commit: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// command runs a program with variables of its own and returns its output.
func command(env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, said.Bytes())
	}
	return out, nil
}
