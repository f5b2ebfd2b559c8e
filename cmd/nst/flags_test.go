package main

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/nst"
	"nst/vgg"
)

// quietEnv is a world of which nothing is seen.
func quietEnv() *env {
	return &env{
		Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
		Getenv: func(string) string { return "" },
	}
}

func TestStylizeFlags(t *testing.T) {
	layers := func(ls ...nst.LayerWeight) []nst.LayerWeight { return ls }
	for _, tt := range []struct {
		name, args string
		want       func(*stylizeOptions) // what differs from the defaults
	}{
		{"defaults", "", func(*stylizeOptions) {}},
		{"weights", "--content-weight 2 --style-weight=3e2 --tv-weight 0 --auto-balance=off", func(o *stylizeOptions) {
			o.Schedule.AutoBalance = false
			o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight = 2, 300, 0
		}},
		{"layers", "--content-layers relu3_1 --style-layers relu1_1:0.5,relu2_2", func(o *stylizeOptions) {
			o.Objective.ContentLayers = layers(nst.LayerWeight{Layer: "relu3_1", Weight: 1})
			o.Objective.StyleLayers = layers(nst.LayerWeight{Layer: "relu1_1", Weight: 0.5}, nst.LayerWeight{Layer: "relu2_2", Weight: nst.UsualWeight})
		}},
		{"optimiser", "--optimizer adam --learning-rate 5 --iterations 9 --tolerance 1e-4", func(o *stylizeOptions) {
			o.Optimizer.Method, o.Optimizer.LearningRate, o.Schedule.Iterations, o.Schedule.Tolerance = nst.Adam, 5, 9, 1e-4
		}},
		{"orientations", "--orientations 4", func(o *stylizeOptions) { o.Objective.Orientations = 4 }},
		{"history", "--optimizer lbfgs --history 8", func(o *stylizeOptions) { o.Optimizer.Method, o.Optimizer.History = nst.LBFGS, 8 }},
		{"scales", "--size original --scales 3 --fine-iterations 7 --time 1m30s", func(o *stylizeOptions) {
			o.Size, o.Schedule.Scales, o.Schedule.FineIterations, o.Schedule.Time = nst.OriginalSize, 3, 7, 90*time.Second
		}},
		{"adam", "--optimizer adam --min-scale 99 --beta2 0.5 --average 0 --clamp=off", func(o *stylizeOptions) {
			o.Optimizer.Method, o.Schedule.MinScale, o.Optimizer.Beta2, o.Optimizer.Average, o.Optimizer.Clamp = nst.Adam, 99, 0.5, 0, false
		}},
		{"our own preset", "--preset default", func(o *stylizeOptions) { o.preset = "default" }},
		{"strength", "--strength 80", func(o *stylizeOptions) { o.strength = "80"; _ = o.SetStrength(80, vgg.VGG19()) }},
		{"strength of slim", "--strength 80 --network slim", func(o *stylizeOptions) {
			o.strength, o.network = "80", "slim"
			_ = o.SetStrength(80, vgg.Slim())
		}},
		{"preset below flags", "--init x.png --style-layers relu1_1:0.5 --preset pastiche --optimizer adam --iterations 9", func(o *stylizeOptions) {
			p, _ := nst.PresetByName("pastiche")
			o.Options, o.preset = p.Options, p.Name
			o.Schedule.Init, o.start, o.Optimizer.Method, o.Schedule.Iterations = nst.InitImage, "x.png", nst.Adam, 9
			o.Objective.StyleLayers = layers(nst.LayerWeight{Layer: "relu1_1", Weight: 0.5})
		}},
		{"old names", "--views 4 --steady=no", func(o *stylizeOptions) {
			o.Objective.Orientations, o.Schedule.AutoBalance = 4, false
			o.notes.lines = []string{"Flag --views has been deprecated, use --orientations", "Flag --steady has been deprecated, use --auto-balance"}
		}},
		{"old names over a preset", "--steady --preset gatys", func(o *stylizeOptions) {
			p, _ := nst.PresetByName("gatys")
			o.Options, o.preset = p.Options, p.Name
			o.Schedule.AutoBalance = true
			o.notes.lines = []string{"Flag --steady has been deprecated, use --auto-balance"}
		}},
		{"strength of 0 to 1", "--strength 0.7", func(o *stylizeOptions) {
			o.strength = "0.7"
			_ = o.SetStrength(0.7, nil)
			o.notes.lines = []string{"--strength 0.7: the scale is 0 to 100; did you mean 70?"}
		}},
		{"noise", "--init noise --seed 18446744073709551615", func(o *stylizeOptions) {
			o.Schedule.Init, o.Schedule.Seed = nst.InitNoise, 1<<64-1
		}},
		{"start from a file", "--init dir/x.png", func(o *stylizeOptions) { o.Schedule.Init, o.start = nst.InitImage, "dir/x.png" }},
		{"start from one pass", "--init instant", func(o *stylizeOptions) { o.Schedule.Init, o.start = nst.InitImage, instantStart }},
		{"the last --init counts", "--init x.png --init content", func(o *stylizeOptions) { o.Schedule.Init = nst.InitContent }},
		{"network", "--network vgg16 --pooling avg --size 64 --threads 3", func(o *stylizeOptions) {
			o.network, o.Objective.Pooling, o.Size, o.Compute.Threads = "vgg16", nst.PoolAvg, 64, 3
		}},
		{"device", "--device cuda:1 --precision fp32", func(o *stylizeOptions) {
			o.Compute.Device, o.Compute.Precision = "cuda:1", nst.PrecisionFP32
		}},
		{"draft", "--draft", func(o *stylizeOptions) { o.draft, o.network = true, "slim" }},
		{"colours", "--color luma", func(o *stylizeOptions) { o.Color = nst.ColourLuma }},
		{"mask", "--protect m.png", func(o *stylizeOptions) { o.masks.protect = "m.png" }},
		{"regions", "--content-mask sky.png --style-mask a.png --style-scale 0.5", func(o *stylizeOptions) {
			o.masks.content, o.masks.style = []string{"sky.png"}, []string{"a.png"}
			o.Objective.StyleScale = 0.5
		}},
		{"features", "--pooling l2 --rescale --padding replicate", func(o *stylizeOptions) {
			o.Objective.Pooling, o.Objective.Rescale, o.Objective.Padding = nst.PoolL2, true, nst.PadReplicate
		}},
		{"total variation", "--tv-weight 2 --tv-form nine-point", func(o *stylizeOptions) {
			o.Objective.TVWeight, o.Objective.TVForm = 2, nst.TVNinePoint
		}},
		{"style loss", "--style-loss w2", func(o *stylizeOptions) { o.Objective.StyleLoss = nst.StyleW2 }},
		{"normalised gradients", "--normalize-gradients --optimizer adam", func(o *stylizeOptions) {
			o.Objective.NormalizeGradients, o.Optimizer.Method = true, nst.Adam
		}},
		{"output", "-o x.jpeg --quality 70 --overwrite --save-every 5", func(o *stylizeOptions) {
			o.output, o.quality, o.overwrite, o.saveEvery = "x.jpeg", 70, true, 5
		}},
		{"console", "--progress json -q --log l.jsonl", func(o *stylizeOptions) {
			o.progress, o.quiet, o.log = "json", true, "l.jsonl"
		}},
		{"blend", "more.png --style-blend 2,1.5", func(o *stylizeOptions) {
			o.styles, o.blend = append(o.styles, "more.png"), []float64{2, 1.5}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := &stylizeOptions{
				settings: defaults(),
				content:  "in/c.jpg", styles: []string{"s.x.png"},
			}
			want.output = "c-s.x.png"
			tt.want(want)
			var got *stylizeOptions
			cmd := newStylizeCmd(quietEnv(), func(_ context.Context, o *stylizeOptions) error { got = o; return nil })
			cmd.SetArgs(append([]string{"in/c.jpg", "s.x.png"}, strings.Fields(tt.args)...))
			if err := cmd.Execute(); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestBatchFlags(t *testing.T) {
	var got *batchOptions
	cmd := newBatchCmd(quietEnv(), func(_ context.Context, o *batchOptions) error { got = o; return nil })
	cmd.SetArgs(strings.Fields("a b/ --style s.png --style t,u.png --out-dir d --format jpg --size 99 --quality 50"))
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	want := &batchOptions{
		settings: defaults(), contents: []string{"a", "b/"}, styles: []string{"s.png", "t,u.png"},
		dir: "d", format: "jpg", flags: cmd,
	}
	want.Size, want.quality = 99, 50
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestScoreFlags(t *testing.T) {
	var got *scoreOptions
	cmd := newScoreCmd(quietEnv(), func(_ context.Context, o *scoreOptions) error { got = o; return nil })
	cmd.SetArgs(strings.Fields("c.png s.png x.png y.png --style t.png --json --tv-weight 2"))
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	want := &scoreOptions{
		settings: defaults(), content: "c.png", styles: []string{"s.png", "t.png"},
		images: []string{"x.png", "y.png"}, json: true,
	}
	want.Objective.TVWeight = 2
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// An error about a field of nst.Options names a flag; there must be one.
func TestEveryOptionHasAFlag(t *testing.T) {
	flags := newStylizeCmd(quietEnv(), nil).Flags()
	var visit func(path string, options reflect.Type)
	visit = func(path string, options reflect.Type) {
		for i := range options.NumField() {
			f := options.Field(i)
			if f.Type.Kind() == reflect.Struct {
				visit(path+f.Name+".", f.Type)
				continue
			}
			name := flagName(path + f.Name)
			if flags.Lookup(strings.TrimPrefix(name, "--")) == nil {
				t.Errorf("Options.%s%s: there is no flag %s", path, f.Name, name)
			}
		}
	}
	visit("", reflect.TypeFor[nst.Options]())
}

// The table can be bound: fields exist, a command has a name once, and groups are known.
func TestFlagTable(t *testing.T) {
	names := map[string]commands{}
	for _, r := range flagTable() {
		for _, name := range []string{r.name, r.old} {
			if names[name]&r.in != 0 && name != "" {
				t.Errorf("--%s is there twice for %v", name, (names[name] & r.in).names())
			}
			names[name] |= r.in
		}
		s := defaults()
		if r.value(&s) == nil || r.usage == "" || !slices.Contains(groups(), r.group) || r.in == 0 {
			t.Errorf("--%s is not complete: %+v", r.name, r)
		}
		if r.list && r.in&inSweep == 0 {
			t.Errorf("--%s takes a list, but nst sweep has it not", r.name)
		}
	}
}

// A switch takes its word after a space too.
func TestJoinSwitches(t *testing.T) {
	for args, want := range map[string]string{
		"stylize --clamp off c.png":             "stylize --clamp=off c.png",
		"stylize --steady no --auto-balance on": "stylize --steady=no --auto-balance=on",
		"stylize --clamp c.png":                 "stylize --clamp c.png",
		"stylize --draft on":                    "stylize --draft on",
		"stylize -- --clamp off":                "stylize -- --clamp off",
		"stylize --clamp":                       "stylize --clamp",
	} {
		if got := strings.Join(joinSwitches(strings.Fields(args)), " "); got != want {
			t.Errorf("%s: got %s, want %s", args, got, want)
		}
	}
}

// Flags that commands share say the same everywhere.
func TestFlagsAgree(t *testing.T) {
	e := quietEnv()
	stylize := newStylizeCmd(e, nil).Flags()
	shared := 0
	for _, cmd := range []*cobra.Command{newBatchCmd(e, nil), newScoreCmd(e, nil), newTextureCmd(e, nil), newSweepCmd(e, nil)} {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			same := stylize.Lookup(f.Name)
			if same == nil || f.Name == "output" || f.Name == "format" || f.Name == "size" && cmd.Name() == "texture" {
				return
			}
			shared++
			if f.Usage != same.Usage || f.DefValue != same.DefValue || f.Shorthand != same.Shorthand {
				t.Errorf("--%s of %s is not that of stylize: %q (%s), %q (%s)", f.Name, cmd.Name(), f.Usage, f.DefValue, same.Usage, same.DefValue)
			}
		})
	}
	if shared < 20 {
		t.Errorf("only %d flags are shared", shared)
	}
}

func TestColourOnlyWhereWelcome(t *testing.T) {
	for _, tt := range []struct {
		name     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"terminal", true, nil, true},
		{"file", false, nil, false},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, false},
		{"dumb terminal", true, map[string]string{"TERM": "dumb"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			e := quietEnv()
			e.Stderr, e.IsTerminal = &b, tt.terminal
			e.Getenv = func(k string) string { return tt.env[k] }
			if code := run(t.Context(), e, []string{"stylize"}); code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			if got := strings.Contains(b.String(), "\x1b["); got != tt.want {
				t.Errorf("coloured is %v, want %v: %q", got, tt.want, b.String())
			}
		})
	}
}
