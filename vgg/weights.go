package vgg

import "fmt"

// Convention is how a network wants its pictures prepared. For the channel x of a pixel,
// in [0, 1], the input of the network is (x*Scale - Mean[i]) / Std[i].
type Convention struct {
	Name      string // caffe or torchvision
	BGR       bool   // channels are blue, green, red; else red, green, blue
	Scale     float32
	Mean, Std [3]float32 // of the channels, in the order that BGR says
}

// Caffe is the convention of the original Oxford weights: BGR in 0..255, minus the mean
// of ImageNet.
func Caffe() Convention {
	return Convention{Name: "caffe", BGR: true, Scale: 255, Mean: [3]float32{103.939, 116.779, 123.68}, Std: [3]float32{1, 1, 1}}
}

// Torchvision is the convention of torchvision's own weights: RGB in 0..1, minus the mean,
// divided by the standard deviation.
func Torchvision() Convention {
	return Convention{Name: "torchvision", Scale: 1, Mean: [3]float32{.485, .456, .406}, Std: [3]float32{.229, .224, .225}}
}

// ConventionByName returns the convention with a name: caffe or torchvision.
func ConventionByName(name string) (Convention, error) {
	for _, c := range []Convention{Caffe(), Torchvision()} {
		if c.Name == name {
			return c, nil
		}
	}
	return Convention{}, fmt.Errorf("vgg: unknown convention %q (known: caffe, torchvision)", name)
}

// Centre returns the colour, RGB in [0, 1], that the network sees as zero.
func (c Convention) Centre() (rgb [3]float32) {
	for i := range rgb {
		rgb[i] = c.Mean[c.channel(i)] / c.Scale
	}
	return rgb
}

// Levels returns c with a range of 255 and without division by the deviation, whatever the
// network was trained with: its input is 8-bit levels minus the mean.
func (c Convention) Levels() Convention {
	const levels = 255
	for i := range c.Mean {
		c.Mean[i] *= levels / c.Scale
		c.Std[i] = 1
	}
	c.Scale = levels
	return c
}

// Levels256 returns c with its range multiplied by 256/255.
func (c Convention) Levels256() Convention {
	c.Scale *= 256. / 255
	return c
}

// channel returns the position in c.Mean and c.Std of channel i of RGB.
func (c Convention) channel(i int) int {
	if c.BGR {
		return 2 - i
	}
	return i
}

// from returns a convention that gives a picture minus origin, RGB in [0, 1], the same result
// as c gives the picture.
func (c Convention) from(origin [3]float32) Convention {
	if origin == [3]float32{} {
		return c
	}
	for i, v := range c.Centre() {
		c.Mean[c.channel(i)] = (v - origin[i]) * c.Scale // 0 where origin is the centre
	}
	return c
}

// Filter is the weights of one convolution.
type Filter struct {
	K, C int       // output and input channels
	W    []float32 // (K, C, 3, 3), cross-correlation: W[k][c][dy][dx]
	B    []float32 // (K)
}

// Weights is a network with its weights. They may end early: Filters has the convolutions
// from the first up to some other one.
type Weights struct {
	Network    *Network
	Convention Convention
	Source     string // where the weights come from, for people
	Licence    string
	SHA256     string            // of the file that they were imported from, hex
	Filters    map[string]Filter // by layer name, conv1_1 ...

	// Projections take the features of a distilled network to those of its teacher, by
	// layer name, relu1_1 ...; nil for other networks.
	Projections map[string]Projection
}

// Check returns an error if a filter or a projection has the wrong shape, belongs to no
// layer of the network, or is missing although a deeper one exists.
func (w *Weights) Check() error {
	last, found := "", 0
	for _, l := range w.Network.Convs() {
		f, ok := w.Filters[l.Name]
		if !ok {
			if last == "" {
				last = l.Name
			}
			continue
		}
		found++
		if last != "" {
			return fmt.Errorf("vgg: %s weights lack %s though they have %s", w.Network.Name, last, l.Name)
		}
		if f.K != l.K || f.C != l.C || len(f.W) != l.K*l.C*9 || len(f.B) != l.K {
			return fmt.Errorf("vgg: %s weights of %s: filter is (%d, %d, 3, 3) with %d values and %d biases, want (%d, %d, 3, 3)",
				w.Network.Name, l.Name, f.K, f.C, len(f.W), len(f.B), l.K, l.C)
		}
	}
	if found == 0 {
		return fmt.Errorf("vgg: %s weights hold no convolution", w.Network.Name)
	}
	if found != len(w.Filters) {
		return fmt.Errorf("vgg: %s weights hold %d filters that are not of this network", w.Network.Name, len(w.Filters)-found)
	}
	return w.checkProjections()
}
