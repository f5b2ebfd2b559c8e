package nst_test

import (
	"context"
	"fmt"

	"nst/nst"
	"nst/vgg"
)

// A tiny network with random weights stands in for the real one, which
// vgg.Store.Load reads.
func Example() {
	weights, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		panic(err)
	}
	options := nst.DefaultOptions()
	options.Size = 64
	options.Schedule.Iterations = 2
	t, err := nst.New(weights, options)
	if err != nil {
		panic(err)
	}
	defer t.Close()

	ctx := context.Background()
	painting, photo := draw(60, 60, 1), draw(80, 60, 0) // imgio.Open reads files
	style, err := t.Style(ctx, nst.StylePicture{Picture: painting, Weight: 1})
	if err != nil {
		panic(err)
	}
	result, err := t.Run(ctx, nst.Job{Content: photo, Style: style})
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Picture.W, result.Picture.H, result.Iterations, result.Stop)
	// Output: 64 48 2 iterations
}
