package nst

import (
	"fmt"
	"os"
	"runtime"

	"nst/internal/exec"
)

// SystemInfo is what a run would use of the machine.
type SystemInfo struct {
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Kernels  string   `json:"kernels"`  // the instruction set chosen: avx512, avx2 or generic
	Features []string `json:"features"` // of the processor, as far as they matter here
	Threads  int      `json:"threads"`
	Devices  []string `json:"devices"` // that can run a graph
}

// System tells what a run with Options.Threads set to threads would use. The
// error is that of an NST_CPU that this machine cannot satisfy.
func System(n int) (SystemInfo, error) {
	cpu, err := exec.OpenCPU(threads(n), os.Getenv)
	if err != nil {
		return SystemInfo{}, fmt.Errorf("nst: %w", err)
	}
	defer cpu.Close()
	return SystemInfo{
		OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernels: cpu.Kernels(), Features: cpu.Features(),
		Threads: threads(n), Devices: []string{cpu.Name()},
	}, nil
}
