// Command bench times evaluations of the loss of VGG-19 and its gradient to the pixels. For
// each line that it reads, it evaluates once and writes the seconds and the peak memory of
// the process so far in bytes. peer.py asks it and PyTorch in turn.
//
//	bench SIZE THREADS [fp32|mixed|bf16]
//	bench compare SIZE THREADS RUNS
//	bench precision SIZE THREADS RUNS
//	bench gpu {check|time} SIZE {tf32|fp32}
//	bench train SIZE THREADS FIRST
//	bench picture SIZE THREADS NETWORK [CONTENT:STYLE]
//
// The objective is that of torch_iteration.py: seeded weights, the usual taps, targets of
// zeros. The second form times VGG-19 and the slim network in turn, the third VGG-19 in each
// precision of the processor. The fourth compares the results of an NVIDIA card with those of
// the processor, or times the card. The fifth takes a step of a training for each line that it
// reads, after it has written the first parameters to the file FIRST; train.py asks it and
// PyTorch in turn. The sixth paints a picture with the default settings and prints what each
// part of it took.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"nst/internal/engine/exec"
	"nst/internal/reftest"
	"nst/loss"
	"nst/vgg"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "gpu" {
		return gpu(args[1:])
	}
	if len(args) == 4 && args[0] == "train" {
		n, err := numbers(args[1:3], "train SIZE THREADS FIRST", 2)
		if err != nil {
			return err
		}
		return train(n[0], n[1], args[3])
	}
	if len(args) > 3 && args[0] == "picture" {
		n, err := numbers(args[1:3], "picture SIZE THREADS NETWORK [CONTENT:STYLE]", 2)
		if err != nil {
			return err
		}
		return picture(n[0], n[1], args[3], strings.Join(args[4:], ""))
	}
	if len(args) > 0 && args[0] == "compare" {
		n, err := numbers(args[1:], "compare SIZE THREADS RUNS", 3)
		if err != nil {
			return err
		}
		return compare(n[0], n[1], n[2])
	}
	if len(args) > 0 && args[0] == "precision" {
		n, err := numbers(args[1:], "precision SIZE THREADS RUNS", 3)
		if err != nil {
			return err
		}
		return precisions(n[0], n[1], n[2])
	}
	precision := "fp32"
	if len(args) == 3 {
		args, precision = args[:2], args[2]
	}
	n, err := numbers(args, "SIZE THREADS", 2)
	if err != nil {
		return err
	}
	device, err := openIn(precision, n[1])
	if err != nil {
		return err
	}
	weights, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", reftest.Seed)
	if err != nil {
		return err
	}
	p, err := newProblem(device, weights, n[0])
	if err != nil {
		return err
	}
	fmt.Println("ready", device.Name())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		seconds, err := p.iterate()
		if err != nil {
			return err
		}
		fmt.Println(seconds, peak(), p.machine.Scalar(p.total))
	}
	return nil
}

// openIn returns the processor in a precision.
func openIn(precision string, threads int) (*exec.CPU, error) {
	d, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		return nil, err
	}
	switch precision {
	case "fp32":
		return d, nil
	case "mixed", "bf16":
		return d.BF16(precision == "bf16")
	}
	return nil, fmt.Errorf("want fp32, mixed or bf16, got %q", precision)
}

// numbers reads n arguments.
func numbers(args []string, want string, n int) ([]int, error) {
	if len(args) != n {
		return nil, fmt.Errorf("want %s, got %v", want, args)
	}
	out := make([]int, n)
	for i, a := range args {
		var err error
		if out[i], err = strconv.Atoi(a); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// problem is the objective for a picture.
type problem struct {
	pixels, total, gradient *exec.Node
	machine                 *exec.Machine
	picture, slope          []float32
}

// newProblem prepares the objective for a square picture.
func newProblem(d exec.Device, w *vgg.Weights, size int) (*problem, error) {
	p, err := build(w, size)
	if err != nil {
		return nil, err
	}
	p.picture = reftest.Picture(size, size, 2)
	p.slope = make([]float32, len(p.picture))
	p.machine, err = exec.New(d, p.total, p.gradient)
	return p, err
}

// iterate returns the seconds that an evaluation takes.
func (p *problem) iterate() (float64, error) {
	began := time.Now()
	if err := p.machine.Set(p.pixels, p.picture); err != nil {
		return 0, err
	}
	if err := p.machine.Run(context.Background()); err != nil {
		return 0, err
	}
	if err := p.machine.Get(p.slope, p.gradient); err != nil {
		return 0, err
	}
	return time.Since(began).Seconds(), nil
}

// build makes the graph for a square picture. Its targets stay zeros.
func build(weights *vgg.Weights, size int) (*problem, error) {
	pooling, err := vgg.ParsePooling("max")
	if err != nil {
		return nil, err
	}
	p := &problem{}
	err = exec.Build(func() error {
		p.pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, size, size)
		style := []string{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"}
		f, err := weights.Features(p.pixels, slices.Concat(style, []string{"relu4_2"}), vgg.FeatureOptions{Pooling: pooling})
		if err != nil {
			return err
		}
		content, err := loss.Content("content", f["relu4_2"], exec.Input(p.pixels.Graph(), "p", f["relu4_2"].Shape()...))
		if err != nil {
			return err
		}
		terms := []loss.Term{{Node: content, Weight: 1}}
		for _, l := range style {
			c := f[l].Shape()[1]
			seen, err := weights.StylePooled(l, f[l])
			if err != nil {
				return err
			}
			n, err := loss.Style("style/"+l, seen, exec.Input(p.pixels.Graph(), "a/"+l, c, c))
			if err != nil {
				return err
			}
			terms = append(terms, loss.Term{Node: n, Weight: 1000 / float64(c*c)})
		}
		if p.total, err = loss.Sum("total", terms...); err != nil {
			return err
		}
		p.gradient, err = exec.Gradient(p.total, p.pixels)
		return err
	})
	return p, err
}

// peak returns the largest resident size of this process in bytes, or 0 if unknown.
func peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(kb)[0], 10, 64)
			return n * 1024
		}
	}
	return 0
}
