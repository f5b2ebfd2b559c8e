package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// newGPUCmd returns nst gpu. A program without CUDA hides it; when called, it says that
// CUDA is missing.
func newGPUCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gpu",
		Short: "Test and time an NVIDIA card",
		Args:  subcommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		Hidden: !nst.BuiltWithCUDA(),
	}
	cmd.AddCommand(newSelftestCmd(e), newBenchCmd(e))
	return cmd
}

// cardFlag binds --device for a command that needs a card.
func cardFlag(cmd *cobra.Command, device *string) {
	*device = nst.DeviceCUDA
	cmd.Flags().Var(&deviceValue{device}, "device", "the card: cuda, or cuda:N by its number")
}

func newSelftestCmd(e *env) *cobra.Command {
	var device string
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Compare every kernel of the card with its definition",
		Long: `selftest runs every operation and its gradient on the card, at odd sizes, on
random numbers, with both precisions. It compares the results with those of the
plain definitions on the processor and prints the largest difference of each.
The exit code is 1 if a difference exceeds its limit.`,
		Example: `  nst gpu selftest
  nst gpu selftest --device cuda:1`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return selftest(cmd.Context(), e, device) },
	}
	cardFlag(cmd, &device)
	return cmd
}

func selftest(ctx context.Context, e *env, device string) error {
	failed := 0
	for _, precision := range nst.CardPrecisions() {
		err := nst.SelftestCard(ctx, device, precision, func(c nst.CardCheck) {
			verdict := "ok"
			if c.Failed {
				verdict = "FAILED"
				failed++
			}
			fmt.Fprintf(e.Stdout, "%s  %-52s %8.1e of %.0e  %s\n", precision, c.Name, c.Off, c.Limit, verdict)
		})
		if err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s failed", count(failed, "check"))
	}
	return nil
}

func newBenchCmd(e *env) *cobra.Command {
	s := defaults()
	sizes := []int{512, 1024}
	runs := 30
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Time iterations on the card",
		Long: `bench paints square pictures and prints the median time of an iteration and the
memory used on the card, for each size, precision and optimiser. The network is
VGG-19. Where it is not installed, bench uses random weights, which take as long.`,
		Example: `  nst gpu bench
  nst gpu bench --size 2048 --iterations 10`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runs < 3 || slices.Min(sizes) < nst.MinSize {
				return &usageError{cmd, errors.New("want 3 iterations or more, and sizes of 16 pixels or more")}
			}
			if kind, _, _ := nst.ParseDevice(s.Compute.Device); kind != nst.DeviceCUDA {
				return &valueError{"--device", s.Compute.Device, "must be cuda or cuda:N"}
			}
			return bench(cmd.Context(), e, &s, sizes, runs)
		},
	}
	cardFlag(cmd, &s.Compute.Device)
	cmd.Flags().IntSliceVar(&sizes, "size", sizes, "sizes in pixels")
	cmd.Flags().IntVar(&runs, "iterations", runs, "iterations to time; a few before them are not timed")
	return cmd
}

func bench(ctx context.Context, e *env, s *settings, sizes []int, runs int) error {
	weights, err := s.benchWeights(e)
	if err != nil {
		return err
	}
	for _, size := range sizes {
		for _, precision := range nst.CardPrecisions() {
			for _, optimizer := range []nst.Method{nst.LBFGS, nst.Adam} {
				o := s.Options
				o.Size, o.Schedule.Scales, o.Compute.Precision, o.Optimizer.Method, o.Schedule.Iterations = size, 1, precision, optimizer, runs+warmup
				if err := benchOne(ctx, e, weights, o); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// benchWeights returns VGG-19, with random weights if it is not installed.
func (s *settings) benchWeights(e *env) (*vgg.Weights, error) {
	store, err := e.store()
	if err == nil {
		if w, err := store.Load(usualNetwork); err == nil {
			return w, nil
		}
	}
	return vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", 7)
}

// warmup is the number of iterations that are not timed.
const warmup = 5

func benchOne(ctx context.Context, e *env, w *vgg.Weights, o nst.Options) error {
	t, err := nst.New(w, o)
	if err != nil {
		return err
	}
	defer t.Close()
	plan, err := t.Plan(o.Size, o.Size)
	if err != nil {
		return err
	}
	style, err := t.Style(ctx, nst.StylePicture{Picture: waves(o.Size, 7), Weight: 1})
	if err != nil {
		return err
	}
	var at []time.Duration
	_, err = t.Run(ctx, nst.Job{Content: waves(o.Size, 19), Style: style, Progress: func(p nst.Progress) { at = append(at, p.Elapsed) }})
	if err != nil {
		return err
	}
	var each []time.Duration
	for i := warmup; i < len(at); i++ {
		each = append(each, at[i]-at[i-1])
	}
	if len(each) == 0 {
		return fmt.Errorf("the run at %d px ended after %s, which are not timed", o.Size, count(len(at), "iteration"))
	}
	slices.Sort(each)
	fmt.Fprintf(e.Stdout, "%4d px  %s  %-5s  %8.2f ms an iteration  %6d MB of memory  %s\n", o.Size, o.Compute.Precision, o.Optimizer.Method,
		each[len(each)/2].Seconds()*1e3, plan.OnDevice()>>20, t.Device())
	return nil
}

// waves draws a picture without uniform areas.
func waves(size int, period float64) *imgio.Planar {
	p := imgio.NewPlanar(size, size)
	for i := range p.Pix {
		x, y, c := float64(i%size), float64(i/size%size), float64(i/size/size)
		p.Pix[i] = float32(0.5 + 0.2*math.Sin(x/period+c) + 0.2*math.Sin(y/period*1.3+x/97) + 0.1*math.Sin((x*y)/331))
	}
	return p
}
