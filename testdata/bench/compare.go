package main

import (
	"fmt"
	"os"
	"slices"

	"nst/internal/engine/exec"
	"nst/internal/reftest"
	"nst/vgg"
)

// compare times iterations of VGG-19 and of the slim network in turn and prints the median of
// the runs of each.
func compare(size, threads, runs int) error {
	device, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		return err
	}
	large, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", reftest.Seed)
	if err != nil {
		return err
	}
	small, err := vgg.Embedded()
	if err != nil {
		return err
	}
	var problems []*problem
	for _, w := range []*vgg.Weights{large, small} {
		p, err := newProblem(device, w, size)
		if err != nil {
			return err
		}
		problems = append(problems, p)
	}
	times, err := inTurn(problems, runs)
	if err != nil {
		return err
	}
	fmt.Printf("loss and pixel gradient at %dx%d, %s, median of %d in turn\n", size, size, device.Name(), runs)
	median := make([]float64, len(times))
	for i, t := range times {
		median[i] = t[len(t)/2]
		plan := problems[i].machine.Plan()
		fmt.Printf("%-6s %.4f s  (%.4f to %.4f)  %4d MB of features\n", []string{"vgg19", "slim"}[i], median[i], t[0], t[len(t)-1],
			(plan.Features+plan.Masks)>>20)
	}
	fmt.Printf("slim is %.2f times faster\n", median[0]/median[1])
	return nil
}

// inTurn iterates problems in turn and returns the seconds of the runs of each, sorted.
func inTurn(problems []*problem, runs int) ([][]float64, error) {
	times := make([][]float64, len(problems))
	for run := range runs + 1 {
		for i, p := range problems {
			seconds, err := p.iterate()
			if err != nil {
				return nil, err
			}
			if run > 0 { // the first warms up
				times[i] = append(times[i], seconds)
			}
		}
	}
	for _, t := range times {
		slices.Sort(t)
	}
	return times, nil
}
