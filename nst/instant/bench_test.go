package instant_test

import (
	"context"
	"strconv"
	"testing"

	"nst/nst/instant"
)

// newTrainer returns a trainer with the default settings.
func newTrainer(b *testing.B) *instant.Trainer {
	paths := photoFiles(b, 20)
	o := instant.DefaultOptions()
	photos, err := instant.OpenPhotos(context.Background(), paths, o.Size, func(err error) { b.Error(err) })
	if err != nil {
		b.Fatal(err)
	}
	t, err := instant.NewTrainer(context.Background(), weights(b), o, styles(), photos)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { t.Close() })
	return t
}

// BenchmarkStep is a step of a training with the default settings.
func BenchmarkStep(b *testing.B) {
	t := newTrainer(b)
	for b.Loop() {
		if _, err := t.Step(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApply paints a picture in one pass, as make bench-instant does in one process.
func BenchmarkApply(b *testing.B) {
	for _, size := range []int{512, 1024} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			m := newTrainer(b).Model()
			content := picture(size, size, 7)
			for b.Loop() {
				if _, err := m.Apply(context.Background(), content, []float64{1, 0}, instant.DefaultApply()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
