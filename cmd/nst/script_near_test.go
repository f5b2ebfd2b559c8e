package main

import (
	"math"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"nst/imgio"
)

// cmdNear is near FILE FILE LEVELS: no value of a pixel differs by more than so many 8-bit
// levels.
func cmdNear(ts *testscript.TestScript, not bool, args []string) {
	levels, err := strconv.Atoi(args[2])
	ts.Check(err)
	a, _, err := imgio.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	b, _, err := imgio.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	if a.W != b.W || a.H != b.H {
		ts.Fatalf("%s is %dx%d pixels, %s is %dx%d", args[0], a.W, a.H, args[1], b.W, b.H)
	}
	most := 0.0
	for i, v := range a.Pix {
		most = max(most, math.Abs(float64(v-b.Pix[i])))
	}
	if near := most <= (float64(levels)+0.5)/255; near == not {
		ts.Fatalf("%s and %s differ by %.1f levels", args[0], args[1], 255*most)
	}
}
