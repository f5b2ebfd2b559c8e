//go:build gpu && linux && cgo

package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"gorgonia.org/cu"
)

// Free returns how many bytes of the card's memory are free.
func (c *Card) Free() (free int64, err error) {
	err = c.do(func() (err error) {
		free, _, err = cu.MemInfo()
		return err
	})
	return free, c.wrap("asking for free memory", err)
}

// Alloc allocates memory. Its contents are undefined. The error is a [MemoryError] if there
// is too little.
func (c *Card) Alloc(bytes int64) (p Ptr, err error) {
	err = c.do(func() error {
		at, err := cu.MemAlloc(max(bytes, 4))
		if err == error(cu.OutOfMemory) {
			free, _, _ := cu.MemInfo()
			return &MemoryError{Card: c.info.Name, Wanted: bytes, Free: free}
		}
		p = Ptr(at)
		return err
	})
	return p, c.wrap(fmt.Sprintf("taking %d bytes", bytes), err)
}

// Share allocates n float32 that host and card both see. They are zeros at first. The host
// may use them only while nothing runs: after [Card.Wait], a download or an upload. To free
// them, call [Card.Release] with their [Place].
func (c *Card) Share(n int) (x []float32, err error) {
	err = c.do(func() error {
		at, err := cu.MemAllocManaged(4*int64(n), cu.AttachGlobal)
		if err == error(cu.OutOfMemory) {
			free, _, _ := cu.MemInfo()
			return &MemoryError{Card: c.info.Name, Wanted: 4 * int64(n), Free: free}
		}
		if err == nil {
			x = unsafe.Slice((*float32)(*(*unsafe.Pointer)(unsafe.Pointer(&at))), n)
			err = cu.MemsetD32Async(at, 0, int64(n), c.stream)
		}
		return err
	})
	return x, c.wrap(fmt.Sprintf("taking %d bytes to share", 4*n), err)
}

// Place returns the address on the card of x, a slice of [Card.Share] or a part of one.
func Place(x []float32) Ptr { return Ptr(uintptr(unsafe.Pointer(unsafe.SliceData(x)))) }

// Clear sets n float32 to 0, after all earlier calls have run.
func (c *Card) Clear(p Ptr, n int) error {
	return c.wrap("clearing", c.do(func() error { return cu.MemsetD32Async(cu.DevicePtr(p), 0, int64(n), c.stream) }))
}

// Copy copies n float32 within the card, after all earlier calls have run.
func (c *Card) Copy(dst, src Ptr, n int) error {
	return c.wrap("copying", c.do(func() error {
		return cu.MemcpyDtoDAsync(cu.DevicePtr(dst), cu.DevicePtr(src), 4*int64(n), c.stream)
	}))
}

// Release frees memory of [Card.Alloc] or [Card.Share], after everything has run.
func (c *Card) Release(p Ptr) error {
	return c.wrap("releasing memory", c.do(func() error {
		return errors.Join(c.stream.Synchronize(), cu.MemFree(cu.DevicePtr(p)))
	}))
}

// Upload copies src to dst, after all earlier calls have run.
func (c *Card) Upload(dst Ptr, src []float32) error {
	if len(src) == 0 {
		return nil
	}
	return c.upload(dst, unsafe.Pointer(&src[0]), 4*len(src))
}

// UploadWords is [Card.Upload] for words, which may be addresses.
func (c *Card) UploadWords(dst Ptr, src []uint64) error {
	if len(src) == 0 {
		return nil
	}
	return c.upload(dst, unsafe.Pointer(&src[0]), 8*len(src))
}

// upload uses the stream of the kernels and waits for it. A copy on the default stream may
// return before all data is on the card, and the kernels would not wait for it.
func (c *Card) upload(dst Ptr, src unsafe.Pointer, bytes int) error {
	err := c.do(func() error {
		if err := cu.MemcpyHtoDAsync(cu.DevicePtr(dst), src, int64(bytes), c.stream); err != nil {
			return err
		}
		return c.stream.Synchronize()
	})
	runtime.KeepAlive(src)
	return c.wrap("upload", err)
}

// Download copies src to dst, after all earlier calls have run. The error may come from one
// of them.
func (c *Card) Download(dst []float32, src Ptr) error {
	if len(dst) == 0 {
		return nil
	}
	return c.download(unsafe.Pointer(&dst[0]), src, 4*len(dst))
}

// DownloadWords is [Card.Download] for words, such as float64.
func (c *Card) DownloadWords(dst []uint64, src Ptr) error {
	if len(dst) == 0 {
		return nil
	}
	return c.download(unsafe.Pointer(&dst[0]), src, 8*len(dst))
}

func (c *Card) download(dst unsafe.Pointer, src Ptr, bytes int) error {
	return c.wrap("download", c.do(func() error {
		if err := c.stream.Synchronize(); err != nil {
			return err
		}
		return cu.MemcpyDtoH(dst, cu.DevicePtr(src), int64(bytes))
	}))
}

// Wait waits until all earlier calls have run. The error may come from one of them.
func (c *Card) Wait() error { return c.wrap("running", c.do(c.stream.Synchronize)) }
