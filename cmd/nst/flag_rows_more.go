package main

import (
	"github.com/spf13/pflag"

	"nst/nst"
)

// networkRows are the flags of the network and of what computes.
func networkRows() []flagRow {
	return []flagRow{
		{
			name: "draft", group: groupNetwork, everyday: true, in: measures | inTexture | inVideo,
			usage: "use slim, the small network inside nst, about six times faster than vgg19; the picture is rougher",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.draft, plain: true} },
		},
		{
			name: "network", field: "network", group: groupNetwork, in: measures | inTexture | inVideo,
			usage:    "network that compares pictures: a name that nst weights list shows, such as vgg19, vgg16 or slim; or a weights file",
			fallback: "vgg19 if it is installed, else slim",
			only:     rule{func(s *settings) bool { return !s.draft }, "cannot go with --draft, which takes slim"},
			bind:     func(s *settings) pflag.Value { return &textValue{&s.network, "NAME"} },
			offer:    (*env).networkNames,
		},
		{
			name: "orientations", old: "views", field: "Objective.Orientations", group: groupNetwork, in: paints,
			usage: "number of rotated and flipped versions of slim that a run uses in turn, 1 to 8; each misses different detail; 0 uses all; other networks have one",
			list:  true,
		},
		{
			name: "pooling", field: "Objective.Pooling", group: groupNetwork, in: measures | inTexture,
			usage: "how the network reduces pictures: max, as it was trained; avg, which is smoother; l2, between the two",
		},
		{
			name: "rescale", field: "Objective.Rescale", group: groupNetwork, in: measures,
			usage: "with --pooling avg or l2: scale the features to about the magnitude that max gives",
			only:  rule{func(s *settings) bool { return s.Objective.Pooling != nst.PoolMax }, "is only for --pooling avg and l2"},
		},
		{
			name: "preprocessing", field: "Objective.Preprocessing", group: groupNetwork, in: measures,
			usage: "how a picture is prepared for the network: trained, as in its training; levels, as 8-bit levels that are not divided by a deviation; levels256, like trained with a range of 256, not 255",
		},
		{
			name: "padding", field: "Objective.Padding", group: groupNetwork, in: measures,
			usage: "what the network sees outside the picture: zero, its mean colour; replicate, the nearest pixel, which avoids smears at the edges",
		},
		{
			name: "threads", field: "Compute.Threads", group: groupNetwork, in: measures | inTexture | onePass | inTrain | inResume,
			usage: "number of processor threads; 0 uses all; the result is the same with any number",
		},
		{
			name: "device", field: "Compute.Device", group: groupNetwork, in: measures | inTexture,
			usage: "what computes: cpu, the processor; cuda or cuda:N, the NVIDIA card with number N; auto or auto:N, that card if it is usable, else the processor; with cuda or auto, batch uses all cards",
			bind:  func(s *settings) pflag.Value { return &deviceValue{&s.Compute.Device} },
			offer: func(*env) []string { return []string{nst.DeviceAuto, nst.DeviceCPU, nst.DeviceCUDA} },
		},
		{
			name: "precision", field: "Compute.Precision", group: groupNetwork, in: measures | inTexture | inVideo,
			usage: "how convolutions multiply: fp32, exactly; on a processor with AVX-512 BF16 mixed, which is faster, or bf16, faster still; on a card tf32, faster; auto, the fastest that paints as well as fp32",
		},
	}
}

// outputRows are the flags of files and messages.
func outputRows() []flagRow {
	return []flagRow{
		{
			name: "output", short: "o", group: groupOutput, everyday: true, in: paintsOne,
			usage:    "file of the result, .png, .jpg, .tif or .webp; - is standard output",
			fallback: "named after the inputs",
			bind:     func(s *settings) pflag.Value { return &textValue{&s.output, "FILE"} },
		},
		{
			name: "overwrite", group: groupOutput, everyday: true, in: saves | onePass | inTrain | inResume,
			usage: "replace files that exist",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.overwrite, plain: true} },
		},
		{
			name: "quality", group: groupOutput, in: saves | inApply | inSheet,
			usage: "quality of JPEG files, 1 to 100",
			bind:  func(s *settings) pflag.Value { return &wholeValue[int]{&s.quality} },
		},
		{
			name: "max-pixels", group: groupOutput, in: saves | inScore | onePass,
			usage: "refuse to read pictures of more than N million pixels, or that take more than half of the memory",
			bind:  func(s *settings) pflag.Value { return &wholeValue[int]{&s.maxPixels} },
		},
		{
			name: "force", group: groupOutput, in: saves | inScore | onePass | inTrain,
			usage: "go on, with a warning, if there seems to be too little memory; sweep also paints more than 100 pictures",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.force, plain: true} },
		},
		{
			name: "save-every", group: groupOutput, in: paintsOne | inBatch,
			usage: "also write the picture every N iterations, counted over all sizes, as OUT-0050.png; 0 writes none",
			bind:  func(s *settings) pflag.Value { return &wholeValue[int]{&s.saveEvery} },
		},
		{
			name: "checkpoint-every", group: groupOutput, in: paintsOne | inResume,
			usage: "save the state of the run this often, and at Ctrl-C, as OUT.checkpoint, for nst resume; it takes at most a hundredth of the time; 0 saves none",
			bind:  func(s *settings) pflag.Value { return &durationValue{&s.checkpointEvery} },
		},
		{
			name: "plot", group: groupOutput, in: paintsOne,
			usage: "chart of the loss over the iterations, .svg or .png",
			bind:  func(s *settings) pflag.Value { return &textValue{&s.plot, "FILE"} },
		},
		{
			name: "gif", group: groupOutput, in: paintsOne,
			usage: "animation of the picture as it forms, .gif",
			bind:  func(s *settings) pflag.Value { return &textValue{&s.gif, "FILE"} },
		},
		{
			name: "strip", group: groupOutput, in: paintsOne,
			usage: "inputs and result side by side, .png or .jpg",
			bind:  func(s *settings) pflag.Value { return &textValue{&s.strip, "FILE"} },
		},
		{
			name: "progress", group: groupOutput, in: saves | inPull | onePass | inTrain | inResume,
			usage: "how progress is shown on stderr; auto means bar on a terminal, plain elsewhere",
			bind: func(s *settings) pflag.Value {
				return &wordValue[string]{word: &s.progress, words: progressModes()}
			},
		},
		{
			name: "log", group: groupOutput, in: saves,
			usage: "write one line of JSON for each iteration to FILE; batch and sweep continue an old FILE",
			bind:  func(s *settings) pflag.Value { return &textValue{&s.log, "FILE"} },
		},
		{
			name: "quiet", short: "q", group: groupOutput, in: saves | inScore | inPull | onePass | inTrain | inResume,
			usage: "print errors only",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.quiet, plain: true} },
		},
	}
}
