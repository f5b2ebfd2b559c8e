package exec

import (
	"errors"
	"os"
	"reflect"
	"runtime"
	"testing"

	"nst/internal/engine/op"
	"nst/internal/reftest"
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
// heap, so that nothing hides in a step. What was planned before the machine is the same.
func TestPlanIsMemory(t *testing.T) {
	reftest.NumbersOnly(t) // the race detector takes memory too
	for _, size := range [][2]int{{64, 48}, {259, 200}} {
		d, err := OpenCPU(2, os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		outputs := planned(t, size[0], size[1])
		before := heap()
		dry, err := d.Plan(outputs...)
		if err != nil {
			t.Fatal(err)
		}
		m, err := New(d, outputs...)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		grown, plan := heap()-before, m.Plan()
		if again, err := d.Plan(outputs...); dry != plan || again != plan || err != nil {
			t.Errorf("%v: the machine holds %+v, planned were %+v before it and %+v after it, %v", size, plan, dry, again, err)
		}
		p := m.program.(*cpuProgram)
		held, mapped, aligning := heldBy(d, p)
		held.Masks = plan.Masks // in steps
		if plan != held {
			t.Errorf("%v: the plan is %+v, held are %+v", size, plan, held)
		}
		if extra := int64(4*len(p.memory.Floats())) - plan.Features - plan.Masks; extra < 0 || extra > 4*align {
			t.Errorf("%v: features and masks take %d bytes more than planned", size, extra)
		}
		// The partial sums of Gram matrices and what is no tensor are not planned. They came to
		// 450 kB for the larger picture, where masks alone take 530 kB.
		const slack = 512 << 10
		rest := grown + mapped - plan.Total() - aligning
		t.Logf("%v: %+v, %d on the heap, %d mapped, %d for alignment, %d besides", size, plan, grown, mapped, aligning, rest)
		if rest < -4*align || rest > slack {
			t.Errorf("%v: %d bytes more than planned are held, want 0 to %d", size, rest, slack)
		}
	}
}

// heldBy returns the memory of the slices that a device and its one program hold, but for
// masks, what of all memory is mapped, and about what was added to align the rest.
func heldBy(d *CPU, p *cpuProgram) (held Plan, mapped, aligning int64) {
	count := func(floats int) int64 {
		if aligning += 64; floats >= 2<<20/4 {
			aligning += 2 << 20 // large ones begin at a huge page
		}
		return 4 * int64(floats)
	}
	scratch := reflect.ValueOf(d.engine).Elem().FieldByName("scratch")
	for i := range scratch.Len() {
		held.Scratch += count(scratch.Index(i).Len())
	}
	held.Scratch += count(reflect.ValueOf(d.engine).Elem().FieldByName("shared").Len())
	held.Features = 4 * int64(len(p.arena))
	mapped = 4 * int64(len(p.memory.Floats()))
	for _, f := range d.filters.made {
		u := 4 * int64(reflect.ValueOf(f.Filter).Elem().FieldByName("data").Len())
		held.Weights += u
		mapped += u
	}
	return held, mapped, aligning
}

// TestPlanAllocatesNothing plans a picture that no machine has the memory for.
func TestPlanAllocatesNothing(t *testing.T) {
	d, err := OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	outputs := planned(t, 20000, 15000)
	before := heap()
	plan, err := d.Plan(outputs...)
	if err != nil {
		t.Fatal(err)
	}
	grown := heap() - before
	if plan.Features < 1<<35 || grown > 1<<20 || d.spare.Floats() != nil || len(d.filters.made) > 0 {
		t.Errorf("%+v planned, the heap has grown by %d bytes, %d filters were made", plan, grown, len(d.filters.made))
	}
}

// TestNoMemory asks for a machine that no system has the memory for. That is an error, and
// the device works on.
func TestNoMemory(t *testing.T) {
	d, err := OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := New(d, planned(t, 1<<20, 1<<20)...); !errors.As(err, new(*HostMemoryError)) {
		t.Errorf("error %v, want one for memory", err)
	}
	m, err := New(d, planned(t, 64, 48)...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Error(err)
	}
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
