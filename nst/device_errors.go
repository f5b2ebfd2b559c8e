package nst

import (
	"errors"
	"fmt"

	"nst/internal/engine/exec"
)

// ErrDriverUnknown is what a [DeviceError] wraps if NVIDIA's driver fails without a reason, as
// it does when its kernel module is not loaded.
var ErrDriverUnknown = exec.ErrDriverUnknown

// DeviceError tells why a card that was asked for cannot be used.
type DeviceError struct {
	Device string
	Err    error
}

// Error names the device and says why.
func (e *DeviceError) Error() string {
	return fmt.Sprintf("nst: no device %s: %s", e.Device, reason(e.Err))
}

// Unwrap returns why.
func (e *DeviceError) Unwrap() error { return e.Err }

// CardError tells that a card failed during a run. Further runs on it fail too.
type CardError struct {
	Device string
	Err    error
}

// Error names the card and says how it failed.
func (e *CardError) Error() string {
	return fmt.Sprintf("nst: %s has failed: %s", e.Device, reason(e.Err))
}

// Unwrap returns the error of the card.
func (e *CardError) Unwrap() error { return e.Err }

// UnsupportedError tells that a card has no kernels for a run. With Compute.Device auto the
// processor takes the run, and [Job].Warn is called.
type UnsupportedError struct {
	Device string
	Err    error
}

// Error names the card and says what it cannot do.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("nst: %s cannot do this: %s", e.Device, reason(e.Err))
}

// Unwrap returns an error that says which kernels are missing.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// MemoryError tells that a card has too little free memory for a run. With Compute.Device
// auto the processor takes the run, and [Job].Warn is called.
type MemoryError struct {
	Device        string
	Width, Height int   // of the picture, pixels
	Need, Free    int64 // bytes, in addition to what the card holds already
	Size          int   // the largest Options.Size that fits; 0 if none is known
}

// Error says how much the picture takes and how much is free, in MB of 2^20 bytes.
func (e *MemoryError) Error() string {
	const mb = 1 << 20
	return fmt.Sprintf("nst: a picture of %dx%d pixels takes %d MB on %s, which has %d MB free", e.Width, e.Height, (e.Need+mb-1)/mb, e.Device, e.Free/mb)
}

// OutOfMemoryError tells that the system had no memory for a run on the processor, or for one
// of its scales.
type OutOfMemoryError struct {
	Width, Height int   // of the picture at that scale, pixels
	Bytes         int64 // of the block that was asked for
	Err           error // of the system
}

// Error says for what there was no memory, in MB of 2^20 bytes.
func (e *OutOfMemoryError) Error() string {
	return fmt.Sprintf("nst: no memory for a picture of %dx%d pixels: the system refused a block of %d MB", e.Width, e.Height, (e.Bytes+1<<20-1)>>20)
}

// Unwrap returns the error of the system.
func (e *OutOfMemoryError) Unwrap() error { return e.Err }

// outOfMemory returns an [OutOfMemoryError] for a picture of w by h pixels if that is what err
// is, else err.
func outOfMemory(err error, w, h int) error {
	if full := new(exec.HostMemoryError); errors.As(err, &full) {
		return &OutOfMemoryError{w, h, full.Bytes, full.Err}
	}
	return err
}

// named turns errors of the devices, with a picture of w by h pixels, into those of this
// package.
func (d *devices) named(err error, w, h int) error {
	if err = outOfMemory(err, w, h); err == nil || d.card == nil {
		return err
	}
	var (
		name    = d.card.Name()
		full    = new(exec.MemoryError)
		failed  = new(exec.CardError)
		lacking = new(exec.UnsupportedError)
	)
	switch {
	case errors.As(err, &failed):
		return &CardError{name, failed}
	case errors.As(err, &full):
		return &MemoryError{Device: name, Width: w, Height: h, Need: full.Wanted, Free: full.Free}
	case errors.As(err, &lacking):
		return &UnsupportedError{name, lacking}
	}
	return err
}

// fallBack runs f on the card, if there is one, else on the processor. If the options leave
// the choice, and the card lacks memory or kernels, it tells warn, unless that is nil, and
// runs f again on the processor; but not after f has begun what it cannot begin again.
func (d *devices) fallBack(warn func(error), f func(exec.Device) (begun bool, err error)) error {
	begun, err := f(d.preferred())
	if begun || d.card == nil || !d.auto || !errors.As(err, new(*MemoryError)) && !errors.As(err, new(*UnsupportedError)) {
		return err
	}
	if warn != nil {
		warn(err)
	}
	_, err = f(d.cpu)
	return err
}
