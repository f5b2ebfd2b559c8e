package instant_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/nst/instant"
	"nst/vgg"
)

// small are settings that a test can afford.
func small(steps int) instant.Options {
	o := instant.DefaultOptions()
	o.Widths, o.Blocks = [3]int{4, 8, 16}, 1
	o.Size, o.StyleSize, o.Steps = 64, 64, steps
	return o
}

func picture(w, h int, n uint64) *imgio.Planar {
	return &imgio.Planar{W: w, H: h, Pix: reftest.Picture(w, h, n)}
}

// photoFiles writes photographs and returns their paths.
func photoFiles(t testing.TB, n int) []string {
	t.Helper()
	dir := t.TempDir()
	paths := make([]string, n)
	for i := range paths {
		paths[i] = filepath.Join(dir, strconv.Itoa(i)+".png")
		if err := imgio.Save(paths[i], picture(96, 80+i, uint64(i)), imgio.Encoding{}); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func openPhotos(t *testing.T, size int) *instant.Photos {
	t.Helper()
	p, err := instant.OpenPhotos(context.Background(), photoFiles(t, 20), size, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func styles() []instant.Style {
	return []instant.Style{
		{instant.StyleInfo{Name: "one"}, picture(90, 70, 101)},
		{instant.StyleInfo{Name: "two"}, picture(50, 64, 102)},
	}
}

func weights(t testing.TB) *vgg.Weights {
	t.Helper()
	w, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// steps takes n steps and returns the mean style term of the last ten.
func steps(t *testing.T, tr *instant.Trainer, n int) (style float64) {
	t.Helper()
	for i := range n {
		l, err := tr.Step(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if i >= n-10 {
			style += l.Style / float64(min(n, 10))
		}
	}
	return style
}

// file is the bytes of the model.
func file(t *testing.T, m *instant.Model) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTrainerLearns checks that the style loss falls, also on photographs that are held back.
func TestTrainerLearns(t *testing.T) {
	tr, err := instant.NewTrainer(context.Background(), weights(t), small(60), styles(), openPhotos(t, 64))
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	before, err := tr.Validate(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	first := steps(t, tr, 10)
	last := steps(t, tr, 50)
	after, err := tr.Validate(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if !tr.Done() || last > first/2 || after.Style > before.Style/2 {
		t.Errorf("style loss %v to %v, of validation %v to %v; done %v", first, last, before.Style, after.Style, tr.Done())
	}
}

// TestTrainerThreads checks that the number of threads changes nothing, and that another
// seed changes something.
func TestTrainerThreads(t *testing.T) {
	photos := openPhotos(t, 64)
	run := func(threads int, seed uint64) []byte {
		o := small(4)
		o.Threads, o.Seed = threads, seed
		tr, err := instant.NewTrainer(context.Background(), weights(t), o, styles(), photos)
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		steps(t, tr, 4)
		return file(t, tr.Model())
	}
	one := run(1, 1)
	for _, n := range []int{2, 3} {
		if !bytes.Equal(run(n, 1), one) {
			t.Errorf("%d threads give another network than one", n)
		}
	}
	if bytes.Equal(run(2, 2), one) {
		t.Error("another seed gives the same network")
	}
}

// TestResume checks that a training that is interrupted comes to the same bytes, and that
// one with other settings is refused.
func TestResume(t *testing.T) {
	ctx, w, photos, path := context.Background(), weights(t), openPhotos(t, 64), filepath.Join(t.TempDir(), "c")
	whole, err := instant.NewTrainer(ctx, w, small(6), styles(), photos)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	steps(t, whole, 3)
	if err := whole.Checkpoint(path); err != nil {
		t.Fatal(err)
	}
	steps(t, whole, 3)
	o := small(6)
	o.Threads = 1
	resumed, err := instant.Resume(ctx, w, o, styles(), photos, path)
	if err != nil {
		t.Fatal(err)
	}
	defer resumed.Close()
	if resumed.Steps() != 3 {
		t.Errorf("resumed at step %d", resumed.Steps())
	}
	steps(t, resumed, 3)
	if !bytes.Equal(file(t, whole.Model()), file(t, resumed.Model())) {
		t.Error("a resumed training gives another network")
	}
	o.StyleWeight *= 2
	_, err = instant.Resume(ctx, w, o, styles(), photos, path)
	if e, ok := errors.AsType[*instant.ResumeError](err); !ok || e.What != "StyleWeight" {
		t.Errorf("another style weight: %v", err)
	}
	if _, err = instant.Resume(ctx, w, small(6), styles()[:1], photos, path); !errors.As(err, new(*instant.ResumeError)) {
		t.Errorf("other styles: %v", err)
	}
	if _, err = instant.Resume(ctx, w, small(6), styles(), openPhotos(t, 64), path); err != nil {
		t.Errorf("the same photographs elsewhere: %v", err)
	}
	fewer, err := instant.OpenPhotos(ctx, photoFiles(t, 21), 64, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = instant.Resume(ctx, w, small(6), styles(), fewer, path); !errors.As(err, new(*instant.ResumeError)) {
		t.Errorf("other photographs: %v", err)
	}
}

// TestCompare checks the comparison with the optimisation, which leaves less style than the
// photographs have, and than a network of few steps. What is measured afterwards is the same as
// before, although the comparison frees the memory of the steps.
func TestCompare(t *testing.T) {
	if testing.Short() {
		t.Skip("takes an optimisation")
	}
	tr, err := instant.NewTrainer(context.Background(), weights(t), small(40), styles(), openPhotos(t, 64))
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	steps(t, tr, 40)
	before, err := tr.Validate(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tr.Compare(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := tr.Validate(context.Background(), 1); err != nil || after != before {
		t.Errorf("after the comparison: %+v, %v; before: %+v", after, err, before)
	}
	if c.Photographs != 2 || !(c.Optimised.Style < min(c.Network.Style, c.Photograph.Style)) || c.Photograph.Content > 1e-6*c.Network.Content {
		t.Errorf("comparison %+v", c)
	}
}
