//go:build amd64 && !noasm && gc

package kernel

import "golang.org/x/sys/cpu"

func supported() []*CPU {
	x := &cpu.X86
	var features []string
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"avx2", x.HasAVX2},
		{"fma", x.HasFMA},
		{"avx512f", x.HasAVX512F},
		{"avx512bw", x.HasAVX512BW},
		{"avx512dq", x.HasAVX512DQ},
		{"avx512vl", x.HasAVX512VL},
		{"avx512bf16", x.HasAVX512BF16},
		{"amxbf16", x.HasAMXBF16},
	} {
		if f.has {
			features = append(features, f.name)
		}
	}
	var all []*CPU
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		s := avx512()
		if x.HasAVX512BF16 {
			s.bf16 = avx512BF16()
		}
		all = append(all, &CPU{annotate(s), features})
	}
	if x.HasAVX2 && x.HasFMA {
		all = append(all, &CPU{annotate(avx2()), features})
	}
	return append(all, &CPU{generic(), features})
}
