// Program universal teaches the network that paints in the style of any picture. README.md
// says how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/vgg"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "universal:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s := settings{sample: 300}
	folder := flag.String("pictures", "", "folder with the folders photos and paintings")
	out := flag.String("o", "universal.safetensors", "the model; the checkpoint beside it ends in .training")
	threads := flag.Int("threads", 2, "threads")
	flag.IntVar(&s.size, "size", 192, "width and height of the parts of photographs")
	flag.IntVar(&s.batch, "batch", 4, "photographs of a step: 1, 2, 4, 8 or 16")
	flag.IntVar(&s.steps, "steps", 10000, "steps in all")
	flag.Float64Var(&s.content, "content", 1.5, "weight of the content term")
	flag.Float64Var(&s.style, "style", 10, "weight of the style term")
	flag.Float64Var(&s.colour, "colour", 10, "weight of the distance of colours within the style term")
	flag.Float64Var(&s.tv, "tv", 0.5, "weight of the total variation")
	flag.Float64Var(&s.rate, "rate", 1.5e-3, "learning rate")
	flag.Uint64Var(&s.seed, "seed", 1, "seed")
	only := flag.Bool("export", false, "only write the model of the checkpoint")
	flag.Parse()

	checkpoint := *out + ".training"
	if *only {
		return export(checkpoint, *out)
	}
	slim, err := vgg.Embedded()
	if err != nil {
		return err
	}
	photos, err := openPictures(filepath.Join(*folder, "photos"))
	if err != nil {
		return err
	}
	paintings, err := openPictures(filepath.Join(*folder, "paintings"))
	if err != nil {
		return err
	}
	d, err := exec.OpenCPU(*threads, os.Getenv)
	if err != nil {
		return err
	}
	defer d.Close()
	t, err := newTrainer(d, slim, s, photos, paintings)
	if err != nil {
		return err
	}
	defer t.teacher.Close()
	err = t.resume(checkpoint)
	if errors.Is(err, os.ErrNotExist) {
		err = t.start(ctx)
	}
	if err != nil {
		return err
	}
	fmt.Printf("%d photographs, %d paintings, %d parameters, from step %d\n",
		len(photos.training), len(paintings.training), len(t.network.Params), t.step)
	if err := t.run(ctx, checkpoint); err != nil {
		return err
	}
	return export(checkpoint, *out)
}

// about is what the network has been taught with so far.
func (t *trainer) about() feedforward.Training {
	return feedforward.Training{
		Network: vgg.EmbeddedName, ContentWeight: t.content, StyleWeight: t.style, TVWeight: t.tv,
		Size: t.size, Batch: t.batch, Steps: t.step, Seconds: t.seconds, Seed: t.seed,
		Photographs: len(t.photos.training), Paintings: len(t.bank.paintings.training),
	}
}

const (
	every = 50              // steps between lines
	check = 500             // steps between validations
	pause = 5 * time.Minute // between checkpoints
)

// run takes all steps.
func (t *trainer) run(ctx context.Context, checkpoint string) error {
	var sum feedforward.Terms
	saved, begun, first := time.Now(), time.Now(), t.step
	before := t.seconds
	for t.step < t.steps && ctx.Err() == nil {
		terms, err := t.Step(ctx)
		t.seconds = before + time.Since(begun).Seconds()
		if errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			return err
		}
		sum.Content += terms.Content / every
		sum.Style += terms.Style / every
		sum.TV += terms.TV / every
		if t.step%every == 0 {
			fmt.Printf("%s %d: content %.3f style %.4f tv %.4f gradient %.3f, %.2f s a step\n", time.Now().Format(time.TimeOnly), t.step,
				sum.Content, sum.Style, sum.TV, t.length, time.Since(begun).Seconds()/float64(t.step-first))
			t.reached.Training, sum = sum, feedforward.Terms{}
		}
		if t.step%check == 0 {
			held, err := t.validate(ctx)
			if err != nil {
				return err
			}
			t.reached.Validation = held
			fmt.Printf("%d: held back: content %.3f style %.4f tv %.4f\n", t.step, held.Content, held.Style, held.TV)
		}
		if time.Since(saved) > pause {
			if err := t.save(checkpoint); err != nil {
				return err
			}
			saved = time.Now()
		}
	}
	return t.save(checkpoint)
}
