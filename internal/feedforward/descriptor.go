package feedforward

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nst/internal/engine/exec"
	"nst/loss"
	"nst/vgg"
)

// descriptorLayers are the layers whose statistics describe a painting, with the number of
// directions in which the spread of their features is measured.
var descriptorLayers = []struct {
	name       string
	channels   int // that slim's features have
	directions int
}{
	{"relu1_1", 16, 0},
	{"relu2_1", 48, 0},
	{"relu3_1", 64, 64},
	{"relu4_1", 256, 128},
}

// DescriptorStride is the stride in pixels of the positions of the deepest of these layers.
const DescriptorStride = 8

// DescriptorLen is the number of values of a descriptor.
const DescriptorLen = 2*(16+48+64+256) + 64 + 128 + colourLen

// spreadFloor is added to standard deviations before the logarithm. The features of slim
// have deviations of 1 to 1000, where the picture is not flat.
const spreadFloor = 0.1

// Describer describes paintings to a [Predictor].
type Describer struct {
	network    *vgg.Weights
	directions [][]float32 // [layer]: unit vectors (directions, channels)
}

// NewDescriber returns a describer. It is an error if network is not slim up to relu4_1, whose
// features the descriptor is made of.
func NewDescriber(network *vgg.Weights) (*Describer, error) {
	if name := network.Network.Name; name != vgg.EmbeddedName {
		return nil, fmt.Errorf("feedforward: descriptors are made of the features of %s, not of %s", vgg.EmbeddedName, name)
	}
	d := &Describer{network: network}
	r := rand.New(rand.NewPCG(1, 0))
	for _, l := range descriptorLayers {
		d.directions = append(d.directions, unitVectors(r, l.directions, l.channels))
	}
	return d, nil
}

// Bytes is the memory of the network and of the directions.
func (d *Describer) Bytes() int64 {
	n := 0
	for _, f := range d.network.Filters {
		n += len(f.W) + len(f.B)
	}
	for _, m := range d.network.Projections {
		n += len(m.W) + len(m.R)
	}
	for _, v := range d.directions {
		n += len(v)
	}
	return 4 * int64(n)
}

// unitVectors returns n vectors of random directions, row by row.
func unitVectors(r *rand.Rand, n, length int) []float32 {
	all := make([]float32, n*length)
	for i := range n {
		v, sum := all[i*length:][:length], 0.0
		for j := range v {
			x := r.NormFloat64()
			v[j], sum = float32(x), sum+x*x
		}
		for j := range v {
			v[j] = float32(float64(v[j]) / math.Sqrt(sum))
		}
	}
	return all
}

// Guide returns the weight of each position of a part of a picture, (h, w), at any size: in
// sums, a position counts by the square of it (Gatys et al. 2017, arXiv 1611.07865, eq. 5).
// They must not all be 0.
type Guide func(w, h int) []float32

// Describe returns the descriptor of a picture (3, h, w), RGB in [0, 1]. It has, of every
// style layer, the means of the channels and the logarithms of their standard deviations,
// then for the two deepest the logarithms of the standard deviations of fixed random
// directions, which say how channels go together:
//
//	log √(uᵀ (G - m mᵀ) u)   of the Gram matrix G and the means m
//
// The last values are statistics of its colours, which the others have only as small
// differences of channels that all follow the brightness.
//
// With a guide it describes a part of the picture; nil is all of it.
func (d *Describer) Describe(ctx context.Context, device exec.Device, picture []float32, w, h int, part Guide) ([]float32, error) {
	var found [][]float32
	by := func(layer string, features *exec.Node, in inputs) ([]*exec.Node, error) {
		return describedBy(layer, features, part, in)
	}
	if err := measure(ctx, device, d.network, describedLayers(), picture, w, h, by, func(values []float32) {
		found = append(found, values)
	}); err != nil {
		return nil, err
	}
	out := make([]float32, 0, DescriptorLen)
	for i, l := range descriptorLayers {
		means, deviations, gram := found[2*i][:l.channels], found[2*i][l.channels:], make([]float64, len(found[2*i+1]))
		for j, g := range found[2*i+1] {
			gram[j] = float64(g)
		}
		out = append(out, means...)
		for _, s := range deviations {
			out = append(out, logSpread(float64(s)))
		}
		for j := range l.directions {
			out = append(out, logSpread(math.Sqrt(along(d.directions[i][j*l.channels:][:l.channels], means, gram))))
		}
	}
	colours := Colours(picture)
	if part != nil {
		colours = coloursOf(picture, part(w, h))
	}
	return append(out, describeColours(colours)...), nil
}

