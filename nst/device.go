package nst

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"nst/internal/engine/exec"
	"nst/vgg"
)

// The kinds of device; see Compute.Device.
const (
	DeviceAuto = "auto"
	DeviceCPU  = "cpu"
	DeviceCUDA = "cuda"
)

// BuiltWithCUDA reports whether this program can use NVIDIA's cards.
func BuiltWithCUDA() bool { return exec.BuiltWithCUDA }

// ParseDevice splits a device, as in cuda:1, into its kind, [DeviceAuto], [DeviceCPU] or
// [DeviceCUDA], and the number of the card, from 0. The error says what is allowed.
func ParseDevice(s string) (kind string, card int, err error) {
	kind, number, numbered := strings.Cut(s, ":")
	known := kind == DeviceCUDA || kind == DeviceAuto || kind == DeviceCPU && !numbered
	if numbered && known {
		card, err = strconv.Atoi(number)
	}
	if !known || err != nil || card < 0 {
		return "", 0, fmt.Errorf("must be auto, cpu, cuda, or auto:N or cuda:N with the number of a card from 0")
	}
	return kind, card, nil
}

// UsableCards returns the numbers of the cards that this program can use, and reports
// whether it can use several at the same time. With the drivers of Windows and WSL it cannot:
// there the host must not touch memory that it shares with one card while another works.
func UsableCards() (cards []int, together bool) {
	all, _ := exec.Cards(os.Getenv)
	together = true
	for i, c := range all {
		if c.Usable() == nil {
			cards = append(cards, i)
			together = together && c.Concurrent
		}
	}
	return cards, together
}

// open opens the processor, which is always needed, and the card that the options name, by
// default number 0. With auto the card may be nil.
// net is the network, for the choice of the precision; nil leaves that at fp32.
func (o *Options) open(net *vgg.Network, getenv func(string) string) (d devices, err error) {
	cpu, err := exec.OpenCPU(threads(o.Compute.Threads), getenv)
	if err != nil {
		return d, fmt.Errorf("nst: %w", err)
	}
	kind, number, err := ParseDevice(o.Compute.Device)
	d.cpu, d.auto = cpu, kind == DeviceAuto
	if err != nil {
		return d, err
	}
	if kind == DeviceCPU || kind == DeviceAuto && (o.Objective.StyleLoss.needsCPU() || o.Compute.Precision.halves()) {
		return d.halved(o, net)
	}
	precision := exec.TF32
	if o.Compute.Precision == PrecisionFP32 {
		precision = exec.FP32
	}
	card, err := exec.OpenCUDA(number, precision, getenv)
	switch {
	case err == nil:
		d.card = card
		return d, nil
	case kind == DeviceAuto:
		if !expected(err) {
			d.passed = &DeviceError{o.Compute.Device, err}
		}
		return d.halved(o, net)
	}
	cpu.Close()
	return devices{}, &DeviceError{o.Compute.Device, err}
}

// devices are the devices that options have opened.
type devices struct {
	cpu    *exec.CPU
	exact  *exec.CPU  // the same in fp32, if cpu is in bf16, else nil
	by     Precision  // of cpu; empty for fp32
	card   *exec.CUDA // nil for none
	auto   bool       // the options leave the choice
	passed error      // why auto did not take a card, if that is unexpected
}

// preferred returns the card or, if there is none, the processor.
func (d *devices) preferred() exec.Device {
	if d.card != nil {
		return d.card
	}
	return d.cpu
}

// vectors returns the arithmetic of a device.
func (d *devices) vectors(on exec.Device) exec.Vectors {
	if on == d.preferred() && d.card != nil {
		return d.card.Vectors()
	}
	return d.cpu.Vectors()
}

// close frees the devices.
func (d *devices) close() error {
	err := d.cpu.Close()
	if d.card != nil {
		err = errors.Join(err, d.card.Close())
	}
	return err
}

// expected reports whether err is an ordinary reason for having no card.
func expected(err error) bool {
	none := new(exec.NoDriverError)
	return errors.Is(err, exec.ErrNotBuilt) || errors.Is(err, exec.ErrNoCard) ||
		errors.As(err, &none) && !none.Found || errors.As(err, new(*exec.UnusableError))
}

// CardCheck is one check of [SelftestCard].
type CardCheck struct {
	Name   string
	Off    float64 // the largest difference divided by the largest value
	Limit  float64 // the largest Off that is allowed
	Failed bool
}

// SelftestCard runs every operation and its gradient on a card, with one of the [CardPrecisions],
// and compares them with their plain definitions. It calls report for each check, also for
// one that fails. A card that cannot be used is a [DeviceError].
func SelftestCard(ctx context.Context, device string, precision Precision, report func(CardCheck)) error {
	o := DefaultOptions()
	o.Compute.Device, o.Compute.Precision = device, precision
	d, err := o.open(nil, os.Getenv)
	if err != nil {
		return err
	}
	defer d.cpu.Close()
	card := d.card
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
