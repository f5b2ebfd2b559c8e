package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Hash returns 64 hexadecimal digits that two recipes share if they make the same picture: the
// SHA-256 of the command, the settings, the contents of inputs and weights, and the kind of
// device with its precision.
//
// It does not depend on names of files, on how the picture is stored, on the version of the
// program, and on the instruction set, which changes the last bits of a picture only. Short
// forms do not count, because their settings do.
func (r *Recipe) Hash() string {
	type input struct{ Role, What string }
	v := struct {
		Recipe    int
		Command   string
		Settings  map[string]string // encoding/json sorts the keys
		Inputs    []input
		Weights   []string
		Device    string
		Precision string
	}{r.Version, r.Command, r.Settings, nil, nil, r.Engine.Device, r.Engine.Precision}
	for _, in := range r.Inputs {
		what := in.SHA256
		if what == "" {
			what = "word " + in.Name
		}
		v.Inputs = append(v.Inputs, input{string(in.Role), what})
	}
	for _, w := range r.Weights {
		v.Weights = append(v.Weights, w.SHA256)
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // it has texts and numbers only
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
