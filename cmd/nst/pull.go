package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"nst/vgg"
)

func newPullCmd(e *env) *cobra.Command {
	var opts vgg.PullOptions
	var from string
	s := defaults()
	cmd := &cobra.Command{
		Use:   "pull [vgg19|vgg16]",
		Short: "Download a network",
		Long: `pull downloads the weights of a network and checks them. The default is vgg19. It
replaces installed weights of that name. If a download fails, the next pull
continues where it stopped. While another pull is going on, it waits.

--from takes the same file from another place: a URL or a file. HTTPS_PROXY is
honoured.

` + licence,
		Example: `  nst weights pull
  nst weights pull vgg16 --full
  nst weights pull --from https://mirror.example/vgg19_notop.h5`,
		Args:      arguments(0, 1, "[vgg19|vgg16]"),
		ValidArgs: networks(),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "vgg19"
			if len(args) > 0 {
				name = args[0]
			}
			if len(vgg.Sources(name)) == 0 {
				return &valueError{"network", fmt.Sprintf("%q", name), "must be one of vgg19, vgg16"}
			}
			opts.Sources = vgg.Sources(name)
			if from != "" {
				source, err := vgg.Mirror(name, from)
				if err != nil {
					return &valueError{"--from", fmt.Sprintf("%q", from), reason(err)}
				}
				opts.Sources = []vgg.Source{source}
			}
			return pull(cmd, e, newConsole(e, &s), name, s.progress, opts)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "take the file from `PLACE`, a URL or a file, instead of its usual source")
	keepFlags(cmd, &opts.Full, &opts.Half)
	bindFlags(cmd, e, &s, inPull, nil)
	return cmd
}

func pull(cmd *cobra.Command, e *env, t *console, name, mode string, opts vgg.PullOptions) error {
	store, err := e.store()
	if err != nil {
		return err
	}
	t.say("pulling %s from %s", name, place(opts.Sources[0]))
	b := &byteBar{console: t, line: barLine{e: e}, draw: !t.quiet && (mode == "bar" || mode == "auto" && e.fancy()), mute: mode == "none"}
	opts.Progress = b.update
	tried := 0
	opts.Failed = func(_ vgg.Source, err error) {
		b.end()
		t.say("%v", err)
		if tried++; tried < len(opts.Sources) {
			t.say("pulling %s from %s", name, place(opts.Sources[tried]))
		}
	}
	opts.Waiting = func() { t.say("waiting for another nst weights pull") }
	path, err := store.Pull(cmd.Context(), name, opts)
	b.end()
	switch {
	case err != nil && cmd.Context().Err() == nil:
		return &pullError{name, err}
	case err != nil:
		return err
	}
	t.say("wrote %s\n"+licence, path)
	return nil
}

// place names a source, and the proxy on the way to it.
func place(source vgg.Source) string {
	if h, ok := source.(vgg.HTTPSource); ok && h.Proxy() != "" {
		return fmt.Sprintf("%s through the proxy %s", h, h.Proxy())
	}
	return source.String()
}

// pullError means that no source could deliver the weights. Each failure has been printed.
type pullError struct {
	network string
	err     error
}

// Error names the network.
func (e *pullError) Error() string {
	return fmt.Sprintf("pulling %s: every source failed", e.network)
}

// Unwrap returns the reasons.
func (e *pullError) Unwrap() error { return e.err }

// byteBar shows the progress of a download: a bar, or a line at each tenth.
type byteBar struct {
	*console
	draw, mute bool
	line       barLine
	tenth      int64 // at the last line
}

func (b *byteBar) update(done, total int64) {
	count := fmt.Sprintf("%.1f of %.1f MB", float64(done)/1e6, float64(total)/1e6)
	switch {
	case b.draw && total > 0:
		b.line.draw(float64(done)/float64(total), count)
	case b.draw:
		b.line.draw(0, fmt.Sprintf("%.1f MB", float64(done)/1e6))
	case !b.mute && total > 0 && 10*done/total != b.tenth:
		b.tenth = 10 * done / total
		b.say("%s", count)
	}
}

// end leaves the bar for what comes next.
func (b *byteBar) end() {
	b.tenth = 0
	b.line.end()
}
