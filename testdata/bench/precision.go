package main

import (
	"fmt"
	"os"

	"nst/internal/engine/exec"
	"nst/internal/reftest"
	"nst/vgg"
)

// precisions times iterations of VGG-19 in float32, with gradients in bfloat16, and with features
// in bfloat16 too, in turn, and prints the median of the runs of each.
func precisions(size, threads, runs int) error {
	full, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		return err
	}
	mixed, err := full.BF16(false)
	if err != nil {
		return err
	}
	half, err := full.BF16(true)
	if err != nil {
		return err
	}
	w, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", reftest.Seed)
	if err != nil {
		return err
	}
	devices := []*exec.CPU{full, mixed, half}
	problems := make([]*problem, len(devices))
	for i, d := range devices {
		if problems[i], err = newProblem(d, w, size); err != nil {
			return err
		}
	}
	times, err := inTurn(problems, runs)
	if err != nil {
		return err
	}
	fmt.Printf("loss and pixel gradient at %dx%d, median of %d in turn\n", size, size, runs)
	var first float64
	for i, t := range times {
		median := t[len(t)/2]
		if i == 0 {
			first = median
		}
		fmt.Printf("%-34s %.4f s  (%.4f to %.4f)  %.2f of fp32\n", devices[i].Name(), median, t[0], t[len(t)-1], median/first)
	}
	return nil
}
