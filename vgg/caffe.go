package vgg

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nst/vgg/internal/protobuf"
	"nst/vgg/safetensors"
)

// openCaffe opens a .caffemodel, such as VGG_ILSVRC_19_layers.caffemodel: a NetParameter of
// caffe.proto. Filters are (K, C, 3, 3), and their first input channel is blue.
func openCaffe(r io.ReaderAt, size int64) (archive, error) {
	c := &caffe{File: protobuf.Open(r, size), r: r, archive: archive{format: "Caffe", tensors: map[string]tensor{}}}
	err := c.Each(c.Message(), func(f protobuf.Field) error {
		switch f.Number {
		case 2: // layers: V1LayerParameter
			return c.layer(f, 4, 6)
		case 100: // layer: LayerParameter
			return c.layer(f, 1, 7)
		}
		return nil
	})
	if err == nil && len(c.tensors) == 0 {
		err = errors.New("it holds no convolution")
	}
	if err != nil {
		return archive{}, fmt.Errorf("caffe: %w", err)
	}
	return c.archive, nil
}

// isCaffe reports whether a file may be a NetParameter: its first field is a name, as in
// every .caffemodel, and a layer or an input follows.
func isCaffe(start string) bool {
	if len(start) < 4 || start[0] != 0x0a || start[1] >= 0x80 || int(start[1])+3 > len(start) || !isText(start[2:][:start[1]]) {
		return false
	}
	next := start[2+int(start[1]):]
	return next[0] == 0x12 || next[0] == 0x1a || strings.HasPrefix(next, "\xa2\x06")
}

type caffe struct {
	*protobuf.File
	r io.ReaderAt
	archive
}

// layer adds the filters and biases of a layer, whose name and blobs are fields with these
// numbers.
func (c *caffe) layer(layer protobuf.Field, name, blobs int) error {
	var (
		stem  string
		found []tensor
	)
	err := c.Each(layer, func(f protobuf.Field) error {
		switch f.Number {
		case name:
			stem = c.Text(f)
		case blobs:
			t, err := c.blob(f)
			found = append(found, t)
			return err
		}
		return nil
	})
	if err != nil || len(found) != 2 || len(found[0].shape) != 4 {
		return err // not a convolution with biases
	}
	if n := safetensors.Count(found[1].shape); n == slices.Max(found[1].shape) {
		found[1].shape = []int{n} // old files say (1, 1, 1, K)
	}
	c.add(stem, found[0], &found[1])
	return nil
}

// blob describes a BlobProto. Old files say num, channels, height and width, newer ones shape.
func (c *caffe) blob(blob protobuf.Field) (tensor, error) {
	old, shape := [4]int{}, []int{}
	s := &storage{r: c.r}
	err := c.Each(blob, func(f protobuf.Field) (err error) {
		switch {
		case f.Number >= 1 && f.Number <= 4 && f.Wire == protobuf.Varint:
			old[f.Number-1] = int(f.Value)
		case f.Number == 7: // shape: BlobShape
			return c.Each(f, func(d protobuf.Field) (err error) {
				shape, err = c.Ints(shape, d)
				return err
			})
		case (f.Number == 5 || f.Number == 8) && f.Wire == protobuf.Bytes: // data, double_data
			kind := map[int]string{5: "F32", 8: "F64"}[f.Number]
			s.dtype, err = safetensors.DTypeByName(kind)
			s.off, s.n = f.Off, int(f.Len)/max(s.dtype.Size, 1)
		case f.Number == 5 || f.Number == 8:
			return errors.New("numbers are not packed, which Caffe never does")
		}
		return err
	})
	if len(shape) == 0 {
		shape = old[:]
	}
	if err == nil && safetensors.Count(shape) != s.n {
		err = fmt.Errorf("%d values of shape %s: %w", s.n, safetensors.Dims(shape), protobuf.ErrDamaged)
	}
	return tensor{shape, func(dst []float32) error { return s.dtype.ReadAt(s.r, s.off, dst) }}, err
}
