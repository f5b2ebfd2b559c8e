package nst

import (
	"context"
	"math"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/vgg"
)

// reference opens a file of testdata/torch and a Transfer with the network,
// pooling and size that it is about.
func reference(t *testing.T, name string, change func(*Options)) (*reftest.File, *Transfer) {
	t.Helper()
	ref, err := reftest.Load("../testdata/torch/" + name + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	net, err := vgg.ByName(ref.Meta["network"])
	if err != nil {
		t.Fatal(err)
	}
	weights, err := vgg.Seeded(net, vgg.Caffe(), "conv5_1", reftest.Seed)
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.Objective.Pooling = Pooling(ref.Meta["pool"])
	o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight = 1, 1000, 1
	image := picture(t, ref, "content")
	o.Size = max(image.W, image.H)
	if change != nil {
		change(&o)
	}
	tr, err := New(weights, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return ref, tr
}

func picture(t *testing.T, ref *reftest.File, role string) *imgio.Planar {
	t.Helper()
	pix, w, h, err := ref.Picture(role)
	if err != nil {
		t.Fatal(err)
	}
	return &imgio.Planar{W: w, H: h, Pix: pix}
}

// styleOf measures the style picture at its own size, as PyTorch did, for use at
// the size of the content.
func styleOf(t *testing.T, ref *reftest.File, tr *Transfer) *Style {
	t.Helper()
	s := &Style{pictures: []StylePicture{{Picture: picture(t, ref, "style"), Weight: 1}}, targets: map[setting][]target{}}
	e := evaluatorOf(tr, 0)
	measured, err := e.targetsAt(context.Background(), s, MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	return &Style{targets: map[setting][]target{{size: tr.options.Size, centre: e.centre}: measured}, origin: tr.origin}
}

// TestAgainstTorch holds every term of the objective and its gradient against
// PyTorch's for the same weights and pixels.
func TestAgainstTorch(t *testing.T) {
	for _, name := range []string{
		"vgg19-64x64-max", "vgg19-64x64-avg", "vgg19-97x61-max", "vgg19-97x61-avg",
		"vgg16-64x64-max", "vgg16-64x64-avg", "vgg16-97x61-max", "vgg16-97x61-avg",
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "vgg19-64x64-max" {
				t.Skip("one case is enough in short mode")
			}
			ref, tr := reference(t, name, nil)
			ctx := context.Background()
			o, err := evaluatorOf(tr, 0).newObjective(ctx, comparison{
				content: picture(t, ref, "content"), contentWeight: tr.options.Objective.ContentWeight,
				style: styleOf(t, ref, tr), size: tr.options.Size,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer o.close()
			image := picture(t, ref, "image")
			gradient := make([]float32, len(image.Pix))
			if _, err := o.evaluate(ctx, image.Pix, gradient); err != nil {
				t.Fatal(err)
			}
			s := o.score()
			got := map[string]float64{"total": s.Total, "tv": s.TV.Loss}
			for _, c := range s.Content {
				got["content."+c.Layer] = c.Loss
			}
			for _, c := range s.Style {
				got["style."+c.Layer] = c.Loss
			}
			for term, v := range got {
				want, ok := ref.Tensors["loss."+term]
				if !ok {
					t.Errorf("the reference has no loss.%s", term)
				} else if d := reftest.Rel(v, want.F64[0]); d > 1e-4 {
					t.Errorf("%s is %v, want %v", term, v, want.F64[0])
				}
			}
			if d := reftest.RelMax(gradient, ref.Tensors["gradient"].Data); d > 1e-4 {
				t.Errorf("gradient is %.2g off", d)
			}
		})
	}
}

// TestTrajectories holds ten steps of each optimiser against torch.optim's.
func TestTrajectories(t *testing.T) {
	reftest.NumbersOnly(t)
	for name, optimizer := range map[string]Method{"adam": Adam, "lbfgs": LBFGSTorch} {
		t.Run(name, func(t *testing.T) {
			ref, tr := reference(t, "trajectory-"+name, func(o *Options) {
				o.Optimizer.Method = optimizer
				o.Optimizer.LearningRate = 1
				o.Optimizer.Beta2, o.Optimizer.Average, o.Optimizer.Clamp = 0.999, 0, false
				o.Schedule.Iterations, o.Schedule.Scales = 11, 1
			})
			var losses []float64
			var last *imgio.Planar
			_, err := tr.Run(context.Background(), Job{
				Content: picture(t, ref, "content"),
				Style:   styleOf(t, ref, tr),
				Progress: func(p Progress) {
					losses = append(losses, p.Loss.Total)
					if p.Iteration == 10 {
						last = p.Picture()
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			want := ref.Tensors["losses"].F64
			if len(losses) != len(want) {
				t.Fatalf("%d losses, want %d", len(losses), len(want))
			}
			for i, l := range losses {
				if math.Abs(l-want[i]) > 1e-3*want[i] {
					t.Errorf("loss %d is %v, want %v", i, l, want[i])
				}
			}
			if d := reftest.RelMax(last.Pix, ref.Tensors["picture"].Data); d > 1e-2 {
				t.Errorf("picture after ten steps is %.2g off", d)
			}
		})
	}
}
