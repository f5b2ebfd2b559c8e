//go:build gpu && linux && cgo

package cuda

//#include <cuda.h>
import "C"

import (
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// maxShared is the dynamic shared memory that a kernel may have without being
// allowed to.
const maxShared = 48 << 10

// allowShared lets a kernel have so many bytes of dynamic shared memory, for which
// gorgonia.org/cu has no call. A cu.Function is a CUfunction in a struct.
func allowShared(f cu.Function, bytes int) error {
	code := C.cuFuncSetAttribute(*(*C.CUfunction)(unsafe.Pointer(&f)), C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, C.int(bytes))
	if code != C.CUDA_SUCCESS {
		return fmt.Errorf("CUDA error %d", int(code))
	}
	return nil
}

// preferShared asks for as much shared memory of each multiprocessor as there is, so
// that more blocks of f find room. A driver that does not grant it loses some speed.
func preferShared(f cu.Function) {
	C.cuFuncSetAttribute(*(*C.CUfunction)(unsafe.Pointer(&f)), C.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 100)
}
