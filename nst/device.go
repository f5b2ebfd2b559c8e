package nst

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"nst/internal/exec"
)

// What computes, and how exactly a card multiplies; see Options.Device.
const (
	DeviceAuto = "auto"
	DeviceCPU  = "cpu"
	DeviceCUDA = "cuda"

	PrecisionTF32 = "tf32"
	PrecisionFP32 = "fp32"
)

// Precisions lists the words of Options.Precision; see [Optimizers].
func Precisions() []string { return []string{PrecisionTF32, PrecisionFP32} }

// BuiltWithCUDA tells whether this program can use NVIDIA's cards.
func BuiltWithCUDA() bool { return exec.BuiltWithCUDA }

// ParseDevice splits a device into its kind, [DeviceAuto], [DeviceCPU] or
// [DeviceCUDA], and the number of the card, from 0.
func ParseDevice(s string) (kind string, card int, err error) {
	kind, number, numbered := strings.Cut(s, ":")
	known := kind == DeviceCUDA || kind == DeviceAuto || kind == DeviceCPU && !numbered
	if numbered && known {
		card, err = strconv.Atoi(number)
	}
	if !known || err != nil || card < 0 {
		return "", 0, fmt.Errorf("must be auto, cpu, cuda or cuda:N, the number of a card from 0")
	}
	return kind, card, nil
}

// DeviceError tells that the card that was asked for cannot be used, and why.
type DeviceError struct {
	Device string
	Err    error
}

func (e *DeviceError) Error() string {
	return fmt.Sprintf("nst: no device %s: %s", e.Device, reason(e.Err))
}

// Unwrap returns why.
func (e *DeviceError) Unwrap() error { return e.Err }

// MemoryError tells that a card has too little free memory for a run. With Device auto
// the run goes to the processor, and [Job].Warn is told.
type MemoryError struct {
	Device        string
	Width, Height int   // of the picture, pixels
	Need, Free    int64 // bytes
	Size          int   // the largest Options.Size that fits; 0 if none does
}

func (e *MemoryError) Error() string {
	const mb = 1 << 20
	return fmt.Sprintf("nst: a picture of %dx%d pixels takes %d MB on %s, which has %d MB free", e.Width, e.Height, (e.Need+mb-1)/mb, e.Device, e.Free/mb)
}

// UsableCards returns the numbers of the cards that this program can use.
func UsableCards() []int {
	cards, _ := exec.Cards(os.Getenv)
	var usable []int
	for i, c := range cards {
		if c.Usable() == nil {
			usable = append(usable, i)
		}
	}
	return usable
}

// left tells whether the options leave the device to the program.
func (o *Options) left() bool {
	kind, _, _ := ParseDevice(o.Device)
	return kind == DeviceAuto
}

// open opens the processor, which always has a part, and the card that the options
// ask for or, with auto, the first that can be used; nil if there is none.
func (o *Options) open(getenv func(string) string) (*exec.CPU, *exec.CUDA, error) {
	cpu, err := exec.OpenCPU(threads(o.Threads), getenv)
	if err != nil {
		return nil, nil, fmt.Errorf("nst: %w", err)
	}
	kind, number, err := ParseDevice(o.Device)
	if err != nil || kind == DeviceCPU || kind == DeviceAuto && o.StyleLoss == StyleW2 {
		return cpu, nil, err
	}
	precision := exec.TF32
	if o.Precision == PrecisionFP32 {
		precision = exec.FP32
	}
	card, err := exec.OpenCUDA(number, precision, getenv)
	switch {
	case err == nil:
		return cpu, card, nil
	case kind == DeviceAuto:
		return cpu, nil, nil
	}
	cpu.Close()
	return nil, nil, &DeviceError{o.Device, err}
}

// Device is the name of what computes.
func (t *Transfer) Device() string { return t.device.Name() }

// vectors returns arithmetic where the runs compute.
func (t *Transfer) vectors() exec.Vectors {
	if t.card != nil && t.device == exec.Device(t.card) {
		return t.card.Vectors()
	}
	return t.cpu.Vectors()
}

// room returns a MemoryError if a run with the scale as its last does not fit into
// the card.
func (t *Transfer) room(last scale) error {
	if t.card == nil {
		return nil
	}
	free, err := t.card.Free()
	if err != nil {
		return &DeviceError{t.card.Name(), err}
	}
	need, err := t.cardBytes(last.w, last.h)
	if err != nil || need <= free {
		return err
	}
	full := &MemoryError{Device: t.card.Name(), Width: last.w, Height: last.h, Need: need, Free: free}
	// Below low all fit, or are too small for the network; from high on none does.
	for low, high := MinSize, last.size; low < high; {
		size := (low + high) / 2
		ratio := float64(size) / float64(last.size)
		need, err := t.cardBytes(int(ratio*float64(last.w)), int(ratio*float64(last.h)))
		if err == nil && need > free {
			high = size
			continue
		}
		if low = size + 1; err == nil {
			full.Size = size
		}
	}
	return full
}

// cardBytes is the memory of the card that painting a picture of w x h pixels takes.
func (t *Transfer) cardBytes(w, h int) (int64, error) {
	o, _, err := t.sketch(w, h)
	if err != nil {
		return 0, err
	}
	p, err := t.memory(o)
	n := int64(3 * w * h)
	return p.Total() + 4*4*n + t.options.optimizerBytes(n), err
}

// CardCheck is one check of [SelftestCard].
type CardCheck struct {
	Name   string
	Off    float64 // largest difference over largest value
	Limit  float64 // that is allowed
	Failed bool
}

// SelftestCard runs every operation and its gradient on a card, with one of the
// [Precisions], and holds them against their plain definitions. A check that fails is
// reported, not an error; a card that cannot be used is a [DeviceError].
func SelftestCard(ctx context.Context, device, precision string, report func(CardCheck)) error {
	o := DefaultOptions()
	o.Device, o.Precision = device, precision
	cpu, card, err := o.open(os.Getenv)
	if err != nil {
		return err
	}
	defer cpu.Close()
	if card == nil {
		return &DeviceError{device, errors.New("is no card")}
	}
	defer card.Close()
	err = card.Selftest(ctx, func(c exec.Check) { report(CardCheck{c.Name, c.Off, c.Limit, c.Failed()}) })
	if err != nil {
		return fmt.Errorf("nst: %s: %w", card.Name(), err)
	}
	return nil
}
