//go:build gpu && linux && cgo

// Package lazy finds CUDA's driver, libcuda.so.1, when [Open] is called, so that a
// program that imports gorgonia.org/cu needs no library of NVIDIA to be built or
// linked, and starts where there is none. It defines the symbols of libcuda that
// gorgonia.org/cu refers to; import it beside that package.
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

// Variable names the environment variable with the path of the library to take.
const Variable = "NST_LIBCUDA"

// places is where the driver may be: where the system looks, then the folders of
// WSL, of containers and of NixOS, which it may not know of.
var places = []string{
	"libcuda.so.1",
	"/usr/lib/wsl/lib/libcuda.so.1",
	"/usr/local/nvidia/lib64/libcuda.so.1",
	"/run/opengl-driver/lib/libcuda.so.1",
}

// ErrNoDriver is an [Open] that has found no driver.
var ErrNoDriver = errors.New("no NVIDIA driver")

// InitError is the CUresult with which a driver refuses to work.
type InitError int

// Error says what the number stands for, where that is known to happen.
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

// The driver belongs to the process, and so does what is known of it.
var (
	once   sync.Once
	result error
)

// Open finds the driver and initialises it, once for the process: later calls return
// what the first did. The variable NST_LIBCUDA, read by getenv, is the one library to
// take. The error wraps [ErrNoDriver] or is an [InitError].
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
