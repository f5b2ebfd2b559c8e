package vgg

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"nst/vgg/safetensors"
)

// A naming is a scheme of names for the convolutions of a network.
type naming struct {
	name       string
	stem       func(i int, l Layer) string // name of layer i without .weight or .bias
	pattern    *regexp.Regexp              // of all stems
	convention Convention                  // of weights with such names, unless they are Oxford's
}

// namings returns the schemes. Torchvision's and nn.Sequential's names hold the index of
// the layer in the network, which counts ReLU and pooling too.
func namings() []naming {
	return []naming{
		{"layers'", nativeStem, regexp.MustCompile(`^conv\d+_\d+$`), Caffe()},
		{"Keras's", func(_ int, l Layer) string {
			var block, conv int
			fmt.Sscanf(l.Name, "conv%d_%d", &block, &conv)
			return fmt.Sprintf("block%d_conv%d", block, conv)
		}, regexp.MustCompile(`^block\d+_conv\d+$`), Caffe()},
		{
			"torchvision's", func(i int, _ Layer) string { return fmt.Sprintf("features.%d", i) },
			regexp.MustCompile(`^features\.\d+$`), Torchvision(),
		},
		{
			"nn.Sequential's", func(i int, _ Layer) string { return fmt.Sprint(i) },
			regexp.MustCompile(`^\d+$`), Torchvision(),
		},
	}
}

func nativeStem(_ int, l Layer) string { return l.Name }

// stems returns the names of the convolutions of net, in order.
func (n naming) stems(net *Network) []string {
	var out []string
	for i, l := range net.Layers {
		if l.Kind == Conv {
			out = append(out, n.stem(i, l))
		}
	}
	return out
}

// weights assembles a network from the tensors.
func (a archive) weights(opts ImportOptions) (*Weights, error) {
	if len(a.order) == 0 {
		if err := a.foldSequence(); err != nil {
			return nil, err
		}
	}
	if len(a.order) > 0 {
		if err := a.nameByOrder(opts.Network); err != nil {
			return nil, err
		}
	}
	names, stems, err := a.naming()
	if err != nil {
		return nil, err
	}
	n, err := detectNetwork(opts.Network, names, stems)
	if err != nil {
		return nil, err
	}
	last := lastUsed
	if opts.Full {
		last = ""
	}
	ws := &Weights{Network: n, Convention: names.convention, Licence: "unknown"}
	if ws.Filters, err = readFilters(n, a.tensors, names.stem, last); err != nil {
		return nil, err
	}
	if err := ws.plausible(); err != nil {
		return nil, err
	}
	if _, ok := ws.Filters[lastUsed]; !ok && !opts.Partial {
		return nil, ws.partial()
	}
	if knowOxford(ws) {
		ws.Convention = Caffe()
		ws.Source, ws.Licence = "Simonyan and Zisserman, Oxford", "CC BY 4.0"
	} else if f := ws.Filters["conv1_1"]; a.rgb {
		f.swapChannels()
	}
	if opts.Convention != "" {
		if ws.Convention, err = ConventionByName(opts.Convention); err != nil {
			return nil, trimPrefix(err)
		}
	}
	return ws, nil
}

// nameByOrder gives convolutions without useful names those of the network that has the same
// numbers of channels.
func (a *archive) nameByOrder(network string) error {
	nets := known()
	if network != "" {
		n, err := ByName(network)
		if err != nil {
			return trimPrefix(err)
		}
		nets = []*Network{n}
	}
	var why error
	for _, n := range nets {
		convs := n.Convs()
		if err := a.fits(n); err != nil {
			why = err
			continue
		}
		tensors := map[string]tensor{}
		for i, stem := range a.order {
			for _, part := range []string{".weight", ".bias"} {
				if t, ok := a.tensors[stem+part]; ok {
					tensors[convs[i].Name+part] = t
				}
			}
		}
		a.tensors = tensors
		return nil
	}
	return why
}

// fits returns an error if the convolutions, in their order, are not those of n.
func (a *archive) fits(n *Network) error {
	convs := n.Convs()
	if len(a.order) > len(convs) {
		return fmt.Errorf("not a VGG network: it has %d convolutions of 3x3, %s has %d", len(a.order), n.Name, len(convs))
	}
	for i, stem := range a.order {
		l := convs[i]
		if got, want := a.tensors[stem+".weight"].shape, []int{l.K, l.C, 3, 3}; !slices.Equal(got, want) {
			return fmt.Errorf("%s: weight of %s is %s, want %s", l.Name, stem, safetensors.Dims(got), safetensors.Dims(want))
		}
	}
	return nil
}

