//go:build gpu && linux && cgo

package cuda

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

// ptx is the kernels in the form that the driver loads. header lists what their launches
// must know; the C++ code includes it too.
var (
	//go:embed nst.ptx
	ptx string
	//go:embed kernel/kernels.h
	header string
)

// kernel is what a launch must know of a kernel.
type kernel struct {
	threads int // of a block
	bytes   int // of dynamic shared memory
	params  int
}

// find returns the kernel with that name.
func find(name string) (k kernel, err error) {
	_, row, ok := strings.Cut(header, "X("+name+",")
	if !ok {
		return k, errors.New("is not in this program")
	}
	if _, err := fmt.Sscanf(row, "%d, %d)", &k.threads, &k.bytes); err != nil {
		return k, fmt.Errorf("reading its row: %w", err)
	}
	_, entry, ok := strings.Cut(ptx, ".entry "+name+"(")
	if !ok {
		return k, errors.New("is not among those that were compiled")
	}
	params, _, _ := strings.Cut(entry, ")")
	k.params = strings.Count(params, ".param ")
	return k, nil
}
