package vgg_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"nst/vgg"
)

// gate is a source whose downloads last until it is opened.
type gate struct {
	b     []byte
	begun chan struct{} // gets a value from each download
	open  chan struct{}
}

func (g *gate) String() string { return "a gate" }

func (g *gate) Fetch(ctx context.Context, dir string, _ func(done, total int64)) (string, error) {
	g.begun <- struct{}{}
	select {
	case <-g.open:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	path := filepath.Join(dir, "vgg.h5")
	return path, os.WriteFile(path, g.b, 0o644)
}

// TestPullWaits pulls twice at once: the second pull waits, and downloads only if the first
// has saved something else than it wants.
func TestPullWaits(t *testing.T) {
	for _, half := range []bool{false, true} {
		s := vgg.Store{Dir: t.TempDir()}
		g := &gate{b: fixture(t, "keras2.h5"), begun: make(chan struct{}, 2), open: make(chan struct{})}
		var all sync.WaitGroup
		pull := func(half bool, waiting func()) {
			all.Go(func() {
				opts := vgg.PullOptions{Sources: []vgg.Source{g}, Half: half, Waiting: waiting}
				if _, err := s.Pull(t.Context(), "tiny", opts); err != nil {
					t.Error(err)
				}
			})
		}
		pull(false, nil)
		<-g.begun
		waits := make(chan struct{})
		pull(half, func() { close(waits) })
		<-waits
		time.Sleep(50 * time.Millisecond) // the times of files are not exact
		close(g.open)
		all.Wait()
		if got := len(g.begun) == 1; got != half {
			t.Errorf("half %v: downloaded again: %v", half, got)
		}
		if l, err := s.List(); err != nil || len(l) != 1 || l[0].Half != half {
			t.Errorf("half %v: got %+v, %v", half, l, err)
		}
	}
}
