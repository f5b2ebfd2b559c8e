package main

import (
	"fmt"
	"slices"
	"strings"
)

// knob is a setting of stylize and the columns that go over its range.
type knob struct {
	name    string
	columns columns
	slim    bool // it changes nothing with other networks
}

// over returns a knob with a column for each value of flag, beside which more is given. A value
// with a star is the default, for which the flag is left out: its picture is painted once for
// all knobs.
func over(flag, values string, more ...string) knob {
	k := knob{name: strings.TrimPrefix(flag, "--")}
	for _, v := range strings.Fields(values) {
		given := []string{flag, v}
		if strings.HasSuffix(v, "*") {
			given = nil
		}
		k.columns = append(k.columns, column{name: v, flags: slices.Concat(given, more)})
	}
	return k
}

// second, among the flags of a column, stands for a second painting: the one that follows the
// first in its folder.
const second = "SECOND"

// knobs lists what changes the look of a picture, the settings that matter most first.
func knobs() []knob {
	pooling := over("--pooling", "max* avg l2")
	for _, v := range []string{"avg", "l2"} {
		pooling.columns = append(pooling.columns, column{name: v + " rescaled", flags: []string{"--pooling", v, "--rescale", "on"}})
	}
	orientations := over("--orientations", "1 2 4 8*")
	orientations.slim = true
	return []knob{
		over("--strength", "0 25 50 75 90 100"),
		over("--style-scale", "0.25 0.5 1* 2 4"),
		over("--tv-weight", "0* 1 10 100 1000"),
		over("--calm", "0* 25 50 75 100"),
		over("--style-loss", "gram* meanstd w2 neighbours gram+neighbours"),
		over("--color", "style* luma post match histogram"),
		over("--init", "content* noise mean instant"),
		over("--content-weight", "0 0.5 5* 50 500"),
		over("--style-weight", "1 10 100* 1000 10000"),
		over("--style-blend", "9,1 3,1 1,1 1,3 1,9", second),
		over("--style-mix", "mean* sum", second),
		over("--match-every", "1 5 20 100", "--style-loss", "neighbours"),
		over("--iterations", "5 20 80* 320"),
		over("--fine-iterations", "5 20 80* 320"),
		over("--tolerance", "0* 0.001 0.01 0.1"),
		over("--auto-balance", "on* off"),
		over("--min-scale", "32 64 128* 256"),
		orientations,
		pooling,
		over("--tv-form", "smooth* quadratic absolute quadratic-sum absolute-sum nine-point", "--tv-weight", "10"),
		over("--preprocessing", "trained* levels levels256"),
		over("--padding", "zero* replicate"),
		over("--mirror-styles", "on* off", "--style-scale", "0.5"),
		over("--optimizer", "lbfgs* lbfgs-torch lbfgs-wolfe adam"),
		over("--learning-rate", "1 3 10* 30 100", "--optimizer", "adam"),
		over("--average", "0 0.5 0.8* 0.95", "--optimizer", "adam"),
		over("--beta2", "0.9 0.99* 0.999", "--optimizer", "adam"),
		over("--normalize-gradients", "off* on", "--optimizer", "adam"),
		over("--clamp", "on* off"),
		over("--content-layers", "relu1_1 relu2_1 relu3_1 relu4_2* relu5_1"),
		over("--style-layers", "relu1_1 relu2_1 relu3_1 relu4_1 relu5_1"),
		over("--history", "1 5 20* 60"),
	}
}

// chooseKnobs returns the knobs of those names, or all for "all".
func chooseKnobs(names string) ([]knob, error) {
	all := knobs()
	if names == "all" {
		return all, nil
	}
	var chosen []knob
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(all, func(k knob) bool { return k.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no strip of %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
