package exec

import (
	"os"
	"reflect"
	"runtime"
	"testing"

	"nst/internal/engine/op"
	"nst/loss"
	"nst/vgg"
)

// planned returns the outputs of an objective over the slim network.
func planned(t *testing.T, w, h int) []*Node {
	t.Helper()
	weights, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv5_1", 3)
	if err != nil {
		t.Fatal(err)
	}
	pixels := Input(NewGraph(), "pixels", 1, 3, h, w)
	var outputs []*Node
	err = Build(func() error {
		layers := []string{"relu1_1", "relu2_1", "relu3_1", "relu4_2"}
		features, err := weights.Features(pixels, layers, vgg.FeatureOptions{Pooling: op.Max})
		if err != nil {
			return err
		}
		var sum []loss.Term
		for i, l := range layers {
			f := features[l]
			c := f.Shape()[1]
			var n *Node
			switch i {
			case 0:
				n, err = loss.StyleMeanStd(l, f, nil, Input(pixels.Graph(), "target/"+l, 2, c))
			case 1:
				n, err = loss.W2(l, f, nil, Input(pixels.Graph(), "target/"+l, 1+c, c))
			case 2:
				n, err = loss.Style(l, f, Input(pixels.Graph(), "target/"+l, c, c))
			default:
				n, err = loss.Content(l, f, Input(pixels.Graph(), "target/"+l, f.Shape()...))
			}
			if err != nil {
				return err
			}
			sum = append(sum, loss.Term{Node: n, Weight: 1})
		}
		total, err := loss.Sum("total", sum...)
		if err != nil {
			return err
		}
		gradient, err := Gradient(total, pixels)
		outputs = []*Node{total, gradient}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return outputs
}

// TestPlanIsMemory holds the plan of a machine against the memory that it has taken: to
// the byte against the slices that it and its device hold, and against the growth of the
// heap, so that nothing hides in a step.
func TestPlanIsMemory(t *testing.T) {
	for _, size := range [][2]int{{64, 48}, {259, 200}} {
		d, err := OpenCPU(2, os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		outputs := planned(t, size[0], size[1])
		before := heap()
		m, err := New(d, outputs...)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		grown, plan := heap()-before, m.Plan()
		held, aligning := heldBy(d, m.program.(*cpuProgram))
		held.Masks = plan.Masks // in steps, where only the heap can see them
		if plan != held {
			t.Errorf("%v: the plan is %+v, held are %+v", size, plan, held)
		}
		// The partial sums of Gram matrices and what is no tensor are not planned. They came to
		// 450 kB for the larger picture, where masks alone take 530 kB.
		const slack = 512 << 10
		rest := grown - plan.Total() - aligning
		t.Logf("%v: %+v, %d on the heap, %d for alignment, %d besides", size, plan, grown, aligning, rest)
		if rest < 0 || rest > slack {
			t.Errorf("%v: the heap holds %d bytes more than is planned, want 0 to %d", size, rest, slack)
		}
	}
}

// heldBy returns the memory of the slices that a device and its one program hold, but for
// masks, and about what was added to align them.
func heldBy(d *CPU, p *cpuProgram) (held Plan, aligning int64) {
	count := func(floats int) int64 {
		if aligning += 64; floats >= 2<<20/4 {
			aligning += 2 << 20 // large ones begin at a huge page
		}
		return 4 * int64(floats)
	}
	held.Features = count(len(p.arena))
	scratch := reflect.ValueOf(d.engine).Elem().FieldByName("scratch")
	for i := range scratch.Len() {
		held.Scratch += count(scratch.Index(i).Len())
	}
	for _, f := range d.filters {
		held.Weights += count(reflect.ValueOf(f).Elem().FieldByName("u").Len())
	}
	return held, aligning
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
