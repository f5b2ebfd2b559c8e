package nst

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"nst/internal/engine/exec"
	"nst/vgg"
)

// made is what a run depends on besides the machine's threads. Where it is the same, a state
// leads to the same bytes.
type made struct {
	Options  Options           `json:"options"`  // without Threads and Device, and of a processor without Precision
	Computes string            `json:"computes"` // the kernels of the processor and how they multiply, or the card
	Network  string            `json:"network"`  // its name
	Sums     map[string]string `json:"sha256"`   // of the weights and the pictures, by what they are
}

// sumWeights is the entry of the weights in made.Sums. The others are what messages call the
// pictures.
const sumWeights = "set of weights"

// made returns what the run depends on. It sums up pictures and weights once.
func (r *run) made() made {
	t := r.transfer
	m := made{Options: t.options, Network: t.origin.weights.Network.Name}
	m.Options.Compute.Threads, m.Options.Compute.Device = 0, ""
	m.Computes = r.device.Name()
	if r.device == exec.Device(t.cpu) {
		m.Computes = strings.TrimSpace(t.cpu.Kernels() + " " + string(t.by))
		m.Options.Compute.Precision = PrecisionTF32 // as long as a processor had no other
	}
	m.Sums = r.sums()
	return m
}

// sum returns the SHA-256 of the pictures, as the run has prepared them, and of the weights.
func (r *run) sum() map[string]string {
	j := r.job
	sums := map[string]string{sumWeights: sumOfWeights(r.transfer.origin.weights)}
	mask := func(what string, m *Mask) {
		if m != nil {
			sums[what] = sumOf(func(h hash.Hash) { addNumbers(h, m.Pix, m.W, m.H) })
		}
	}
	sums["content"] = sumOf(func(h hash.Hash) {
		for _, at := range r.plan {
			addNumbers(h, r.contents[Size{at.w, at.h}].Pix, at.w, at.h)
		}
	})
	if j.Start != nil {
		sums["first picture"] = sumOf(func(h hash.Hash) { addNumbers(h, j.Start.Pix, j.Start.W, j.Start.H) })
	}
	for i, p := range j.Style.pictures {
		name := fmt.Sprintf("style %d", i+1)
		sums[name] = sumOf(func(h hash.Hash) {
			fmt.Fprintln(h, p.Weight)
			addNumbers(h, p.Picture.Pix, p.Picture.W, p.Picture.H)
		})
		mask(fmt.Sprintf("style mask %d", i+1), p.Mask)
	}
	for i, m := range j.Style.regions {
		mask(fmt.Sprintf("content mask %d", i+1), m.mask)
	}
	mask("protect mask", j.Protect)
	return sums
}

// sumOfWeights returns the SHA-256 of weights, with how they want pictures prepared.
func sumOfWeights(w *vgg.Weights) string {
	return sumOf(func(h hash.Hash) {
		fmt.Fprintln(h, w.Network.Name, w.Convention)
		for _, name := range slices.Sorted(maps.Keys(w.Filters)) {
			f := w.Filters[name]
			fmt.Fprintln(h, name)
			addNumbers(h, f.W, f.K, f.C)
			addNumbers(h, f.B, f.K)
		}
		for _, name := range slices.Sorted(maps.Keys(w.Projections)) {
			p := w.Projections[name]
			fmt.Fprintln(h, name)
			addNumbers(h, p.W, p.K, p.C)
		}
	})
}

// sumOf returns the SHA-256, in hexadecimal digits, of what add writes.
func sumOf(add func(hash.Hash)) string {
	h := sha256.New()
	add(h)
	return hex.EncodeToString(h.Sum(nil))
}

// addNumbers adds numbers with their dimensions to a hash.
func addNumbers(h hash.Hash, values []float32, dims ...int) {
	fmt.Fprintln(h, dims)
	buf := make([]byte, 0, 32<<10)
	for part := range slices.Chunk(values, cap(buf)/4) {
		buf = buf[:0]
		for _, v := range part {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		h.Write(buf)
	}
}

// ResumeError tells that a state was made in other circumstances, or of other pictures, than
// it is to go on with.
type ResumeError struct {
	What     string // that differs: a picture, weights, network, processor, or a field of Options
	Was, Now any    // in the state, and now; nil where they have no short form
}

// Error names what differs.
func (e *ResumeError) Error() string {
	if e.Was == nil {
		return fmt.Sprintf("nst: the run began with another %s", e.What)
	}
	return fmt.Sprintf("nst: the run began with %s %v, not %v", e.What, e.Was, e.Now)
}

// differs returns a [ResumeError] for the first thing in which now differs from m.
func (m *made) differs(now made) error {
	if field, was, is := differentField("", reflect.ValueOf(m.Options), reflect.ValueOf(now.Options)); field != "" {
		return &ResumeError{field, was, is}
	}
	if m.Network != now.Network {
		return &ResumeError{"network", m.Network, now.Network}
	}
	all := maps.Clone(m.Sums)
	maps.Copy(all, now.Sums)
	for _, what := range slices.Sorted(maps.Keys(all)) {
		if m.Sums[what] != now.Sums[what] {
			return &ResumeError{What: what}
		}
	}
	if m.Computes != now.Computes {
		return &ResumeError{"processor", m.Computes, now.Computes}
	}
	return nil
}

// differentField returns the path of the first field in which two structs differ, and its
// values; none is an empty path.
func differentField(path string, a, b reflect.Value) (field string, was, now any) {
	for i := range a.NumField() {
		name, x, y := a.Type().Field(i).Name, a.Field(i), b.Field(i)
		if x.Kind() == reflect.Struct {
			if field, was, now = differentField(path+name+".", x, y); field != "" {
				return field, was, now
			}
			continue
		}
		empty := x.Kind() == reflect.Slice && x.Len()+y.Len() == 0
		if !empty && !reflect.DeepEqual(x.Interface(), y.Interface()) {
			return path + name, x.Interface(), y.Interface()
		}
	}
	return "", nil, nil
}

// parseMade is the inverse of json.Marshal.
func parseMade(text string) (m made, err error) {
	err = json.Unmarshal([]byte(text), &m)
	return m, err
}
