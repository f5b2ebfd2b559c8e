package vgg

import "nst/vgg/safetensors"

// tensor is an array in a file. Its numbers are read on demand.
type tensor struct {
	shape []int
	read  func(dst []float32) error // fills dst, whose length fits shape
}

// values reads all of t. A value that is not finite is an error.
func (t tensor) values() ([]float32, error) {
	dst := make([]float32, safetensors.Count(t.shape))
	if err := t.read(dst); err != nil {
		return nil, err
	}
	if err := safetensors.Finite(dst); err != nil {
		return nil, err
	}
	return dst, nil
}
