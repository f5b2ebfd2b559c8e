//go:build gpu && linux && cgo

package cuda

//#include <cuda.h>
import "C"

import (
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// maxShared is the dynamic shared memory, in bytes, that every kernel may use. More has to
// be allowed.
const maxShared = 48 << 10

// allowShared allows a kernel that many bytes of dynamic shared memory. gorgonia.org/cu has
// no call for it. A cu.Function is a CUfunction in a struct.
func allowShared(f cu.Function, bytes int) error {
	code := C.cuFuncSetAttribute(*(*C.CUfunction)(unsafe.Pointer(&f)), C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, C.int(bytes))
	if code != C.CUDA_SUCCESS {
		return fmt.Errorf("CUDA error %d", int(code))
	}
	return nil
}

// preferShared asks for the most shared memory that each multiprocessor has, so that more
// blocks of f fit. If the driver refuses, f only runs slower.
func preferShared(f cu.Function) {
	C.cuFuncSetAttribute(*(*C.CUfunction)(unsafe.Pointer(&f)), C.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 100)
}
