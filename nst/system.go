package nst

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"nst/internal/engine/exec"
)

// SystemInfo describes what a run uses of the machine.
type SystemInfo struct {
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Kernels  string   `json:"kernels"`  // the instruction set: avx512, avx2 or generic
	Features []string `json:"features"` // of the processor, those that nst can use
	Threads  int      `json:"threads"`

	Precisions []Precision `json:"precisions"` // of the processor

	Devices []string `json:"devices"` // that can run a graph
	Cards   []Card   `json:"cards"`   // of NVIDIA
	Driver  string   `json:"driver"`  // the version of CUDA of their driver; empty without one
	NoCard  string   `json:"no_card"` // why no card can be used; empty if one can
}

// Card is an NVIDIA card.
type Card struct {
	Name       string `json:"name"`
	Capability string `json:"capability"` // compute capability
	Memory     int64  `json:"memory"`     // bytes, in all
	Unusable   string `json:"unusable"`   // why it cannot be used; empty if it can
}

// System returns what a run with n threads, as in Compute.Threads, uses of the machine. It is
// an error if the environment's NST_CPU names an instruction set that the machine lacks.
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
	info.Precisions = []Precision{PrecisionFP32}
	if _, err := cpu.BF16(true); err == nil {
		info.Precisions = append(info.Precisions, PrecisionMixed, PrecisionBF16)
	}
	info.cards()
	return info, nil
}

// cards fills in the cards and their driver.
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

// reason returns the text of err without the names of packages.
func reason(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "exec: "), "cuda: ")
}
