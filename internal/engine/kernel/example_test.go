package kernel_test

import (
	"fmt"
	"os"

	"nst/internal/engine/kernel"
)

// A convolution with ReLU from 16 to 16 channels: every output is the sum of the
// nine neighbours in all channels, of which a corner has four.
func ExampleEngine_NewConv() {
	cpu, err := kernel.Detect(os.Getenv)
	if err != nil {
		fmt.Println(err)
		return
	}
	pool := kernel.NewPool(2)
	defer pool.Close()
	e := kernel.NewEngine(cpu, pool)

	s := kernel.Shape{C: 16, H: 5, W: 7}
	x, w := make([]float32, s.C*s.H*s.W), make([]float32, 16*16*9)
	for i := range x {
		x[i] = 1
	}
	for i := range w {
		w[i] = 1
	}
	in, out := kernel.Floats(s.Len()), kernel.Floats(s.Len())
	kernel.Pack(in, x, s)
	step := e.NewConv(kernel.ConvSpec{C: 16, K: 16, H: s.H, W: s.W, U: kernel.NewFilter(cpu, w, 16, 16, false), In: in, Out: out, ReLU: true})
	step.Run()
	kernel.Unpack(x, out, s)
	fmt.Printf("%.2f %.2f %.2f\n", x[0], x[1], x[s.W+1])
	// Output: 64.00 96.00 144.00
}
