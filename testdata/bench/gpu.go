package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"nst/internal/engine/exec"
	"nst/internal/reftest"
	"nst/vgg"
)

// gpu is bench gpu {check|time} SIZE {tf32|fp32}. check compares loss and gradient on card 0
// with those of the processor; time prints the median time of an evaluation there.
func gpu(args []string) error {
	if len(args) != 3 || args[0] != "check" && args[0] != "time" {
		return fmt.Errorf("want gpu {check|time} SIZE {tf32|fp32}, got %v", args)
	}
	n, err := numbers(args[1:2], "SIZE", 1)
	if err != nil {
		return err
	}
	precision := exec.TF32
	if args[2] == "fp32" {
		precision = exec.FP32
	}
	card, err := exec.OpenCUDA(0, precision, os.Getenv)
	if err != nil {
		return err
	}
	defer card.Close()
	weights, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", reftest.Seed)
	if err != nil {
		return err
	}
	if args[0] == "check" {
		return check(card, weights, n[0])
	}
	return timeCard(card, weights, n[0])
}

// check prints the distance of loss and gradient on the card from those on the processor.
func check(card *exec.CUDA, weights *vgg.Weights, size int) error {
	cpu, err := exec.OpenCPU(0, os.Getenv)
	if err != nil {
		return err
	}
	defer cpu.Close()
	var loss [2]float64
	var slope [2][]float32
	for i, d := range []exec.Device{card, cpu} {
		p, err := newProblem(d, weights, size)
		if err != nil {
			return err
		}
		if _, err := p.iterate(); err != nil {
			return err
		}
		loss[i], slope[i] = p.machine.Scalar(p.total), p.slope
		if err := p.machine.Close(); err != nil {
			return err
		}
	}
	var far, long float64
	for i, v := range slope[1] {
		d := float64(slope[0][i]) - float64(v)
		far += d * d
		long += float64(v) * float64(v)
	}
	fmt.Printf("check %d px, %s: loss %.1e off, gradient %.1e off by the largest value, %.1e by length\n",
		size, card.Name(), reftest.Rel(loss[0], loss[1]), reftest.RelMax(slope[0], slope[1]), math.Sqrt(far/long))
	return nil
}

// timeCard prints two times of an evaluation: with picture and gradient in the memory of the
// card, as for an optimiser on the card, and with both copied from and to the host.
func timeCard(card *exec.CUDA, weights *vgg.Weights, size int) error {
	before, err := card.Free()
	if err != nil {
		return err
	}
	p, err := newProblem(card, weights, size)
	if err != nil {
		return err
	}
	defer p.machine.Close()
	var whole, bare []float64
	for i := range 40 {
		s, err := p.iterate()
		if err != nil {
			return err
		}
		began := time.Now()
		if err := p.machine.Run(context.Background()); err != nil {
			return err
		}
		if i >= 10 {
			whole, bare = append(whole, s), append(bare, time.Since(began).Seconds())
		}
	}
	after, err := card.Free()
	if err != nil {
		return err
	}
	slices.Sort(whole)
	slices.Sort(bare)
	fmt.Printf("nst %d px, %s: %.2f ms an evaluation, %.2f with its copies, %d MB, loss %.6g\n",
		size, card.Name(), 1e3*bare[len(bare)/2], 1e3*whole[len(whole)/2], (before-after)>>20, p.machine.Scalar(p.total))
	return nil
}
