package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"nst/nst"
)

// version returns the version of the program: that of its module, or the commit
// that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}

// report is what nst info shows.
type machine struct {
	Version  string   `json:"version"`
	Go       string   `json:"go"`
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Features []string `json:"features"`
	Kernels  string   `json:"kernels"`
	Threads  int      `json:"threads"`
	Devices  []string `json:"devices"`
	Folder   string   `json:"folder"`
	Weights  []entry  `json:"weights"`
}

func newInfoCmd(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info",
		Short: "Show what nst runs on and with",
		Long: `info shows the version, what the processor can do and which of it is used, and the
networks found. NST_CPU in the environment chooses the kernels, generic being the
ones that every processor runs.`,
		Example: `  nst info
  nst info --json
  NST_CPU=generic nst info`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return info(e, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

func info(e *env, asJSON bool) error {
	system, err := nst.System(0)
	if err != nil {
		return err
	}
	store, err := e.store()
	if err != nil {
		return err
	}
	m := machine{
		Version: version(), Go: runtime.Version(), OS: system.OS, Arch: system.Arch,
		Features: system.Features, Kernels: system.Kernels, Threads: system.Threads, Devices: system.Devices,
		Folder: folder(store),
	}
	if m.Weights, err = e.entries(); err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(e.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(m)
	}
	w := e.Stdout
	fmt.Fprintf(w, "nst       %s (%s, %s/%s)\n", m.Version, m.Go, m.OS, m.Arch)
	fmt.Fprintf(w, "features  %s\n", strings.Join(m.Features, " "))
	fmt.Fprintf(w, "kernels   %s\n", m.Kernels)
	fmt.Fprintf(w, "threads   %d\n", m.Threads)
	fmt.Fprintf(w, "devices   %s\n", strings.Join(m.Devices, ", "))
	fmt.Fprintf(w, "weights   %s\n", m.Folder)
	for _, x := range m.Weights {
		fmt.Fprintf(w, "  %-8s%s\n", x.Name, x.words())
	}
	if len(m.Weights) == 0 {
		fmt.Fprintln(w, "  none; nst weights pull downloads some")
	}
	return nil
}
