//go:build gpu && linux && cgo

// Package lazy loads the CUDA driver, libcuda.so.1, at run time. Call [Open] first.
//
// A program that imports gorgonia.org/cu must otherwise be linked with NVIDIA's library and
// does not start without it. This package defines the symbols of libcuda that
// gorgonia.org/cu refers to. Import it beside that package.
package lazy

/*
#cgo LDFLAGS: -L${SRCDIR}/lib -ldl -Wl,--as-needed
#include <stdlib.h>
const char *nst_cuda_load(const char *path);
int nst_cuda_init(void);
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// Variable is the environment variable with the path of the library to load.
const Variable = "NST_LIBCUDA"

// places is where the driver may be: first where the system searches, then the folders of
// WSL, of containers and of NixOS, which the system may not search.
var places = []string{
	"libcuda.so.1",
	"/usr/lib/wsl/lib/libcuda.so.1",
	"/usr/local/nvidia/lib64/libcuda.so.1",
	"/run/opengl-driver/lib/libcuda.so.1",
}

// ErrNoDriver says that [Open] has found no driver.
var ErrNoDriver = errors.New("no NVIDIA driver")

// InitError is the CUresult with which the driver failed to initialise.
type InitError int

// Error explains the numbers that are known to occur.
func (e InitError) Error() string {
	switch e {
	case 3:
		return "the NVIDIA driver is shutting down"
	case 100:
		return "the NVIDIA driver finds no card"
	case 803:
		return "the NVIDIA driver and its kernel module are of different versions"
	case 804:
		return "the NVIDIA driver does not support this card with a newer libcuda"
	}
	return fmt.Sprintf("the NVIDIA driver fails with CUDA error %d", int(e))
}

// The driver belongs to the process, and so does the result of loading it.
var (
	once   sync.Once
	result error
)

// Open loads the driver and initialises it, once in a process: later calls return the
// result of the first. If the variable NST_LIBCUDA, read by getenv, is set, Open loads only
// that library. The error wraps [ErrNoDriver] or is an [InitError].
func Open(getenv func(string) string) error {
	once.Do(func() { result = open(getenv(Variable)) })
	return result
}

func open(only string) error {
	paths := places
	if only != "" {
		paths = []string{only}
	}
	var first error
	for _, p := range paths {
		err := load(p)
		if err == nil {
			if code := C.nst_cuda_init(); code != 0 {
				return InitError(code)
			}
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func load(path string) error {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	if why := C.nst_cuda_load(p); why != nil {
		return fmt.Errorf("%w: %s", ErrNoDriver, C.GoString(why))
	}
	return nil
}
