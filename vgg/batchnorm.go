package vgg

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nst/vgg/safetensors"
)

// norm is a batch normalisation after a convolution, as it is used after training: Ioffe and
// Szegedy (2015), algorithm 2.
type norm struct {
	gamma, beta, mean, variance tensor // (K)
	epsilon                     float64
}

// fold makes the batch normalisation bn part of the convolution with the name stem:
//
//	w'[k] = w[k] * gamma[k] / sqrt(variance[k] + epsilon)
//	b'[k] = (b[k] - mean[k]) * gamma[k] / sqrt(variance[k] + epsilon) + beta[k]
func (a *archive) fold(stem string, bn norm) error {
	w, ok := a.tensors[stem+".weight"]
	if !ok || len(w.shape) != 4 {
		return fmt.Errorf("a batch normalisation follows %s, which is no convolution", stem)
	}
	k := w.shape[0]
	b, hasBias := a.tensors[stem+".bias"]
	if !hasBias {
		b = tensor{[]int{k}, func(dst []float32) error { clear(dst); return nil }}
	}
	for _, t := range []tensor{b, bn.gamma, bn.beta, bn.mean, bn.variance} {
		if !slices.Equal(t.shape, []int{k}) {
			return fmt.Errorf("batch normalisation of %s: %s values, want (%d)", stem, safetensors.Dims(t.shape), k)
		}
	}
	a.tensors[stem+".weight"] = tensor{w.shape, func(dst []float32) error {
		scale, _, err := bn.affine()
		if err == nil {
			err = w.read(dst)
		}
		for i := range dst {
			if err == nil {
				dst[i] = float32(float64(dst[i]) * scale[i/(len(dst)/k)])
			}
		}
		return err
	}}
	a.tensors[stem+".bias"] = tensor{[]int{k}, func(dst []float32) error {
		scale, shift, err := bn.affine()
		if err == nil {
			err = b.read(dst)
		}
		for i := range dst {
			if err == nil {
				dst[i] = float32(float64(dst[i])*scale[i] + shift[i])
			}
		}
		return err
	}}
	return nil
}

// affine returns bn as a factor and a term for each channel.
func (bn norm) affine() (scale, shift []float64, err error) {
	var v [4][]float32
	for i, t := range []tensor{bn.gamma, bn.beta, bn.mean, bn.variance} {
		if v[i], err = t.values(); err != nil {
			return nil, nil, fmt.Errorf("batch normalisation: %w", err)
		}
	}
	for k := range v[0] {
		if v[3][k] < 0 || bn.epsilon <= 0 {
			return nil, nil, fmt.Errorf("batch normalisation: variance %v, epsilon %v", v[3][k], bn.epsilon)
		}
		s := float64(v[0][k]) / math.Sqrt(float64(v[3][k])+bn.epsilon)
		scale = append(scale, s)
		shift = append(shift, float64(v[1][k])-float64(v[2][k])*s)
	}
	return scale, shift, nil
}

// foldSequence folds the batch normalisations of a network of PyTorch, such as torchvision's
// vgg19_bn. Its layers have numbers, features.0 or 0, and a normalisation follows the
// convolution that it belongs to. Without normalisations nothing changes.
func (a *archive) foldSequence() error {
	stems := map[int]string{}
	norms := 0
	for name := range a.tensors {
		stem, ok := strings.CutSuffix(name, ".running_mean")
		if !ok {
			continue
		}
		i, err := strconv.Atoi(strings.TrimPrefix(stem, "features."))
		if err != nil {
			return fmt.Errorf("has batch normalisation (%s), which can be folded only into torchvision's vgg19_bn and vgg16_bn", name)
		}
		stems[i] = stem
		norms++
	}
	if norms == 0 {
		return nil
	}
	a.convention = Torchvision()
	for i := range 100 { // vgg19_bn has 53 layers
		bn, ok := stems[i]
		if !ok {
			continue
		}
		conv := strings.TrimSuffix(bn, strconv.Itoa(i)) + strconv.Itoa(i-1)
		t := a.tensors
		if err := a.fold(conv, norm{t[bn+".weight"], t[bn+".bias"], t[bn+".running_mean"], t[bn+".running_var"], 1e-5}); err != nil {
			return err
		}
		a.order = append(a.order, conv)
	}
	if len(a.order) != norms {
		return fmt.Errorf("%d of %d batch normalisations belong to no layer of a VGG", norms-len(a.order), norms)
	}
	return nil
}