// naming returns the scheme of names of a file, and the names of its convolutions.
func (a archive) naming() (naming, []string, error) {
	all := slices.Sorted(maps.Keys(a.tensors))
	for _, n := range namings() {
		var stems []string
		for _, name := range all {
			if s, ok := strings.CutSuffix(name, ".weight"); ok && n.pattern.MatchString(s) {
				stems = append(stems, s)
			}
		}
		if len(stems) > 0 {
			if a.convention.Name != "" {
				n.convention = a.convention
			}
			return n, stems, nil
		}
	}
	if len(all) > 4 {
		all = append(all[:4], "...")
	}
	return naming{}, nil, fmt.Errorf("not a VGG network: none of the %d tensors is a convolution (%s)", len(a.tensors), strings.Join(all, ", "))
}

// detectNetwork returns the network with a name. If name is empty it returns the network
// whose first convolutions have the names in stems.
func detectNetwork(name string, names naming, stems []string) (*Network, error) {
	if name != "" {
		n, err := ByName(name)
		if err != nil {
			return nil, trimPrefix(err)
		}
		own := names.stems(n)
		for _, s := range stems {
			if !slices.Contains(own, s) {
				return nil, fmt.Errorf("%s is not a convolution of %s", s, n.Name)
			}
		}
		return n, nil
	}
	var fit []*Network
	for _, n := range known() {
		own := names.stems(n)
		own = own[:min(len(own), len(stems))]
		if slices.Sort(own); slices.Equal(own, stems) {
			fit = append(fit, n)
		}
	}
	switch len(fit) {
	case 0:
		return nil, fmt.Errorf("no known network has these %d convolutions, by %s names (%s)",
			len(stems), names.name, strings.Join(stems, ", "))
	case 1:
		return fit[0], nil
	}
	return nil, fmt.Errorf("the %d convolutions could be the start of %s or of %s: name the network",
		len(stems), fit[0].Name, fit[1].Name)
}

// readFilters reads the convolutions of n, down to last if the file has so many. If last is
// empty it reads all.
func readFilters(n *Network, tensors map[string]tensor, stem func(int, Layer) string, last string) (map[string]Filter, error) {
	filters, missing := map[string]Filter{}, ""
	for i, l := range n.Layers {
		if l.Kind != Conv {
			continue
		}
		s := stem(i, l)
		w, hasW := tensors[s+".weight"]
		b, hasB := tensors[s+".bias"]
		switch {
		case !hasW && !hasB:
			if missing == "" {
				missing = l.Name
			}
			continue
		case missing != "":
			return nil, fmt.Errorf("%s weights lack %s though they have %s", n.Name, missing, l.Name)
		case !hasW || !hasB:
			return nil, fmt.Errorf("%s: weight and bias must both be there; tensors %q and %q", l.Name, s+".weight", s+".bias")
		}
		f, err := readFilter(l, w, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		filters[l.Name] = f
		if l.Name == last {
			break
		}
	}
	if len(filters) == 0 {
		return nil, fmt.Errorf("%s weights hold no convolution", n.Name)
	}
	return filters, nil
}

func readFilter(l Layer, w, b tensor) (Filter, error) {
	if want := []int{l.K, l.C, 3, 3}; !slices.Equal(w.shape, want) {
		return Filter{}, fmt.Errorf("weight is %s, want %s", safetensors.Dims(w.shape), safetensors.Dims(want))
	}
	if want := []int{l.K}; !slices.Equal(b.shape, want) {
		return Filter{}, fmt.Errorf("bias is %s, want %s", safetensors.Dims(b.shape), safetensors.Dims(want))
	}
	f := Filter{K: l.K, C: l.C}
	var err error
	if f.W, err = w.values(); err != nil {
		return Filter{}, fmt.Errorf("weight: %w", err)
	}
	if f.B, err = b.values(); err != nil {
		return Filter{}, fmt.Errorf("bias: %w", err)
	}
	return f, nil
}
