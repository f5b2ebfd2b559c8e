// Command presets paints with the preset of another program and writes the loss of each
// evaluation. compare.py compares them with those of the program itself.
//
//	presets NAME WEIGHTS SIZE EVALUATIONS CONTENT STYLE [START]
//
// Pictures are scaled to SIZE pixels. START is the first picture, planar RGB in [0, 1] as
// little-endian float32; without it the preset decides.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"

	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "presets:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 6 && len(args) != 7 {
		return fmt.Errorf("want NAME WEIGHTS SIZE EVALUATIONS CONTENT STYLE [START], got %q", args)
	}
	preset, ok := nst.PresetByName(args[0])
	if !ok {
		return fmt.Errorf("no preset %q", args[0])
	}
	o := preset.Options
	o.Schedule.Scales = 1
	var err error
	if o.Size, err = strconv.Atoi(args[2]); err != nil {
		return err
	}
	if o.Schedule.Iterations, err = strconv.Atoi(args[3]); err != nil {
		return err
	}
	var start []float32
	if len(args) == 7 {
		o.Schedule.Init = nst.InitImage
		if start, err = floats(args[6]); err != nil {
			return err
		}
	}
	weights, err := vgg.Import(context.Background(), args[1], vgg.ImportOptions{})
	if err != nil {
		return err
	}
	return paint(weights, o, args[4], args[5], start)
}

// floats reads a file of float32.
func floats(path string) ([]float32, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := make([]float32, len(data)/4)
	_, err = binary.Decode(data, binary.LittleEndian, out)
	return out, err
}

// paint runs a job and writes its losses.
func paint(weights *vgg.Weights, o nst.Options, content, style string, start []float32) error {
	ctx := context.Background()
	photo, _, err := imgio.Open(content)
	if err != nil {
		return err
	}
	painting, _, err := imgio.Open(style)
	if err != nil {
		return err
	}
	t, err := nst.New(weights, o)
	if err != nil {
		return err
	}
	defer t.Close()
	s, err := t.Style(ctx, nst.StylePicture{Picture: painting, Weight: 1})
	if err != nil {
		return err
	}
	job := nst.Job{Content: photo, Style: s, Progress: func(p nst.Progress) { fmt.Println(p.Loss.Total) }}
	if start != nil {
		if len(start) != len(photo.Pix) {
			return fmt.Errorf("start has %d values, the content %d", len(start), len(photo.Pix))
		}
		job.Start = &imgio.Planar{W: photo.W, H: photo.H, Pix: start}
	}
	_, err = t.Run(ctx, job)
	return err
}
