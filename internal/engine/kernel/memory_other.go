//go:build !unix && !windows || race

package kernel

import "fmt"

// mapMemory returns zeros of the heap of Go, which is all that the race detector watches.
func mapMemory(bytes int) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // longer than any slice
			err = fmt.Errorf("%v", p)
		}
	}()
	return make([]byte, bytes+64), nil
}

// unmapMemory leaves them to the garbage collector.
func unmapMemory([]byte) {}
