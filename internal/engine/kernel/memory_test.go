package kernel_test

import (
	"errors"
	"testing"
	"unsafe"

	"nst/internal/engine/kernel"
)

func TestMemory(t *testing.T) {
	for _, n := range []int{0, 1, 17, 1 << 19, 1<<20 + 3} {
		m, err := kernel.NewMemory(n)
		if err != nil {
			t.Fatal(err)
		}
		x := m.Floats()
		if len(x) != n || cap(x) != n {
			t.Fatalf("%d floats with room for %d, want %d", len(x), cap(x), n)
		}
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(x))); at%64 != 0 || n >= 1<<19 && at%(2<<20) != 0 {
			t.Errorf("%d floats begin at %#x", n, at)
		}
		for i, v := range x {
			if v != 0 {
				t.Fatalf("value %d of %d is %v", i, n, v)
			}
			x[i] = float32(i)
		}
		m.Free()
		m.Free()
		if m.Floats() != nil {
			t.Error("floats after Free")
		}
	}
}

// No system has half an exabyte: that is an error, and not the end of the program.
func TestMemoryFull(t *testing.T) {
	_, err := kernel.NewMemory(1 << 57)
	if full := new(kernel.MemoryError); !errors.As(err, &full) || full.Bytes != 1<<59 || full.Unwrap() == nil {
		t.Errorf("error %v, want a MemoryError", err)
	}
}

// TestScratch holds what is said of the working memory of steps against what they take.
func TestScratch(t *testing.T) {
	cpu, err := kernel.Detect(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{37, 23}, {150, 40}} {
		h, w := size[0], size[1]
		s := kernel.Shape{C: 32, H: h, W: w}
		x, y, masks := kernel.Floats(s.Len()), kernel.Floats(s.Len()), make([]uint16, s.MaskLen())
		picture, filters := make([]float32, 3*h*w), make([]float32, 32*32*9)
		conv := kernel.ConvSpec{C: 32, K: 32, H: h, W: w, U: kernel.NewFilter(cpu, filters, 32, 32, false), In: x, Out: y}
		pooled := conv
		pooled.ReLU, pooled.OutMask, pooled.OutPool = true, masks, kernel.Max
		weights := kernel.ConvWeightsSpec{C: 32, K: 32, H: h, W: w, Stride: 1, In: x, Grad: y, Out: filters}
		first := kernel.ConvFirstSpec{K: 32, H: h, W: w, Weights: filters[:32*27], In: picture, Out: y}
		firstGrad := kernel.ConvFirstGradSpec{K: 32, H: h, W: w, Weights: filters[:32*27], In: y, Out: picture}
		reflect := kernel.ReflectGradSpec{C: 32, K: 32, H: h, W: w, Weights: filters, Grad: x, Out: y}
		u := kernel.NewMirrorFilterIn(cpu, make([]float32, kernel.MirrorFilterLen(32, 32)), filters, 32, 32)
		mirror := kernel.MirrorConvSpec{C: 32, K: 32, H: h, W: w, Stride: 1, U: u, In: x, Out: y}
		last := kernel.MirrorLastSpec{C: 32, K: 3, H: h, W: w, Weights: filters, Bias: filters, In: x, Out: picture}
		for name, f := range map[string]func(e *kernel.Engine) kernel.Scratch{
			"conv":    func(e *kernel.Engine) kernel.Scratch { e.NewConv(conv); return e.ConvScratch(conv) },
			"pooled":  func(e *kernel.Engine) kernel.Scratch { e.NewConv(pooled); return e.ConvScratch(pooled) },
			"mirror":  func(e *kernel.Engine) kernel.Scratch { e.NewMirrorConv(mirror); return e.MirrorConvScratch(mirror) },
			"last":    func(e *kernel.Engine) kernel.Scratch { e.NewMirrorLast(last); return e.MirrorLastScratch(last) },
			"weights": func(e *kernel.Engine) kernel.Scratch { e.NewConvWeights(weights); return e.ConvWeightsScratch(weights) },
			"first":   func(e *kernel.Engine) kernel.Scratch { e.NewConvFirst(first); return e.ConvFirstScratch(first) },
			"first gradient": func(e *kernel.Engine) kernel.Scratch {
				e.NewConvFirstGrad(firstGrad)
				return e.ConvFirstGradScratch(firstGrad)
			},
			"reflect": func(e *kernel.Engine) kernel.Scratch { e.NewReflectGrad(reflect); return e.ReflectGradScratch(reflect) },
		} {
			pool := kernel.NewPool(2)
			e := kernel.NewEngine(cpu, pool)
			want := kernel.NewEngine(cpu, pool).PlanScratch(f(e))
			if got := e.ScratchLen(); got != want || got == 0 {
				t.Errorf("%s of %dx%d takes %d floats, %d were planned", name, w, h, got, want)
			}
			pool.Close()
		}
	}
}
