package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst/instant"
	"nst/vgg"
)

// checkFiles returns an error unless all files can be written, none of which is an input.
func (o *trainOptions) checkFiles(e *env) error {
	l := &o.lesson
	var files ledger
	files.read(o.styles...)
	files.read(l.from)
	files.read(o.lossFile(e))
	if photos, err := batch.Contents(l.photos, imgio.Extensions()); err == nil { // else an error later
		files.read(photos...)
	}
	files.write("output", o.output, replacing(o.overwrite))
	files.write("checkpoint", l.checkpoint, replaces)
	files.write("sample", l.sample, replacing(o.overwrite || l.resume))
	files.write("log", o.log, o.logMode())
	errs := []error{files.check()}
	switch _, err := os.Stat(l.checkpoint); {
	case l.resume && err != nil:
		errs = append(errs, &fileError{"checkpoint", l.checkpoint, err})
	case !l.resume && !o.overwrite && err == nil:
		errs = append(errs, &fileError{"checkpoint", l.checkpoint, errUnfinished})
	}
	return errors.Join(errs...)
}

// logMode returns how the log is opened: that of a training that goes on goes on too.
func (o *trainOptions) logMode() writeMode {
	if o.lesson.resume {
		return extends
	}
	return replacing(o.overwrite)
}

// lossFile returns the file of the network that compares pictures, empty if it has none.
func (o *trainOptions) lossFile(e *env) string {
	store, err := e.store()
	if err != nil {
		return ""
	}
	return store.File(o.lesson.network)
}

// errUnfinished means that there is the checkpoint of another run.
var errUnfinished = errors.New("is of a training that has not ended")

// openStyles reads the paintings.
func (o *trainOptions) openStyles(ctx context.Context, t *console) ([]instant.Style, error) {
	var styles []instant.Style
	var errs []error
	for i, path := range o.styles {
		if isModel(path) {
			errs = append(errs, &fileError{"style image", path, errSwapped})
			continue
		}
		ref, err := t.openPainting(ctx, path, o.lesson.styleReading())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var s instant.Style
		s.Name, s.Picture = o.lesson.names[i], ref.picture
		s.Title, s.Painter, s.Year = o.lesson.title, o.lesson.painter, o.lesson.year
		if s.SHA256, err = fileSum(path); err != nil {
			errs = append(errs, &fileError{"style image", path, err})
		}
		styles = append(styles, s)
	}
	return styles, errors.Join(errs...)
}

// styleReading is the size that paintings are wanted at.
func (l *lesson) styleReading() int { return max(l.StyleSize, instant.PaintingSize) }

// fileSum returns the SHA-256 of a file, in hexadecimal.
func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// openPhotos reads the photographs, and names those that are left out.
func (o *trainOptions) openPhotos(ctx context.Context, t *console) (*instant.Photos, error) {
	paths, err := batch.Contents(o.lesson.photos, imgio.Extensions())
	if err != nil {
		return nil, photosError(err)
	}
	t.say("reading %s", count(len(paths), "photograph"))
	return instant.OpenPhotos(ctx, paths, o.lesson.Size, func(err error) {
		if one := new(instant.PhotoError); errors.As(err, &one) {
			err = &fileError{"photograph", one.Path, one.Err}
		}
		t.say("left out: %s", message(err))
	})
}

// photosError names the flag in errors about files that --photos names.
func photosError(err error) error {
	var errs []error
	for _, err := range flatten(err) {
		if one := new(batch.PictureError); errors.As(err, &one) {
			err = &fileError{"--photos", one.Path, one.Err}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// openNetwork loads the network that compares pictures.
func (o *trainOptions) openNetwork(e *env) (*vgg.Weights, error) {
	store, err := e.store()
	if err != nil && o.lesson.network != vgg.EmbeddedName {
		return nil, err
	}
	return store.Load(o.lesson.network)
}

// openTrainer prepares a training, or continues one.
func (o *trainOptions) openTrainer(ctx context.Context, e *env, t *console) (trainer *instant.Trainer, photos *instant.Photos, err error) {
	l := &o.lesson
	from, err := o.openFrom(ctx, e, t)
	if err != nil {
		return nil, nil, err
	}
	weights, err := o.openNetwork(e)
	if err != nil {
		return nil, nil, err
	}
	styles, err := o.openStyles(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	photos, err = o.openPhotos(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	t.say("%d photographs to learn from, %d held back", photos.Training(), photos.Validation())
	options := l.Options
	options.Threads = o.Compute.Threads
	if l.resume {
		if !l.steps {
			options.Steps = 0 // as the training began
		}
		trainer, err = instant.Resume(ctx, weights, options, styles, photos, l.checkpoint)
		if err != nil && !errors.As(err, new(*instant.ResumeError)) && ctx.Err() == nil {
			err = &fileError{"checkpoint", l.checkpoint, err}
		}
		return trainer, photos, err
	}
	if trainer, err = instant.NewTrainer(ctx, weights, options, styles, photos); err == nil && from != nil {
		if err = trainer.From(from); err != nil {
			err = errors.Join(&fileError{"network", l.from, err}, trainer.Close())
		}
	}
	return trainer, photos, err
}

// openFrom loads the network of --from and takes over the sizes of its layers. Without --from
// it returns nil.
func (o *trainOptions) openFrom(ctx context.Context, e *env, t *console) (*instant.Model, error) {
	l := &o.lesson
	if l.from == "" {
		return nil, nil
	}
	s, err := e.style(ctx, t, l.from)
	if err != nil {
		return nil, err
	}
	if s.model == nil {
		return nil, &fileError{"network", l.from, errPainting}
	}
	about := s.model.About()
	l.Widths, l.Blocks = about.Widths, about.Blocks
	return s.model, nil
}

// removeCheckpoint removes the checkpoint of a training that has ended.
func (o *trainOptions) removeCheckpoint() error {
	if err := os.Remove(o.lesson.checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &fileError{"checkpoint", o.lesson.checkpoint, fmt.Errorf("cannot be removed: %w", err)}
	}
	return nil
}
