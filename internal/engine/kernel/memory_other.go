//go:build (!unix && !windows) || race

package kernel

import (
	"errors"
	"fmt"

	"nst/internal/memory"
)

// mapMemory returns zeros of the heap of Go, which is all that the race detector watches, and
// enough of them to begin at a cache line or a huge page.
func mapMemory(bytes int) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // longer than any slice
			err = fmt.Errorf("%v", p)
		}
	}()
	if int64(bytes) > 1<<40 {
		return nil, errors.New("more than any machine has")
	}
	spare := 64
	if bytes >= memory.HugePage {
		spare = memory.HugePage
	}
	return make([]byte, bytes+spare), nil
}

// unmapMemory leaves them to the garbage collector.
func unmapMemory([]byte) {}
