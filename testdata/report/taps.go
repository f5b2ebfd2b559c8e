package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/loss"
	"nst/vgg"
)

// tapSize is the longest side of the pictures that features are compared for.
const tapSize = 256

// reportTaps prints the mean errors of features and Gram matrices at each layer that slim has
// a projection of.
func reportTaps(ctx context.Context, teacher, slim *vgg.Weights, folders []string) error {
	var taps []string
	for _, l := range slim.Network.Layers {
		if slim.Projections[l.Name].C > 0 {
			taps = append(taps, l.Name)
		}
	}
	device, err := exec.OpenCPU(runtime.GOMAXPROCS(0), os.Getenv)
	if err != nil {
		return err
	}
	defer device.Close()
	plain := *slim // its own features, to be projected by W, not R
	plain.Projections = nil
	features, grams := make([]float64, len(taps)), make([]float64, len(taps))
	pictures, err := open(folders)
	if err != nil {
		return err
	}
	for _, p := range pictures {
		want, err := look(ctx, device, teacher, &plain, p, taps)
		if err != nil {
			return err
		}
		got, err := look(ctx, device, &plain, &plain, p, taps)
		if err != nil {
			return err
		}
		for i, l := range taps {
			features[i] += featureError(slim.Projections[l], got[i].features, want[i].features) / float64(len(pictures))
			grams[i] += gramError(slim.Projections[l], got[i].gram, want[i].gram) / float64(len(pictures))
		}
	}
	fmt.Printf("%d pictures of %d pixels, relative errors against VGG-19:\n\n| layer | features | Gram matrix |\n| --- | --- | --- |\n", len(pictures), tapSize)
	for i, l := range taps {
		fmt.Printf("| %s | %.1f %% | %.1f %% |\n", l, 100*features[i], 100*grams[i])
	}
	fmt.Println()
	return nil
}

// open reads the pictures of folders, scaled.
func open(folders []string) ([]*imgio.Planar, error) {
	var all []*imgio.Planar
	for _, dir := range folders {
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if !slices.Contains(imgio.Extensions(), strings.ToLower(filepath.Ext(f.Name()))) {
				continue
			}
			p, _, err := imgio.Open(filepath.Join(dir, f.Name()))
			if err != nil {
				return nil, err
			}
			all = append(all, p.Resize(imgio.FitLongest(p.W, p.H, tapSize)))
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no pictures")
	}
	return all, nil
}

// tap is the output of a network for a picture at a layer.
type tap struct{ features, gram []float32 }

// look returns the output of network w for a picture at each layer. Gram matrices are of
// features pooled as network as pools them.
func look(ctx context.Context, d exec.Device, w, as *vgg.Weights, p *imgio.Planar, layers []string) ([]tap, error) {
	var pixels *exec.Node
	var nodes []*exec.Node
	err := exec.Build(func() error {
		pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, p.H, p.W)
		f, err := w.Features(pixels, layers, vgg.FeatureOptions{})
		if err != nil {
			return err
		}
		for _, l := range layers {
			seen, err := as.StylePooled(l, f[l])
			if err != nil {
				return err
			}
			g, err := loss.Gram("gram/"+l, seen)
			if err != nil {
				return err
			}
			nodes = append(nodes, f[l], g)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m, err := exec.New(d, nodes...)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if err := m.Set(pixels, p.Pix); err != nil {
		return nil, err
	}
	if err := m.Run(ctx); err != nil {
		return nil, err
	}
	out := make([][]float32, len(nodes))
	for i, n := range nodes {
		out[i] = make([]float32, n.Shape().TotalSize())
		if err := m.Get(out[i], n); err != nil {
			return nil, err
		}
	}
	taps := make([]tap, len(layers))
	for i := range taps {
		taps[i] = tap{out[2*i], out[2*i+1]}
	}
	return taps, nil
}

// each calls f for 0 to n-1, on all processors.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

// featureError returns |W f - t| / |t| for features f (c, n) and t (k, n).
func featureError(m vgg.Projection, f, t []float32) float64 {
	n := len(f) / m.C
	off, size := make([]float64, m.K), make([]float64, m.K)
	each(m.K, func(k int) {
		row := make([]float32, n)
		for c, w := range m.W[k*m.C:][:m.C] {
			for i, v := range f[c*n:][:n] {
				row[i] += w * v
			}
		}
		for i, v := range t[k*n:][:n] {
			d := float64(row[i] - v)
			off[k] += d * d
			size[k] += float64(v) * float64(v)
		}
	})
	return ratio(off, size)
}

// gramError returns |W g Wᵀ - t| / |t| for Gram matrices g (c, c) and t (k, k).
func gramError(m vgg.Projection, g, t []float32) float64 {
	off, size := make([]float64, m.K), make([]float64, m.K)
	each(m.K, func(k int) {
		row := make([]float64, m.C) // of W g
		for i, w := range m.W[k*m.C:][:m.C] {
			for j, v := range g[i*m.C:][:m.C] {
				row[j] += float64(w) * float64(v)
			}
		}
		for l, want := range t[k*m.K:][:m.K] {
			sum := 0.0
			for j, w := range m.W[l*m.C:][:m.C] {
				sum += row[j] * float64(w)
			}
			d := sum - float64(want)
			off[k] += d * d
			size[k] += float64(want) * float64(want)
		}
	})
	return ratio(off, size)
}

// ratio returns the root of the ratio of two sums.
func ratio(a, b []float64) float64 {
	var sa, sb float64
	for i := range a {
		sa, sb = sa+a[i], sb+b[i]
	}
	return math.Sqrt(sa / sb)
}
