package nst_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nst/nst"
	"nst/vgg"
)

// twins returns a teacher, and a student that is the same network with maps, which are
// unit matrices.
func twins(t *testing.T) (teacher, student *vgg.Weights) {
	t.Helper()
	teacher, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	copied := *teacher
	student = &copied
	student.Projections = map[string]vgg.Projection{}
	for i, l := range student.Network.Layers {
		if l.Kind != vgg.ReLU || teacher.Filters[student.Network.Layers[i-1].Name].K == 0 {
			continue
		}
		unit := make([]float32, l.K*l.K)
		for i := range l.K {
			unit[i*l.K+i] = 1
		}
		if student.Projections[l.Name], err = vgg.NewProjection(l.K, l.K, unit); err != nil {
			t.Fatal(err)
		}
	}
	return teacher, student
}

// scoreWith scores a picture that is neither content nor style.
func scoreWith(t *testing.T, w *vgg.Weights, o nst.Options) *nst.Score {
	t.Helper()
	tr, err := nst.New(w, o)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	ctx := context.Background()
	s, err := tr.Style(ctx, nst.StylePicture{Picture: draw(40, 40, 1), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	score, err := tr.Score(ctx, draw(40, 30, 0), s, draw(40, 30, 5))
	if err != nil {
		t.Fatal(err)
	}
	return score
}

// TestStyleLayersOf looks that slim has style weights of its own, which count for Gram
// matrices only and when no layers are named, and that they are what New takes.
func TestStyleLayersOf(t *testing.T) {
	layers := func(weights ...float64) (all []nst.LayerWeight) {
		for i, w := range weights {
			all = append(all, nst.LayerWeight{Layer: fmt.Sprintf("relu%d_1", i+1), Weight: w})
		}
		return all
	}
	even, slim := layers(1, 1, 1, 1, 1), layers(10, 60, 300, 2, 20)
	named := []nst.LayerWeight{{Layer: "relu1_2", Weight: 3}}
	for name, c := range map[string]struct {
		network *vgg.Network
		set     func(*nst.Objective)
		want    []nst.LayerWeight
	}{
		"vgg19":      {vgg.VGG19(), func(*nst.Objective) {}, even},
		"vgg16":      {vgg.VGG16(), func(*nst.Objective) {}, even},
		"slim":       {vgg.Slim(), func(*nst.Objective) {}, slim},
		"w2":         {vgg.Slim(), func(o *nst.Objective) { o.StyleLoss = nst.StyleW2 }, even},
		"meanstd":    {vgg.Slim(), func(o *nst.Objective) { o.StyleLoss = nst.StyleMeanStd }, even},
		"normalised": {vgg.Slim(), func(o *nst.Objective) { o.NormalizeGradients = true }, even},
		"named":      {vgg.Slim(), func(o *nst.Objective) { o.StyleLayers = named }, named},
	} {
		o := nst.DefaultOptions().Objective
		c.set(&o)
		if got := o.StyleLayersOf(c.network); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	w, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	o := small()
	unset := scoreWith(t, w, o)
	o.Objective.StyleLayers = slim
	if set := scoreWith(t, w, o); set.Total != unset.Total {
		t.Errorf("with no layers named slim scores %v, with its own %v", unset.Total, set.Total)
	}
	o.Objective.StyleLayers = even
	if set := scoreWith(t, w, o); set.Total == unset.Total {
		t.Errorf("slim's own weights score as weights of 1 do: %v", set.Total)
	}
}

// TestMapsChangeNothing looks that maps to a teacher that is the network itself leave
// every loss as it is, however it is measured.
func TestMapsChangeNothing(t *testing.T) {
	teacher, student := twins(t)
	for _, style := range nst.StyleLosses() {
		o := small()
		o.Objective.StyleLoss = style
		want, got := scoreWith(t, teacher, o), scoreWith(t, student, o)
		if d := math.Abs(got.Total/want.Total - 1); d > 1e-5 {
			t.Errorf("%s: total is %v, want %v", style, got.Total, want.Total)
		}
	}
}

// TestMapsCountTeachersChannels looks that a teacher with each channel many times
// over has the losses that means over them give, with the weights of its channels.
func TestMapsCountTeachersChannels(t *testing.T) {
	teacher, student := twins(t)
	const times = 3
	r := rand.New(rand.NewPCG(1, 9))
	for name, m := range student.Projections {
		w := make([]float32, times*m.K*m.C) // the channels of the teacher, in another order
		for to, from := range r.Perm(times * m.K) {
			w[to*m.C+from%m.C] = 1
		}
		var err error
		if student.Projections[name], err = vgg.NewProjection(times*m.K, m.C, w); err != nil {
			t.Fatal(err)
		}
	}
	for _, style := range nst.StyleLosses() {
		o := small()
		o.Objective.StyleLoss = style
		want, got := scoreWith(t, teacher, o), scoreWith(t, student, o)
		for i := range want.Content {
			if d := math.Abs(got.Content[i].Loss/want.Content[i].Loss - 1); d > 1e-4 {
				t.Errorf("%s: content is %v, want %v", style, got.Content[i].Loss, want.Content[i].Loss)
			}
		}
		for i, w := range want.Style {
			g := got.Style[i]
			weight := w.Weight
			if g.Statistic == "" { // over the square of the channels
				weight /= times * times
			}
			if d := math.Abs(g.Weight/weight - 1); d > 1e-9 {
				t.Errorf("%s %q of %s: weight is %v, want %v", style, g.Statistic, g.Layer, g.Weight, weight)
			}
			if d := math.Abs(g.Loss/w.Loss - 1); d > 2e-3 {
				t.Errorf("%s %q of %s: loss is %v, want %v", style, g.Statistic, g.Layer, g.Loss, w.Loss)
			}
		}
	}
}

// TestMapsRun looks that a run with maps brings the loss down, with every style loss
// and with normalised gradients, and that taps before a ReLU are refused.
func TestMapsRun(t *testing.T) {
	_, student := twins(t)
	run := func(o nst.Options) []float64 {
		tr, err := nst.New(student, o)
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		s, err := tr.Style(context.Background(), nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		var losses []float64
		_, err = tr.Run(context.Background(), nst.Job{Content: draw(40, 30, 0), Style: s, Progress: func(p nst.Progress) {
			losses = append(losses, p.Loss.Total)
		}})
		if err != nil {
			t.Fatal(err)
		}
		return losses
	}
	for _, style := range nst.StyleLosses() {
		o := small()
		o.Objective.StyleLoss, o.Optimizer.LearningRate = style, 1
		if l := run(o); !(l[len(l)-1] < l[0]) {
			t.Errorf("%s: losses %v do not fall", style, l)
		}
	}
	o := small()
	o.Optimizer.Method, o.Objective.NormalizeGradients = nst.Adam, true
	run(o)
	o = small()
	o.Objective.ContentLayers = []nst.LayerWeight{{Layer: "conv4_2", Weight: 1}}
	_, err := nst.New(student, o)
	if tap := new(vgg.TapError); !errors.As(err, &tap) || tap.Instead != "relu4_2" {
		t.Errorf("conv4_2: %v, want an error that says relu4_2", err)
	}
}
