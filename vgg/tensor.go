package vgg

import (
	"fmt"
	"math"

	"nst/vgg/safetensors"
)

// tensor is an array in a file that has been opened but not read.
type tensor struct {
	shape []int
	read  func(dst []float32) error // fills dst, which is as long as shape says
}

// values reads the whole of t and refuses what is not finite.
func (t tensor) values() ([]float32, error) {
	dst := make([]float32, safetensors.Count(t.shape))
	if err := t.read(dst); err != nil {
		return nil, err
	}
	for i, v := range dst {
		if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
			return nil, fmt.Errorf("value %d is %v, want finite numbers", i, v)
		}
	}
	return dst, nil
}
