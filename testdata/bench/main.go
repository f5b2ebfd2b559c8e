// Command bench evaluates the loss of VGG-19 and its gradient to the pixels, once
// for each line that it reads, and answers with the seconds that took and the
// peak memory of the process so far in bytes. peer.py asks it and PyTorch in turn.
//
//	bench SIZE THREADS
//
// The objective is that of torch_iteration.py: seeded weights, the usual taps,
// targets of zeros.
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

	"nst/internal/exec"
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
	if len(args) != 2 {
		return fmt.Errorf("want SIZE THREADS, got %v", args)
	}
	size, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	threads, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	device, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		return err
	}
	p, err := newProblem(size)
	if err != nil {
		return err
	}
	m, err := exec.New(device, p.total, p.gradient)
	if err != nil {
		return err
	}
	picture := reftest.Picture(size, size, 2)
	gradient := make([]float32, len(picture))
	fmt.Println("ready", device.Name())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		began := time.Now()
		if err := m.Set(p.pixels, picture); err != nil {
			return err
		}
		if err := m.Run(context.Background()); err != nil {
			return err
		}
		if err := m.Get(gradient, p.gradient); err != nil {
			return err
		}
		seconds := time.Since(began).Seconds()
		fmt.Println(seconds, peak(), m.Scalar(p.total))
	}
	return nil
}

type problem struct{ pixels, total, gradient *exec.Node }

// newProblem builds the graph for a square picture. Its targets are never set:
// they stay zeros.
func newProblem(size int) (*problem, error) {
	weights, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", reftest.Seed)
	if err != nil {
		return nil, err
	}
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
			n, err := loss.Style("style/"+l, f[l], exec.Input(p.pixels.Graph(), "a/"+l, c, c))
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

// peak is the largest resident size of this process in bytes, 0 where the system
// does not tell.
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
