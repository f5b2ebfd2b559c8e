package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// TestThreads checks that the number of threads does not show in any bit.
func TestThreads(t *testing.T) {
	for _, cpu := range kernel.Supported() {
		var first []float32
		for _, threads := range []int{1, 2, 3, 8} {
			pool := kernel.NewPool(threads)
			e := kernel.NewEngine(cpu, pool)
			r := rand.New(rand.NewPCG(7, 8))
			s := kernel.Shape{C: 64, H: 37, W: 45}
			wt := random(r, 64*64*9)
			conv := kernel.ConvSpec{C: 64, K: 64, H: s.H, W: s.W, U: kernel.NewFilter(cpu, wt, 64, 64, false), In: pack(random(r, 64*37*45), s), Out: dirty(s.Len())}
			e.NewConv(conv).Run()
			g := make([]float32, 64*64)
			e.NewGram(kernel.GramSpec{C: 64, H: s.H, W: s.W, In: conv.Out, Out: g, Scale: 1}).Run()
			got := append(g, float32(e.Dot(conv.Out, conv.Out)))
			// Few tiles and many outputs: the outputs are split among threads.
			deep := kernel.ConvSpec{C: 64, K: 256, H: 9, W: 9, U: kernel.NewFilter(cpu, random(r, 64*256*9), 256, 64, false), In: pack(random(r, 64*81), kernel.Shape{C: 64, H: 9, W: 9}), Out: dirty(kernel.Shape{C: 256, H: 9, W: 9}.Len())}
			e.NewConv(deep).Run()
			got = append(got, deep.Out...)
			pool.Close()
			if first == nil {
				first = got
			}
			for i := range got {
				if got[i] != first[i] {
					t.Fatalf("%s: %d threads give %v, 1 gives %v", cpu.Name(), threads, got[i], first[i])
				}
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		s := kernel.Shape{C: 32, H: 18, W: 21}
		half := s.Pooled()
		x, y := pack(random(r, s.C*s.H*s.W), s), dirty(s.Len())
		mask, p := dirtyMask(s.MaskLen()), dirty(half.Len())
		wt, g, pix := random(r, 32*32*9), make([]float32, 32*32), random(r, 3*s.H*s.W)
		u := kernel.NewFilter(e.CPU(), wt, 32, 32, false)
		steps := []interface{ Run() }{
			e.NewConvFirst(kernel.ConvFirstSpec{K: 32, H: s.H, W: s.W, Weights: wt, In: pix, Out: y, OutMask: mask, ReLU: true}),
			e.NewConv(kernel.ConvSpec{C: 32, K: 32, H: s.H, W: s.W, U: u, In: x, Out: p, OutMask: mask, ReLU: true, OutPool: kernel.Max}),
			e.NewConv(kernel.ConvSpec{C: 32, K: 32, H: s.H, W: s.W, U: u, In: p, InMask: mask, Unpool: kernel.Max, Out: y}),
			e.NewConvFirstGrad(kernel.ConvFirstGradSpec{K: 32, H: s.H, W: s.W, Weights: wt, In: y, InMask: mask, Out: pix}),
			e.NewGram(kernel.GramSpec{C: 32, H: s.H, W: s.W, In: x, Out: g, Scale: 1}),
			e.NewGramGrad(kernel.GramGradSpec{C: 32, H: s.H, W: s.W, D: g, In: x, Out: y}),
			e.NewPoolForward(kernel.PoolSpec{C: 32, H: s.H, W: s.W, Kind: kernel.Max, In: x, Out: p, Mask: mask}),
			e.NewPoolBackward(kernel.PoolGradSpec{C: 32, H: s.H, W: s.W, Kind: kernel.Max, In: p, Out: y, Mask: mask}),
		}
		run := func() {
			for _, s := range steps {
				s.Run()
			}
			e.ApplyMask(y, mask, s)
			e.Dot(x, y)
			e.Axpy(1, x, y)
			e.Adam(pix, pix, pix, pix, 1, 0.9, 0.99, 1, 1)
			e.TV(pix, 3, s.H, s.W)
			e.TVGrad(pix, pix, 3, s.H, s.W, 1, 1, true)
		}
		run()
		if n := testing.AllocsPerRun(5, run); n != 0 {
			t.Errorf("%v allocations a run", n)
		}
	})
}

func TestPoolPanics(t *testing.T) {
	pool := kernel.NewPool(3)
	defer pool.Close()
	for range 3 {
		func() {
			defer func() {
				if r := recover(); fmt.Sprint(r) != "item 7" {
					t.Errorf("recovered %v", r)
				}
			}()
			pool.Run(failing(50))
		}()
	}
}

// failing panics in its item 7.
type failing int

func (n failing) Items() int { return int(n) }

func (n failing) Do(_, item int) {
	if item == 7 {
		panic("item 7")
	}
}

func TestDetect(t *testing.T) {
	env := func(v string) func(string) string { return func(string) string { return v } }
	best, err := kernel.Detect(env(""))
	if err != nil || best.Name() != kernel.Supported()[0].Name() {
		t.Fatalf("Detect = %v, %v", best, err)
	}
	for _, c := range kernel.Supported() {
		if got, err := kernel.Detect(env(c.Name())); err != nil || got.Name() != c.Name() {
			t.Errorf("NST_CPU=%s gives %v, %v", c.Name(), got, err)
		}
	}
	if _, err := kernel.Detect(env("mmx")); err == nil {
		t.Error("NST_CPU=mmx is accepted")
	}
}
