package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"slices"
	"strings"
	"testing"
	"time"
	"syscall"

	"nst/internal/engine/kernel"
)

func cputime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(1 /* thread */, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TUNE=side,threads,runs,layers
func TestTune(t *testing.T) {
	env := strings.Split(os.Getenv("TUNE"), ",")
	if len(env) < 4 { t.Skip() }
	side, _ := strconv.Atoi(env[0]); threads, _ := strconv.Atoi(env[1]); runs, _ := strconv.Atoi(env[2])
	only := env[3]
	cpu, _ := kernel.Detect(os.Getenv)
	pool := kernel.NewPool(threads); defer pool.Close()
	e := kernel.NewEngine(cpu, pool)
	r := rand.New(rand.NewPCG(1, 2))
	var sum [4]time.Duration
	for _, l := range vgg19 {
		l.s = side * l.s / 512
		if !strings.Contains(l.name, only) { continue }
		spec, g := l.specs(e, r)
		if os.Getenv("BACK") != "" { spec = g }
		c := e.NewConv(spec)
		c.Run()
		flop := float64(36*l.c*l.k*((l.s+3)/4)*((l.s+3)/4))*2
		var w []time.Duration
		for range runs {
			t0 := time.Now(); c.Run(); w = append(w, time.Since(t0))
		}
		slices.Sort(w)
		sum[0] += w[0]; sum[1] += w[len(w)/2]
		fmt.Printf("%s %3d: best %7.3f ms median %7.3f ms  %.0f GFLOP/s\n", l.name, l.s, float64(w[0])/1e6, float64(w[len(w)/2])/1e6, flop/1e9/w[0].Seconds())
	}
	fmt.Printf("SUM best %.3f median %.3f ms\n", float64(sum[0])/1e6, float64(sum[1])/1e6)
}
