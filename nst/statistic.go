package nst

import (
	"slices"

	"nst/internal/engine/exec"
	"nst/loss"
)

// statistic is what a term of the style compares at a layer. Its target has rows(c) by c
// numbers for c channels; that of a blend of styles is a weighted mean. A guide (h, w) says
// how much each position counts; with nil all count the same. What is matched has no rows, no
// measure and no loss here: see neighbours.go.
type statistic struct {
	name    string
	rows    func(c int) int
	factor  func(c int) float64                   // of the weight of the layer
	order   float64                               // the power of the scale of the features that the loss grows with
	reach   func(target []float32, c int) float64 // the loss of features of 0
	measure func(name string, features, guide *exec.Node) (*exec.Node, error)
	loss    func(name string, features, guide, target *exec.Node) (*exec.Node, error)
}

// The names of the statistics, as [Score] has them.
const (
	statisticGram    = "" // the default, which has no name
	statisticMoments = "moments"
	statisticW2      = "w2"

	statisticNeighbours = "neighbours"
)

// gram has the weight of the layer divided by c², as in Gatys' own program.
func gram() statistic {
	return statistic{
		name:    statisticGram,
		rows:    func(c int) int { return c },
		factor:  func(c int) float64 { return 1 / float64(c*c) },
		order:   4,
		reach:   func(target []float32, _ int) float64 { return power(target) },
		measure: loss.GuidedGram,
		loss:    loss.GuidedStyle,
	}
}

// meanStd has ten times the weight of the layer: the ratio to the Gram matrix of Galerne et
// al. (2023), 1e4 to 1e3/c².
func meanStd() statistic {
	return statistic{
		name:    statisticMoments,
		rows:    func(int) int { return 2 },
		factor:  func(int) float64 { return 10 },
		order:   2,
		reach:   func(target []float32, _ int) float64 { return 2 * power(target) },
		measure: loss.Moments,
		loss:    loss.StyleMeanStd,
	}
}

// wasserstein has the weight of the layer, as in crowsonkb/style-transfer-pytorch.
func wasserstein() statistic {
	return statistic{
		name:    statisticW2,
		rows:    func(c int) int { return 1 + c },
		factor:  func(int) float64 { return 1 },
		order:   2,
		reach:   traceOf,
		measure: loss.MeanGram,
		loss:    loss.W2,
	}
}

// statistics returns what StyleLoss compares.
func (o *Objective) statistics() []statistic {
	switch o.StyleLoss {
	case StyleMeanStd:
		return []statistic{gram(), meanStd()}
	case StyleW2:
		return []statistic{wasserstein()}
	case StyleNeighbours:
		return []statistic{matched()}
	case StyleGramNeighbours:
		return []statistic{matched(), gram()}
	}
	return []statistic{gram()}
}

// measured returns those of the statistics that are measured of a style as a whole.
func (o *Objective) measured() []statistic {
	return slices.DeleteFunc(o.statistics(), func(s statistic) bool { return s.measure == nil })
}

// traceOf returns the trace of the matrix in a mean and a Gram matrix (1+c, c), divided by c: the
// Wasserstein distance from features of 0.
func traceOf(target []float32, c int) (sum float64) {
	for i := range min(c, len(target)/max(c, 1)-1) {
		sum += float64(target[(1+i)*c+i]) / float64(c)
	}
	return sum
}
