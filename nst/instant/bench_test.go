package instant_test

import (
	"context"
	"testing"

	"nst/nst/instant"
)

// BenchmarkStep is a step of a training with the default settings.
func BenchmarkStep(b *testing.B) {
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
	defer t.Close()
	for b.Loop() {
		if _, err := t.Step(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
