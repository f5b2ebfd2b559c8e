package main

import (
	"github.com/spf13/pflag"

	"nst/nst"
)

// applyRows are the flags of networks that paint in one pass, where they are not those of
// networks that compare.
func applyRows() []flagRow {
	return []flagRow{
		{
			name: "strength", field: "pass.strength", group: groupStyle, everyday: true, in: onePass,
			usage: "share of the style, 0 to 100; 0 is the photograph",
			bind:  func(s *settings) pflag.Value { return &numberValue{&s.pass.strength} },
		},
		{
			name: "size", field: "pass.size", group: groupSchedule, everyday: true, in: inApply,
			usage: "longest side of the result in pixels, at most that of the content; original takes the size of the content",
			bind:  func(s *settings) pflag.Value { return &sizeValue{size: &s.pass.size} },
		},
		{
			name: "size", group: groupSchedule, everyday: true, in: inSheet,
			usage: "longest side of each picture on the sheet in pixels",
			bind:  func(s *settings) pflag.Value { return &sizeValue{size: &s.pass.sheetSize, texture: true} },
		},
		{
			name: "output", short: "o", group: groupOutput, everyday: true, in: inApply,
			usage:    "file of the result, .png, .jpg, .tif or .webp; - is standard output",
			fallback: "named after the inputs",
			bind:     func(s *settings) pflag.Value { return &textValue{&s.output, "FILE"} },
		},
		{
			name: "output", short: "o", group: groupOutput, everyday: true, in: inSheet,
			usage:    "file of the sheet, .png, .jpg, .tif or .webp",
			fallback: "named after the photograph",
			bind:     func(s *settings) pflag.Value { return &textValue{&s.output, "FILE"} },
		},
		{
			name: "device", group: groupNetwork, in: inApply | inTrain,
			usage: "what computes: always the processor; cuda and cuda:N are accepted, and nst says that it does not use the card",
			bind:  func(s *settings) pflag.Value { return &deviceValue{&s.pass.device} },
			offer: func(*env) []string { return []string{nst.DeviceAuto, nst.DeviceCPU, nst.DeviceCUDA} },
		},
	}
}

// lessonFields begins the names of the fields of a lesson, which are those of
// instant.Options.
const lessonFields = "Lesson."

