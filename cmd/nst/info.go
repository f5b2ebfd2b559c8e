package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"nst/nst"
)

// machine is the output of nst info.
type machine struct {
	Version  string   `json:"version"`
	Go       string   `json:"go"`
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Features []string `json:"features"`
	Kernels  string   `json:"kernels"`

	Precisions []nst.Precision `json:"precisions"`

	Threads int      `json:"threads"`
	Devices []string `json:"devices"`

	Cards  []nst.Card `json:"cards"`
	Driver string     `json:"driver"`
	NoCard string     `json:"no_card"`

	Folder  string  `json:"folder"`
	Weights []entry `json:"weights"`
}

func newInfoCmd(e *env) *cobra.Command {
	var asJSON, plan bool
	s := defaults()
	cmd := &cobra.Command{
		Use:   "info",
		Short: "Show processor, cards and networks",
		Long: `info shows the version, the instruction sets of the processor and those that nst
uses, the precisions that --precision can choose on it, the NVIDIA cards with their
memory and driver, and the installed networks. If no card can be used, it says why.
The environment variable NST_CPU selects the instruction set that nst uses.
NST_CPU=generic works on every processor.

With --plan, info shows the memory that stylize needs with the same flags, part by
part, for a square picture of --size pixels. It allocates none of it. The other
flags matter only with --plan, except --json.`,
		Example: `  nst info
  nst info --plan --size 2048 --optimizer adam
  NST_CPU=generic nst info --json`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if plan && s.Size == nst.OriginalSize {
				return &valueError{"--size", originalSize, "--plan has no content whose size it could take; give --size PIXELS"}
			}
			if plan {
				return showPlan(cmd, e, &s, asJSON)
			}
			return info(e, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&plan, "plan", false, "show the memory that a run would need")
	bindFlags(cmd, e, &s, inInfo, nil)
	return cmd
}

// showPlan prints the memory of a run.
func showPlan(cmd *cobra.Command, e *env, s *settings, asJSON bool) error {
	if err := s.check(cmd); err != nil {
		return err
	}
	t, err := s.transfer(e)
	if err != nil {
		return err
	}
	defer t.Close()
	p, err := t.Plan(s.Size, s.Size)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(e.Stdout).Encode(p)
	}
	const mb = 1 << 20
	fmt.Fprintf(e.Stdout, "%dx%d pixels, %s, %s\n", p.Width, p.Height, s.Optimizer.Method, p.Device)
	for _, part := range p.Parts {
		fmt.Fprintf(e.Stdout, "%8.1f MB  %s\n", float64(part.Bytes)/mb, part.Name)
	}
	fmt.Fprintf(e.Stdout, "%8.1f MB  in total\n", float64(p.Total)/mb)
	return nil
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
		Features: system.Features, Kernels: system.Kernels, Precisions: system.Precisions, Threads: system.Threads, Devices: system.Devices,
		Cards: system.Cards, Driver: system.Driver, NoCard: system.NoCard,
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
	fmt.Fprintf(w, "precision %s\n", strings.Trim(fmt.Sprint(m.Precisions), "[]"))
	fmt.Fprintf(w, "threads   %d\n", m.Threads)
	fmt.Fprintf(w, "devices   %s\n", strings.Join(m.Devices, ", "))
	m.showCards(w)
	fprintf(w, "weights   %s\n", m.Folder)
	for _, x := range m.Weights {
		fprintf(w, "  %-8s%s\n", x.Name, x.words())
	}
	if len(m.Weights) == 1 {
		fmt.Fprintln(w, "  no others; nst weights pull downloads VGG-19")
	}
	return nil
}

// showCards prints the cards, the driver, and why no card is used.
func (m *machine) showCards(w io.Writer) {
	for i, c := range m.Cards {
		fmt.Fprintf(w, "card %d    %s, %.1f GB, compute capability %s", i, c.Name, float64(c.Memory)/(1<<30), c.Capability)
		if c.Unusable != "" {
			fmt.Fprintf(w, "; not used: %s", c.Unusable)
		}
		fmt.Fprintln(w)
	}
	if m.Driver != "" {
		fmt.Fprintf(w, "driver    for CUDA %s\n", m.Driver)
	}
	if m.NoCard != "" && len(m.Cards) == 0 {
		fmt.Fprintf(w, "cards     none: %s\n", m.NoCard)
	}
}