// describedLayers are the layers of the loss network that a descriptor has.
func describedLayers() []string {
	var names []string
	for _, l := range descriptorLayers {
		names = append(names, l.name)
	}
	return names
}

// describedBy adds the means and deviations of features, and their Gram matrix, in a part of
// the picture.
func describedBy(layer string, features *exec.Node, part Guide, in inputs) ([]*exec.Node, error) {
	var guide *exec.Node
	if part != nil {
		shape := features.Shape()
		guide = exec.Input(features.Graph(), layer+"/guide", shape[2], shape[3])
		in[guide] = part(shape[3], shape[2])
	}
	moments, err := loss.Moments(layer+"/moments", features, guide)
	if err != nil {
		return nil, err
	}
	gram, err := loss.GuidedGram(layer+"/gram", features, guide)
	return []*exec.Node{moments, gram}, err
}

// along returns the variance in direction u. The sums over four rows of the Gram matrix do not
// wait for one another.
func along(u, means []float32, gram []float64) float64 {
	n := len(u)
	rows := make([]float64, n)
	i := 0
	for ; i+4 <= n; i += 4 {
		g0, g1, g2, g3 := gram[i*n:][:n], gram[(i+1)*n:][:n], gram[(i+2)*n:][:n], gram[(i+3)*n:][:n]
		var s0, s1, s2, s3 float64
		for j, b := range u {
			v := float64(b)
			s0 += g0[j] * v
			s1 += g1[j] * v
			s2 += g2[j] * v
			s3 += g3[j] * v
		}
		rows[i], rows[i+1], rows[i+2], rows[i+3] = s0, s1, s2, s3
	}
	for ; i < n; i++ {
		for j, g := range gram[i*n:][:n] {
			rows[i] += g * float64(u[j])
		}
	}
	var square, mean float64
	for i, a := range u {
		square += float64(a) * rows[i]
		mean += float64(a) * float64(means[i])
	}
	return max(0, square-mean*mean)
}

// opponents are axes of colour that vary almost independently: brightness, red against
// green, and yellow against blue.
var opponents = [3][3]float64{
	{1 / math.Sqrt(3), 1 / math.Sqrt(3), 1 / math.Sqrt(3)},
	{1 / math.Sqrt(2), -1 / math.Sqrt(2), 0},
	{1 / math.Sqrt(6), 1 / math.Sqrt(6), -2 / math.Sqrt(6)},
}

// colourLen is the number of statistics of colours.
const colourLen = 9

// describeColours returns, of what [Colours] returns, the means along the opponent axes, the
// logarithms of the deviations along them, and the correlations of two of them each.
func describeColours(colours []float32) []float32 {
	var mean, deviation [3]float64
	var covariance [3][3]float64
	for a, u := range opponents {
		for b, v := range opponents {
			for i := range 3 {
				for j := range 3 {
					covariance[a][b] += u[i] * v[j] * (float64(colours[3+3*i+j]) - float64(colours[i])*float64(colours[j]))
				}
			}
		}
		for i := range 3 {
			mean[a] += u[i] * float64(colours[i])
		}
		deviation[a] = math.Sqrt(max(0, covariance[a][a]))
	}
	var means, deviations, correlations []float32
	for a := range 3 {
		b := (a + 1) % 3
		means = append(means, float32(mean[a]))
		deviations = append(deviations, float32(math.Log(deviation[a]+0.02)))
		correlations = append(correlations, float32(covariance[a][b]/(deviation[a]*deviation[b]+1e-3)))
	}
	return slices.Concat(means, deviations, correlations)
}

func logSpread(s float64) float32 { return float32(math.Log(s + spreadFloor)) }

// maxDescriptor is the most that a normalised value is from 0. A painting unlike all that the
// predictor was taught is then not too far from them.
const maxDescriptor = 5

// Normalise replaces each value x of a descriptor by (x - centre) / spread, at most 5 from 0.
func Normalise(descriptor, centre, spread []float32) {
	for i, x := range descriptor {
		descriptor[i] = min(max((x-centre[i])/spread[i], -maxDescriptor), maxDescriptor)
	}
}

// Spread returns the mean of each value of descriptors, and its standard deviation, to which
// a thousandth is added.
func Spread(descriptors [][]float32) (centre, spread []float32) {
	n := float64(len(descriptors))
	for i := range descriptors[0] {
		var mean, square float64
		for _, d := range descriptors {
			mean += float64(d[i]) / n
		}
		for _, d := range descriptors {
			square += (float64(d[i]) - mean) * (float64(d[i]) - mean) / n
		}
		centre = append(centre, float32(mean))
		spread = append(spread, float32(math.Sqrt(square)+1e-3))
	}
	return centre, spread
}
