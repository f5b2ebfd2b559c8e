package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"nst/nst"
)

// wholeValue is a flag that takes a whole number.
type wholeValue[T int | uint64] struct{ n *T }

// Type stands for a whole number.
func (v *wholeValue[T]) Type() string { return "N" }

// String returns the number.
func (v *wholeValue[T]) String() string {
	if v.n == nil {
		return ""
	}
	return fmt.Sprint(*v.n)
}

// Set takes a whole number. The error says that s is not one that the type can hold.
func (v *wholeValue[T]) Set(s string) error {
	var err error
	switch n := any(v.n).(type) {
	case *int:
		*n, err = strconv.Atoi(s)
	case *uint64:
		if *n, err = strconv.ParseUint(s, 10, 64); err != nil {
			return fmt.Errorf("%q must be a whole number of 0 or more", s)
		}
	}
	if err != nil {
		return fmt.Errorf("%q must be a whole number", s)
	}
	return nil
}

// switchValue is a flag that is on or off. Given without a value it is on.
type switchValue struct {
	on    *bool
	plain bool // help shows no value
}

// Type shows both words, unless the flag is used without a value.
func (v *switchValue) Type() string {
	if v.plain {
		return ""
	}
	return "on|off"
}

// IsBoolFlag tells pflag that the flag needs no value.
func (v *switchValue) IsBoolFlag() bool { return true }

// String returns on or off.
func (v *switchValue) String() string {
	if v.on != nil && *v.on {
		return "on"
	}
	return "off"
}

// offers returns the words for completion.
func (v *switchValue) offers() (words []string, files bool) { return []string{"on", "off"}, false }

// Set takes one of [switchWords]. The error is for anything else.
func (v *switchValue) Set(s string) error {
	on, ok := switchWords()[strings.ToLower(s)]
	if !ok {
		return fmt.Errorf("%q must be on or off", s)
	}
	*v.on = on
	return nil
}

// switchWords returns what a switch accepts.
func switchWords() map[string]bool {
	return map[string]bool{
		"on": true, "true": true, "yes": true, "1": true,
		"off": false, "false": false, "no": false, "0": false,
	}
}

// durationValue is a flag that takes a duration.
type durationValue struct{ d *time.Duration }

// Type stands for a duration.
func (v *durationValue) Type() string { return "TIME" }

// String returns the duration as Go writes it: 1m30s.
func (v *durationValue) String() string {
	if v.d == nil {
		return ""
	}
	return v.d.String()
}

// Set takes a duration with its unit. The error shows what one looks like.
func (v *durationValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return errors.New("want a duration such as 90s or 5m")
	}
	*v.d = d
	return nil
}

// valueOf returns the flag value for a pointer to an option. It panics for a type that it
// does not know.
func valueOf(option any) pflag.Value {
	switch p := option.(type) {
	case *float64:
		return &numberValue{p}
	case *int:
		return &wholeValue[int]{p}
	case *uint64:
		return &wholeValue[uint64]{p}
	case *bool:
		return &switchValue{on: p}
	case *time.Duration:
		return &durationValue{p}
	case *[]nst.LayerWeight:
		return &layersValue{p, 1}
	case *nst.Method:
		return &wordValue[nst.Method]{word: p, words: nst.Methods()}
	case *nst.StyleMix:
		return &wordValue[nst.StyleMix]{word: p, words: nst.StyleMixes()}
	case *nst.StyleLoss:
		return &wordValue[nst.StyleLoss]{word: p, words: nst.StyleLosses()}
	case *nst.Pooling:
		return &wordValue[nst.Pooling]{word: p, words: nst.Poolings()}
	case *nst.TVForm:
		return &wordValue[nst.TVForm]{word: p, words: nst.TVForms()}
	case *nst.Preprocessing:
		return &wordValue[nst.Preprocessing]{word: p, words: nst.Preprocessings()}
	case *nst.Padding:
		return &wordValue[nst.Padding]{word: p, words: nst.Paddings()}
	case *nst.Precision:
		return &wordValue[nst.Precision]{word: p, words: nst.Precisions()}
	case *nst.Colour:
		return &wordValue[nst.Colour]{word: p, words: nst.Colours()}
	}
	panic(fmt.Sprintf("no flag for an option of type %T", option))
}
