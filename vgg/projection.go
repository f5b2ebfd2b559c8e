package vgg

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Projection takes the C features f of a distilled network at one position, after a ReLU,
// to the K features that its teacher has there: W f.
type Projection struct {
	K, C int
	W    []float32 // (K, C)

	// R stands for W in losses: [Weights.Features] returns R f, which has C channels
	// instead of K. R is upper triangular and
	//
	//	Rᵀ R = Wᵀ W C/K
	//
	// so W = Q R √(K/C), where Q has orthonormal columns and changes no norm. Mean squared
	// differences of features, Gram matrices, means and covariances are therefore the same
	// for R f as for W f. Single channels are not: those of R f are mixtures of the
	// teacher's.
	R []float32 // (C, C)
}

// NewProjection returns the projection with the matrix w (k, c). It is an error if w has
// another size, a value that is not finite, or only zeros.
func NewProjection(k, c int, w []float32) (Projection, error) {
	if k < 1 || c < 1 || len(w) != k*c {
		return Projection{}, fmt.Errorf("vgg: projection of %d values, want (%d, %d)", len(w), k, c)
	}
	m := Projection{K: k, C: c, W: w}
	var err error
	if m.R, err = root(gramOf(w, k, c), c); err != nil {
		return Projection{}, fmt.Errorf("vgg: projection (%d, %d): %w", k, c, err)
	}
	return m, nil
}

// gramOf returns wᵀ w c/k for w (k, c). Each sum is over the rows of w in order, four at a time,
// so that most of it stays in registers.
func gramOf(w []float32, k, c int) []float64 {
	g := make([]float64, c*c)
	rows := make([]float64, 4*c)
	for r := 0; r < k; r += 4 {
		some := w[r*c : min(r+4, k)*c]
		for i, v := range some {
			rows[i] = float64(v)
		}
		clear(rows[len(some):]) // after the last row
		addRows(g, rows, c)
	}
	for i := range c {
		for j := i; j < c; j++ {
			g[i*c+j] *= float64(c) / float64(k)
			g[j*c+i] = g[i*c+j]
		}
	}
	return g
}

// addRows adds the products of the values of four rows (4, c) to the upper triangle of g.
func addRows(g, rows []float64, c int) {
	for i := range c {
		n := c - i
		to := g[i*c+i:][:n]
		r0, r1, r2, r3 := rows[i:][:n], rows[c+i:][:n], rows[2*c+i:][:n], rows[3*c+i:][:n]
		v0, v1, v2, v3 := r0[0], r1[0], r2[0], r3[0]
		for j := range to {
			sum := to[j] + v0*r0[j]
			sum += v1 * r1[j]
			sum += v2 * r2[j]
			to[j] = sum + v3*r3[j]
		}
	}
}

// root returns the upper triangular R with RᵀR = g (c, c), by Cholesky's method. If g has
// not full rank, a small multiple of the unit matrix is added first.
func root(g []float64, c int) ([]float32, error) {
	trace := 0.0
	for i := range c {
		trace += g[i*c+i]
	}
	if !(trace > 0) || math.IsInf(trace, 0) {
		return nil, fmt.Errorf("sum of squares is %v, want a finite number above 0", trace)
	}
	for ridge := 0.0; ; ridge = max(1e-12, 10*ridge) {
		if r, ok := cholesky(g, c, ridge*trace/float64(c)); ok {
			return r, nil
		}
	}
}

// cholesky returns the upper triangular R with RᵀR = g + ridge I, if there is one.
func cholesky(g []float64, c int, ridge float64) ([]float32, bool) {
	r := make([]float64, c*c)
	for i := range c {
		row := r[i*c+i : (i+1)*c]
		copy(row, g[i*c+i:])
		row[0] += ridge
		for k := range i {
			above := r[k*c+i : (k+1)*c]
			v := above[0]
			for j := range row {
				row[j] -= v * above[j]
			}
		}
		if row[0] <= 1e-14*g[i*c+i] { // negative, or nothing but rounding
			return nil, false
		}
		row[0] = math.Sqrt(row[0])
		for j := range row[1:] {
			row[1+j] /= row[0]
		}
	}
	out := make([]float32, c*c)
	for i, v := range r {
		out[i] = float32(v)
	}
	return out, true
}

// checkProjections returns an error for the first projection, in the order of the layers,
// that does not fit its layer, or if a projection belongs to no layer.
func (w *Weights) checkProjections() error {
	found := 0
	for _, l := range w.Network.Layers {
		m, ok := w.Projections[l.Name]
		if !ok {
			continue
		}
		found++
		_, reached := w.Filters[strings.Replace(l.Name, "relu", "conv", 1)]
		switch {
		case l.Kind != ReLU:
			return fmt.Errorf("vgg: %s weights have a projection of %s, want projections of ReLU layers", w.Network.Name, l.Name)
		case !reached:
			return fmt.Errorf("vgg: %s weights have a projection of %s, but end before it", w.Network.Name, l.Name)
		case m.C != l.K || len(m.W) != m.K*m.C || len(m.R) != m.C*m.C:
			return fmt.Errorf("vgg: %s weights of %s: projection is (%d, %d) with %d values and %d of its root, want (K, %d) from NewProjection",
				w.Network.Name, l.Name, m.K, m.C, len(m.W), len(m.R), l.K)
		}
	}
	if found != len(w.Projections) {
		return fmt.Errorf("vgg: %s weights hold %d projections of layers that are not of this network", w.Network.Name, len(w.Projections)-found)
	}
	return nil
}

// TapError means that a distilled network has no projection of a layer, so that losses
// cannot use its features.
type TapError struct {
	Network, Layer string
	Instead        string // a layer nearby that has a projection; empty if there is none
}

// Error names the network and the layer.
func (e *TapError) Error() string {
	return fmt.Sprintf("vgg: %s has no projection of %s to its teacher's features", e.Network, e.Layer)
}

// CheckTap returns an error if [Weights.Features] cannot return a layer: an
// [UnknownLayerError], or a [TapError] if only other layers have projections.
func (w *Weights) CheckTap(layer string) error {
	_, _, err := w.tap(layer)
	return err
}

// tap returns the position of a layer and the projection of its features, or nil.
func (w *Weights) tap(layer string) (int, *Projection, error) {
	i, err := w.Network.Index(layer)
	if err != nil || len(w.Projections) == 0 {
		return i, nil, err
	}
	of := i
	for w.Network.Layers[of].Kind == Pool { // it pools the features of the ReLU before it
		of--
	}
	if m, ok := w.Projections[w.Network.Layers[of].Name]; ok {
		return i, &m, nil
	}
	e := &TapError{Network: w.Network.Name, Layer: layer}
	after := slices.IndexFunc(w.Network.Layers[i:], func(l Layer) bool { return l.Kind == ReLU })
	if after >= 0 {
		if name := w.Network.Layers[i+after].Name; name != layer && w.Projections[name].C > 0 {
			e.Instead = name
		}
	}
	return i, nil, e
}

// Channels returns how many channels a layer has, or the same layer of the teacher if the
// network has a projection. It panics if the network lacks the layer.
func (w *Weights) Channels(layer string) int {
	i, m, err := w.tap(layer)
	switch {
	case m != nil:
		return m.K
	case err != nil && len(w.Projections) == 0:
		panic(err)
	}
	return w.Network.Layers[i].K
}
