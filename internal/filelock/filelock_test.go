package filelock_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"nst/internal/filelock"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := filelock.Lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan bool, 1)
	done := make(chan error)
	go func() {
		second, err := filelock.Lock(t.Context(), path, func() { waited <- true })
		if err == nil {
			second()
		}
		done <- err
	}()
	select {
	case <-waited:
	case <-time.After(10 * time.Second):
		t.Fatal("the second lock did not wait")
	}
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestLockCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := filelock.Lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := filelock.Lock(ctx, path, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := filelock.Lock(t.Context(), filepath.Join(t.TempDir(), "no", "lock"), nil); err == nil {
		t.Error("locked a file in a folder that does not exist")
	}
}
