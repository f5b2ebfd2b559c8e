// Command teacher computes VGG-19's features for train.py. On a processor without matrix
// instructions it is several times faster than PyTorch:
//
//	teacher -weights vgg19.safetensors [-threads 1]
//
// It answers questions from standard input until that ends. All numbers have 32 bits,
// little-endian. A question is the height h, the width w, the number k of layers, k layer
// indices in ascending order (0 is the first ReLU), a step s for each layer, and an RGB
// picture (3, h, w) in 0..1. The answer is, for each layer, the features (c, h', w') after
// the ReLU, at every s-th row and column.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"nst/internal/engine/exec"
	"nst/vgg"
)

func main() {
	path := flag.String("weights", "", "VGG-19 as nst keeps it, `FILE`")
	threads := flag.Int("threads", 1, "`N`")
	flag.Parse()
	if err := serve(context.Background(), *path, *threads, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "teacher:", err)
		os.Exit(1)
	}
}

// serve answers until in ends between two questions.
func serve(ctx context.Context, path string, threads int, in io.Reader, out io.Writer) error {
	if path == "" {
		return errors.New("-weights FILE is wanted")
	}
	weights, err := vgg.Store{}.Load(path)
	if err != nil {
		return err
	}
	device, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		return err
	}
	t := newTeacher(weights, device)
	defer t.close()
	r, w := bufio.NewReaderSize(in, 1<<20), bufio.NewWriterSize(out, 1<<20)
	for {
		if _, err := r.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		if err := t.answer(ctx, r, w); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
}

// teacher keeps a graph for each height, width and depth that was asked for.
type teacher struct {
	weights *vgg.Weights
	layers  []string // rectified features by index
	device  exec.Device
	graphs  map[[3]int]*graph
}

func newTeacher(weights *vgg.Weights, device exec.Device) *teacher {
	t := &teacher{weights: weights, device: device, graphs: map[[3]int]*graph{}}
	for _, l := range weights.Network.Layers {
		if l.Kind == vgg.ReLU {
			t.layers = append(t.layers, l.Name)
		}
	}
	return t
}

// graph computes the first features of pictures of one size.
type graph struct {
	machine  *exec.Machine
	pixels   *exec.Node
	picture  []float32
	features []*exec.Node
	numbers  [][]float32
}

// maxGraphs limits the memory: crops have three sizes, whole pictures have many.
const maxGraphs = 8

func (t *teacher) close() {
	for _, s := range t.graphs {
		s.machine.Close()
	}
	clear(t.graphs)
}

// answer reads a question and writes the answer.
func (t *teacher) answer(ctx context.Context, r io.Reader, w io.Writer) error {
	var head [3]int32
	if err := binary.Read(r, binary.LittleEndian, &head); err != nil {
		return fmt.Errorf("question: %w", err)
	}
	height, width, k := int(head[0]), int(head[1]), int(head[2])
	if height < 16 || width < 16 || height > 1<<12 || width > 1<<12 || k < 1 || k > len(t.layers) {
		return fmt.Errorf("question of a picture of %dx%d at %d layers", width, height, k)
	}
	asked := make([]int32, 2*k)
	if err := binary.Read(r, binary.LittleEndian, asked); err != nil {
		return fmt.Errorf("question: %w", err)
	}
	asked, every := asked[:k], asked[k:]
	for i, l := range asked {
		if l < 0 || int(l) >= len(t.layers) || i > 0 && l <= asked[i-1] || every[i] < 1 {
			return fmt.Errorf("question: of layers %v every %v", asked, every)
		}
	}
	s, err := t.graph(height, width, int(asked[k-1])+1)
	if err != nil {
		return err
	}
	return s.answer(ctx, asked, every, r, w)
}

// graph returns the graph for pictures of a size, and makes it on first use.
func (t *teacher) graph(height, width, depth int) (*graph, error) {
	key := [3]int{height, width, depth}
	if s := t.graphs[key]; s != nil {
		return s, nil
	}
	if len(t.graphs) == maxGraphs {
		t.close()
	}
	s := &graph{picture: make([]float32, 3*height*width)}
	err := exec.Build(func() error {
		s.pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, height, width)
		seen, err := t.weights.Features(s.pixels, t.layers[:depth], vgg.FeatureOptions{})
		for _, l := range t.layers[:depth] {
			s.features = append(s.features, seen[l])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.machine, err = exec.New(t.device, s.features...); err != nil {
		return nil, err
	}
	for _, f := range s.features {
		s.numbers = append(s.numbers, make([]float32, f.Shape().TotalSize()))
	}
	t.graphs[key] = s
	return s, nil
}

// answer reads a picture and writes its features at the layers asked for.
func (s *graph) answer(ctx context.Context, asked, every []int32, r io.Reader, w io.Writer) error {
	if err := binary.Read(r, binary.LittleEndian, s.picture); err != nil {
		return fmt.Errorf("picture: %w", err)
	}
	if err := s.machine.Set(s.pixels, s.picture); err != nil {
		return err
	}
	if err := s.machine.Run(ctx); err != nil {
		return err
	}
	for i, l := range asked {
		f := s.numbers[l]
		if err := s.machine.Get(f, s.features[l]); err != nil {
			return err
		}
		if every[i] > 1 {
			shape := s.features[l].Shape()
			f = thin(f, shape[2], shape[3], int(every[i]))
		}
		if err := binary.Write(w, binary.LittleEndian, f); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	return nil
}

// thin keeps every s-th row and column of planes (c,h,w), in place.
func thin(f []float32, h, w, s int) []float32 {
	n := 0
	for row := 0; row < len(f); row += w {
		if row/w%h%s != 0 {
			continue
		}
		for x := 0; x < w; x += s {
			f[n] = f[row+x]
			n++
		}
	}
	return f[:n]
}
