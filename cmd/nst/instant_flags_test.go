package main

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"nst/nst"
)

func TestApplyFlags(t *testing.T) {
	for _, tt := range []struct {
		name, args string
		want       func(*applyOptions) // what differs from the defaults
	}{
		{"defaults", "", func(*applyOptions) {}},
		{"folder", "more/ --out-dir d --format jpg --quality 60 --overwrite", func(o *applyOptions) {
			o.contents, o.dir, o.format, o.quality, o.overwrite = append(o.contents, "more/"), "d", "jpg", 60, true
		}},
		{"blend", "--style b --style c --style-blend 1,2,3", func(o *applyOptions) {
			o.styles, o.blend = append(o.styles, "b", "c"), []float64{1, 2, 3}
		}},
		{"painting", "--strength 70 --size 640 --color post --threads 2 -o x.png", func(o *applyOptions) {
			o.pass.strength, o.pass.size, o.Color, o.Compute.Threads, o.output = 70, 640, nst.ColourPost, 2, "x.png"
		}},
		{"original size", "--size original", func(*applyOptions) {}},
		{"masks", "--content-mask m.png --protect p.png", func(o *applyOptions) {
			o.masks.content, o.masks.protect = []string{"m.png"}, "p.png"
		}},
		{"card", "--device cuda", func(o *applyOptions) {
			o.pass.device = "cuda"
			o.notes.lines = []string{"--device cuda: nst apply does not use cards yet: using the processor"}
		}},
		{"json", "--json -q --progress json", func(o *applyOptions) { o.json, o.quiet, o.progress = true, true, "json" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := &applyOptions{settings: defaults(), contents: []string{"photo.jpg"}, styles: []string{"a"}}
			tt.want(want)
			var got *applyOptions
			cmd := newApplyCmd(quietEnv(), func(_ context.Context, o *applyOptions) error { got = o; return nil })
			cmd.SetArgs(append([]string{"a", "photo.jpg"}, strings.Fields(tt.args)...))
			if err := cmd.Execute(); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestTrainFlags(t *testing.T) {
	for _, tt := range []struct {
		name, args string
		want       func(*trainOptions) // what differs from the defaults
	}{
		{"defaults", "", func(*trainOptions) {}},
		{"losses", "--content-weight 2 --style-weight 5 --tv-weight 0 --network vgg19", func(o *trainOptions) {
			l := &o.lesson
			l.ContentWeight, l.StyleWeight, l.TVWeight, l.network = 2, 5, 0, "vgg19"
		}},
		{"steps", "--steps 9 --crop 128 --batch 4 --style-size 512 --learning-rate 1e-3 --seed 7", func(o *trainOptions) {
			l := &o.lesson
			l.steps, l.Steps, l.Size, l.Batch, l.StyleSize, l.LearningRate, l.Seed = true, 9, 128, 4, 512, 1e-3, 7
		}},
		{"time", "--time 20m --photos more --photos x,y", func(o *trainOptions) {
			o.lesson.time, o.lesson.photos = 20*time.Minute, []string{"in", "more", "x", "y"}
		}},
		{"files", "-o x.safetensors --sample s.png --sample-every 5 --log l --resume --from m", func(o *trainOptions) {
			l := &o.lesson
			o.output, l.checkpoint, l.sample, l.sampleEvery, o.log, l.resume, l.from = "x.safetensors", "x.safetensors.training", "s.png", 5, "l", true, "m"
		}},
		{"another checkpoint", "--checkpoint c", func(o *trainOptions) { o.lesson.checkpoint = "c" }},
		{"names", "--name night --title N --painter P --year 1889", func(o *trainOptions) {
			l := &o.lesson
			l.names, l.title, l.painter, l.year = []string{"night"}, "N", "P", "1889"
			o.output, l.checkpoint = "night.safetensors", "night.safetensors.training"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := &trainOptions{settings: defaults(), styles: []string{"dir/A Style.jpg"}}
			want.output = "a-style.safetensors"
			want.lesson.photos, want.lesson.names, want.lesson.checkpoint = []string{"in"}, []string{"a-style"}, "a-style.safetensors.training"
			tt.want(want)
			var got *trainOptions
			cmd := newTrainCmd(quietEnv(), func(_ context.Context, o *trainOptions) error { got = o; return nil })
			cmd.SetArgs(append([]string{"dir/A Style.jpg", "--photos", "in"}, strings.Fields(tt.args)...))
			if err := cmd.Execute(); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// Where a style is part of a file name.
func TestCutStyle(t *testing.T) {
	for arg, want := range map[string][2]string{
		"m.safetensors:klimt":         {"m.safetensors", "klimt"},
		`C:\nets\m.SafeTensors:x`:     {`C:\nets\m.SafeTensors`, "x"},
		"a.safetensors:b.safetensors": {"a.safetensors", "b.safetensors"},
	} {
		file, name, ok := cutStyle(arg)
		if !ok || file != want[0] || name != want[1] {
			t.Errorf("%s: %q and %q (%v), want %q", arg, file, name, ok, want)
		}
	}
	for _, arg := range []string{"m.safetensors", "klimt", `C:\photo.jpg`} {
		if _, _, ok := cutStyle(arg); ok {
			t.Errorf("%s has a style", arg)
		}
	}
}

func TestNearestFirst(t *testing.T) {
	got := nearestFirst("Wave", []string{"scream", "great-wave", "ware", "waves"})
	if want := []string{"great-wave", "waves", "ware", "scream"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
