package nst

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"nst/internal/engine/exec"
)

// SystemInfo is what a run would use of the machine.
type SystemInfo struct {
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Kernels  string   `json:"kernels"`  // the instruction set chosen: avx512, avx2 or generic
	Features []string `json:"features"` // of the processor, as far as they matter here
	Threads  int      `json:"threads"`
	Devices  []string `json:"devices"` // that can run a graph
	Cards    []Card   `json:"cards"`   // of NVIDIA
	Driver   string   `json:"driver"`  // the version of CUDA that their driver is for; empty for none
	NoCard   string   `json:"no_card"` // why no card is used; empty if one is
}

// Card is an NVIDIA card.
type Card struct {
	Name       string `json:"name"`
	Capability string `json:"capability"` // compute capability
	Memory     int64  `json:"memory"`     // bytes, in all
	Unusable   string `json:"unusable"`   // why it is not used; empty if it can be
}

// System tells what a run with Options.Threads set to threads would use. The
// error is that of an NST_CPU that this machine cannot satisfy.
func System(n int) (SystemInfo, error) {
	cpu, err := exec.OpenCPU(threads(n), os.Getenv)
	if err != nil {
		return SystemInfo{}, fmt.Errorf("nst: %w", err)
	}
	defer cpu.Close()
	info := SystemInfo{
		OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernels: cpu.Kernels(), Features: cpu.Features(),
		Threads: threads(n), Devices: []string{cpu.Name()}, Cards: []Card{},
	}
	info.cards()
	return info, nil
}

// cards fills in what there is of NVIDIA.
func (s *SystemInfo) cards() {
	cards, err := exec.Cards(os.Getenv)
	if major, minor := exec.CUDADriver(os.Getenv); major > 0 {
		s.Driver = fmt.Sprintf("%d.%d", major, minor)
	}
	if err != nil {
		s.NoCard = reason(err)
	}
	for i, c := range cards {
		own := Card{Name: c.Name, Capability: fmt.Sprintf("%d.%d", c.Major, c.Minor), Memory: c.Memory}
		if err := c.Usable(); err != nil {
			own.Unusable = reason(err)
		} else {
			s.Devices = append(s.Devices, fmt.Sprintf("%s:%d (%s)", DeviceCUDA, i, c.Name))
		}
		s.Cards = append(s.Cards, own)
	}
	if len(s.Devices) == 1 && s.NoCard == "" {
		s.NoCard = s.Cards[0].Unusable
	}
}

// reason returns what err says, without the names of the packages that say it.
func reason(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "exec: "), "cuda: ")
}
