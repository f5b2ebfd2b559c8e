package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nst/nst"
)

// wordValue is a flag that takes one of a few words. If other is set, anything
// else is the name of a file, which is stored there, and the word becomes otherWord. The
// names in special are no files, but are stored in the same way.
type wordValue[T ~string] struct {
	word  *T
	words []T

	other     *string
	otherWord T
	special   []string
}

// String returns the word, or the name of the file.
func (v *wordValue[T]) String() string {
	switch {
	case v.word == nil:
		return ""
	case v.other != nil && *v.other != "":
		return *v.other
	}
	return string(*v.word)
}

// Type stands for a word, or for a word or a file; the usage lists the words.
func (v *wordValue[T]) Type() string {
	if v.other != nil {
		return "WORD|FILE"
	}
	return "WORD"
}

// offers returns the words, for help and completion, and reports whether a file will do.
func (v *wordValue[T]) offers() (words []string, files bool) {
	return v.known(), v.other != nil
}

// known lists the words, then the special names.
func (v *wordValue[T]) known() []string {
	return append(strings.Split(joined(v.words, ","), ","), v.special...)
}

// Set takes one of the words, or a file name where that is accepted. The error lists the
// words.
func (v *wordValue[T]) Set(s string) error {
	known := slices.Contains(v.words, T(s))
	switch {
	case known && v.other != nil:
		*v.word, *v.other = T(s), ""
	case known:
		*v.word = T(s)
	case v.other != nil && s != "":
		*v.word, *v.other = v.otherWord, s
	case v.other != nil:
		return fmt.Errorf("must be one of %s, or a file", joined(v.known(), ", "))
	default:
		return fmt.Errorf("must be one of %s", joined(v.words, ", "))
	}
	return nil
}

// joined returns words with a separator between them.
func joined[T ~string](words []T, sep string) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = string(w)
	}
	return strings.Join(parts, sep)
}

// textValue is a flag that takes any text.
type textValue struct {
	text *string
	kind string // as help shows it
}

// Type is the kind of text.
func (v *textValue) Type() string { return v.kind }

// String returns the text.
func (v *textValue) String() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// Set takes any text but an empty one, which is an error.
func (v *textValue) Set(s string) error {
	if s == "" {
		return errors.New("must not be empty")
	}
	*v.text = s
	return nil
}

// deviceValue is a flag that takes a device.
type deviceValue struct{ device *string }

// Type stands for a device.
func (v *deviceValue) Type() string { return "DEVICE" }

// String returns the device as it was given.
func (v *deviceValue) String() string {
	if v.device == nil {
		return ""
	}
	return *v.device
}

// Set takes the name of a device, available or not. The error is that of nst.ParseDevice.
func (v *deviceValue) Set(s string) error {
	_, _, err := nst.ParseDevice(s)
	if err == nil {
		*v.device = s
	}
	return err
}

// layersValue is a flag that takes LAYER[:WEIGHT],...
type layersValue struct {
	layers *[]nst.LayerWeight
	usual  float64 // the weight of a layer that is named without one
}

// styleLayersValue is one whose layers without a weight have that of the network.
func styleLayersValue(layers *[]nst.LayerWeight) *layersValue {
	return &layersValue{layers, nst.UsualWeight}
}

// Type shows the form of the list.
func (v *layersValue) Type() string { return "LAYER[:WEIGHT],..." }

// String returns the layers, with weights other than the usual one.
func (v *layersValue) String() string {
	if v.layers == nil {
		return ""
	}
	parts := make([]string, len(*v.layers))
	for i, l := range *v.layers {
		parts[i] = l.Layer
		if l.Weight != v.usual {
			parts[i] += ":" + strconv.FormatFloat(l.Weight, 'g', -1, 64)
		}
	}
	return strings.Join(parts, ",")
}

// Set takes layers separated by commas, each with an optional weight after a colon. The
// error says that a layer has no name or that a weight is not a finite number. Whether the
// network has the layer is checked later.
func (v *layersValue) Set(s string) error {
	var out []nst.LayerWeight
	for part := range strings.SplitSeq(s, ",") {
		layer, text, weighted := strings.Cut(strings.TrimSpace(part), ":")
		if layer == "" {
			return fmt.Errorf("a layer has no name; want LAYER[:WEIGHT],... such as relu3_1,relu4_1:0.5")
		}
		weight := v.usual
		if weighted {
			var err error
			if weight, err = parseNumber(text); err != nil {
				return fmt.Errorf("weight of %s: %w", layer, err)
			}
			if weight < 0 {
				return fmt.Errorf("weight of %s: must be 0 or more", layer)
			}
		}
		out = append(out, nst.LayerWeight{Layer: layer, Weight: weight})
	}
	*v.layers = out
	return nil
}

// numberValue is a flag that takes a finite number.
type numberValue struct{ x *float64 }

// Type stands for a number.
func (v *numberValue) Type() string { return "X" }

// String returns the number so that Set reads the same from it.
func (v *numberValue) String() string {
	if v.x == nil {
		return ""
	}
	return strconv.FormatFloat(*v.x, 'g', -1, 64)
}

// Set takes a finite number. Anything else is an error.
func (v *numberValue) Set(s string) error {
	x, err := parseNumber(s)
	if err == nil {
		*v.x = x
	}
	return err
}

// numbersValue is a flag that takes finite numbers, separated by commas.
type numbersValue struct{ xs *[]float64 }

// Type stands for a list of numbers.
func (v *numbersValue) Type() string { return "W,W,..." }

// String returns the numbers, separated by commas.
func (v *numbersValue) String() string {
	if v.xs == nil {
		return ""
	}
	parts := make([]string, len(*v.xs))
	for i, x := range *v.xs {
		parts[i] = strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strings.Join(parts, ",")
}

// Set takes one or more numbers, separated by commas. The error names the first that is not
// a finite number.
func (v *numbersValue) Set(s string) error {
	var out []float64
	for part := range strings.SplitSeq(s, ",") {
		x, err := parseNumber(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		out = append(out, x)
	}
	*v.xs = out
	return nil
}

// parseNumber reads a finite number.
func parseNumber(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%q is not a finite number", s)
	}
	return x, nil
}
