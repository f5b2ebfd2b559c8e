package vgg

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"nst/vgg/internal/protobuf"
	"nst/vgg/safetensors"
)

// openONNX opens an ONNX model: a ModelProto of onnx.proto. Its convolutions count in the
// order of the graph, because exporters rename weights. A batch normalisation after a
// convolution is folded into it. Models get [Torchvision] unless their names are Keras's.
func openONNX(r io.ReaderAt, size int64) (archive, error) {
	m := &onnx{File: protobuf.Open(r, size), r: r, constants: map[string]tensor{}}
	err := m.Each(m.Message(), func(f protobuf.Field) error {
		if f.Number == 7 {
			return m.graph(f)
		}
		return nil
	})
	if err != nil {
		return archive{}, fmt.Errorf("onnx: %w", err)
	}
	a := archive{format: "ONNX", tensors: map[string]tensor{}, convention: Torchvision()}
	made := map[string]string{} // the stem of the convolution, by the name of its output
	for _, n := range m.nodes {
		switch {
		case n.op == "Conv" && len(n.inputs) > 1 && len(n.outputs) > 0:
			w, ok := m.constants[n.inputs[1]]
			if !ok || len(w.shape) != 4 || w.shape[2] != 3 {
				continue
			}
			if strings.Contains(n.inputs[1], "block1_conv1") {
				a.convention = Caffe()
			}
			stem := fmt.Sprintf("%s (convolution %d)", n.inputs[1], len(a.order)+1)
			a.order = append(a.order, stem)
			made[n.outputs[0]] = stem
			a.add(stem, w, nil)
			if len(n.inputs) > 2 {
				if b, ok := m.constants[n.inputs[2]]; ok {
					a.tensors[stem+".bias"] = b
				}
			}
		case n.op == "BatchNormalization" && len(n.inputs) == 5 && made[n.inputs[0]] != "":
			var bn norm
			for i, part := range []*tensor{&bn.gamma, &bn.beta, &bn.mean, &bn.variance} {
				*part = m.constants[n.inputs[i+1]]
			}
			bn.epsilon = n.epsilon
			if err := a.fold(made[n.inputs[0]], bn); err != nil {
				return archive{}, fmt.Errorf("onnx: %w", err)
			}
		}
	}
	if len(a.order) == 0 {
		return archive{}, errors.New("onnx: it holds no convolution of 3x3 with its weights; weights in a file of their own cannot be read")
	}
	return a, nil
}

// isONNX reports whether a file may be a ModelProto: its first field is the version of the
// format, a small number, and a text or the graph follows.
func isONNX(start string) bool {
	return len(start) > 8 && start[0] == 0x08 && start[1] < 0x20 && strings.ContainsRune("\x12\x1a\x22\x3a\x42", rune(start[2]))
}

type onnx struct {
	*protobuf.File
	r         io.ReaderAt
	nodes     []onnxNode
	constants map[string]tensor
}

// onnxNode is a NodeProto.
type onnxNode struct {
	op              string
	inputs, outputs []string
	epsilon         float64
	value           *tensor // of a Constant
}

// graph reads a GraphProto.
func (m *onnx) graph(graph protobuf.Field) error {
	return m.Each(graph, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			n, err := m.node(f)
			if n.value != nil && len(n.outputs) > 0 {
				m.constants[n.outputs[0]] = *n.value
			}
			m.nodes = append(m.nodes, n)
			return err
		case 5:
			name, t, err := m.tensor(f)
			if err == nil {
				m.constants[name] = t
			}
			return err
		}
		return nil
	})
}

func (m *onnx) node(node protobuf.Field) (n onnxNode, err error) {
	n.epsilon = 1e-5
	err = m.Each(node, func(f protobuf.Field) error {
		switch f.Number {
		case 1:
			n.inputs = append(n.inputs, m.Text(f))
		case 2:
			n.outputs = append(n.outputs, m.Text(f))
		case 4:
			n.op = m.Text(f)
		case 5:
			return m.attribute(f, &n)
		}
		return nil
	})
	return n, err
}

// attribute reads the AttributeProto epsilon of a BatchNormalization or value of a Constant.
func (m *onnx) attribute(attribute protobuf.Field, n *onnxNode) error {
	name := ""
	return m.Each(attribute, func(f protobuf.Field) error {
		switch {
		case f.Number == 1:
			name = m.Text(f)
		case f.Number == 2 && f.Wire == protobuf.Fixed32 && name == "epsilon":
			n.epsilon = float64(math.Float32frombits(uint32(f.Value)))
		case f.Number == 5 && name == "value":
			_, t, err := m.tensor(f)
			n.value = &t
			return err
		}
		return nil
	})
}

// tensor describes a TensorProto. Its numbers are in raw_data or, by type, in float_data or
// double_data. Errors about numbers come out when it is read.
func (m *onnx) tensor(field protobuf.Field) (name string, t tensor, err error) {
	s, kind, outside := &storage{r: m.r}, "", false
	var data protobuf.Field
	err = m.Each(field, func(f protobuf.Field) (err error) {
		switch f.Number {
		case 1:
			t.shape, err = m.Ints(t.shape, f)
		case 2:
			kind = map[uint64]string{1: "F32", 10: "F16", 11: "F64", 16: "BF16"}[f.Value]
		case 4, 9, 10:
			data = f
		case 8:
			name = m.Text(f)
		case 14:
			outside = f.Value == 1
		}
		return err
	})
	n := safetensors.Count(t.shape)
	t.read = func(dst []float32) error {
		switch {
		case outside:
			return errors.New("its numbers are in another file: save the model with them inside")
		case kind == "":
			return errors.New("its numbers are not floating point")
		}
		var err error
		s.dtype, err = safetensors.DTypeByName(kind)
		if err == nil && (data.Wire != protobuf.Bytes || data.Len != int64(n)*int64(s.dtype.Size)) {
			err = fmt.Errorf("%d bytes for shape %s: %w", data.Len, safetensors.Dims(t.shape), protobuf.ErrDamaged)
		}
		if err != nil {
			return err
		}
		return s.dtype.ReadAt(s.r, data.Off, dst)
	}
	if slices.ContainsFunc(t.shape, func(d int) bool { return d < 0 }) {
		err = fmt.Errorf("shape %s: %w", safetensors.Dims(t.shape), protobuf.ErrDamaged)
	}
	return name, t, err
}