// trainRows are the flags of nst train.
func trainRows() []flagRow {
	text := func(of func(*lesson) *string, kind string) func(*settings) pflag.Value {
		return func(s *settings) pflag.Value { return &textValue{of(&s.lesson), kind} }
	}
	number := func(of func(*lesson) *float64) func(*settings) pflag.Value {
		return func(s *settings) pflag.Value { return &numberValue{of(&s.lesson)} }
	}
	whole := func(of func(*lesson) *int) func(*settings) pflag.Value {
		return func(s *settings) pflag.Value { return &wholeValue[int]{of(&s.lesson)} }
	}
	rows := []flagRow{
		{
			name: "photos", group: groupTraining, everyday: true,
			usage: "folder of photographs to learn from, at least 20; or a pattern such as 'in/*.jpg'; may be repeated",
			bind:  func(s *settings) pflag.Value { return &namesValue{filesValue{&s.lesson.photos}, "DIR"} },
		},
		{
			name: "output", short: "o", group: groupOutput, everyday: true,
			usage: "file of the network, .safetensors", fallback: "named after the style",
			bind: func(s *settings) pflag.Value { return &textValue{&s.output, "FILE"} },
		},
		{
			name: "steps", field: lessonFields + "Steps", group: groupTraining, everyday: true,
			usage: "number of steps; each looks at --batch photographs",
			bind:  whole(func(l *lesson) *int { return &l.Steps }),
		},
		{
			name: "time", group: groupTraining, everyday: true,
			usage: "time for the training, such as 20m: nst measures steps and sets their number; cannot go with --steps",
			bind:  func(s *settings) pflag.Value { return &durationValue{&s.lesson.time} },
		},
		{
			name: "resume", group: groupTraining, everyday: true,
			usage: "continue a training from its checkpoint; the other flags must be those that it began with",
			bind:  func(s *settings) pflag.Value { return &switchValue{on: &s.lesson.resume, plain: true} },
		},
		{
			name: "from", group: groupTraining, everyday: true,
			usage: "start from another network, a file or an installed name",
			bind:  text(func(l *lesson) *string { return &l.from }, "MODEL"),
		},
		{
			name: "name", group: groupTraining,
			usage: "names of the styles, in their order, separated by commas", fallback: "from the names of the files",
			bind: func(s *settings) pflag.Value { return &namesValue{filesValue{&s.lesson.names}, "NAME,..."} },
		},
		{
			name: "title", group: groupTraining,
			usage: "title of the painting, which the network keeps; only for one STYLE",
			bind:  text(func(l *lesson) *string { return &l.title }, "TEXT"),
		},
		{
			name: "painter", group: groupTraining,
			usage: "its painter; only for one STYLE",
			bind:  text(func(l *lesson) *string { return &l.painter }, "TEXT"),
		},
		{
			name: "year", group: groupTraining,
			usage: "its year; only for one STYLE",
			bind:  text(func(l *lesson) *string { return &l.year }, "TEXT"),
		},
		{
			name: "content-weight", field: lessonFields + "ContentWeight", group: groupTraining,
			usage: "weight of the content loss, which is relative to the features of the photographs",
			bind:  number(func(l *lesson) *float64 { return &l.ContentWeight }),
		},
		{
			name: "style-weight", field: lessonFields + "StyleWeight", group: groupTraining,
			usage: "weight of the style loss, which is relative to the features of the style",
			bind:  number(func(l *lesson) *float64 { return &l.StyleWeight }),
		},
		{
			name: "tv-weight", field: lessonFields + "TVWeight", group: groupTraining,
			usage: "weight of the total variation loss, which makes the pictures smoother",
			bind:  number(func(l *lesson) *float64 { return &l.TVWeight }),
		},
		{
			name: "crop", field: lessonFields + "Size", group: groupTraining,
			usage: "width and height of the parts of photographs that it learns from, in pixels, a multiple of 16",
			bind:  whole(func(l *lesson) *int { return &l.Size }),
		},
		{
			name: "batch", field: lessonFields + "Batch", group: groupTraining,
			usage: "number of photographs in a step, 1 to 16",
			bind:  whole(func(l *lesson) *int { return &l.Batch }),
		},
		{
			name: "style-size", field: lessonFields + "StyleSize", group: groupTraining,
			usage: "longest side that STYLE is scaled down to, in pixels; a smaller value gives smaller strokes",
			bind:  whole(func(l *lesson) *int { return &l.StyleSize }),
		},
		{
			name: "learning-rate", field: lessonFields + "LearningRate", group: groupTraining,
			usage: "step size of Adam at the beginning; it falls to a hundredth of that",
			bind:  number(func(l *lesson) *float64 { return &l.LearningRate }),
		},
		{
			name: "seed", field: lessonFields + "Seed", group: groupTraining,
			usage: "seed of the first network and of the choice of photographs",
			bind:  func(s *settings) pflag.Value { return &wholeValue[uint64]{&s.lesson.Seed} },
		},
		{
			name: "network", group: groupNetwork,
			usage: "network that compares pictures: slim, which is inside nst; vgg19, which is slower; or a weights file",
			bind:  text(func(l *lesson) *string { return &l.network }, "NAME"),
			offer: (*env).networkNames,
		},
		{
			name: "checkpoint", group: groupOutput,
			usage:    "file for the state of the training: written every five minutes and at Ctrl-C, removed at the end",
			fallback: "OUT.training",
			bind:     text(func(l *lesson) *string { return &l.checkpoint }, "FILE"),
		},
		{
			name: "sample", group: groupOutput,
			usage: "a photograph that was held back beside what the network makes of it, .png or .jpg; replaced every --sample-every steps",
			bind:  text(func(l *lesson) *string { return &l.sample }, "FILE"),
		},
		{
			name: "sample-every", group: groupOutput,
			usage: "number of steps between two samples",
			bind:  whole(func(l *lesson) *int { return &l.sampleEvery }),
		},
		{
			name: "log", group: groupOutput,
			usage: "write one line of JSON for each step to FILE; --resume continues it",
			bind:  func(s *settings) pflag.Value { return &textValue{&s.log, "FILE"} },
		},
	}
	for i := range rows {
		rows[i].in = inTrain
	}
	return rows
}
