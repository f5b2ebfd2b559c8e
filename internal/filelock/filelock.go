// Package filelock keeps processes from doing the same work at the same time. A lock ends
// with its process, however that ends.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// errHeld means that another process holds a lock.
var errHeld = errors.New("held by another process")

const pause = 200 * time.Millisecond // between attempts

// Lock waits until it holds the lock of the file at path, which it creates if necessary. It
// calls waiting, unless that is nil, once if another process holds the lock. release ends the
// lock; the file stays. On systems without locks, Lock does not wait.
func Lock(ctx context.Context, path string, waiting func()) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := try(f)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, errHeld) {
			f.Close()
			return nil, fmt.Errorf("locking %q: %w", path, err)
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
