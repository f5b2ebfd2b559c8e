package feedforward_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"nst/internal/feedforward"
)

func small() feedforward.Architecture {
	return feedforward.Architecture{Widths: [3]int{2, 3, 4}, Blocks: 1}
}

// model returns a model with all fields set, whose scales and shifts differ by style.
func model(t testing.TB, a feedforward.Architecture, names ...string) *feedforward.Model {
	t.Helper()
	var styles []feedforward.Style
	for _, n := range names {
		styles = append(styles, feedforward.Style{
			Name: n, Title: "Title of <" + n + ">", Painter: "Zoë \"Z\" O'Hara", Year: "c. 1830", SHA256: strings.Repeat("0a", 32),
		})
	}
	m, err := feedforward.New(a, styles, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range styles {
		for j, x := range m.StyleParams(i) {
			m.StyleParams(i)[j] = x + float32(math.Sin(float64(10*i+j)))
		}
	}
	m.Training = feedforward.Training{
		Network: "slim", ContentWeight: 1, StyleWeight: 1. / 3, TVWeight: 5e-324, Size: 256, Batch: 2, Steps: 720,
		Seconds: 1200.5, Photographs: 105, Seed: math.MaxUint64, Program: "v0.1.0",
	}
	m.Losses = feedforward.Losses{
		Training:   feedforward.Terms{Content: 0.1, Style: 0.2, TV: 0.3},
		Validation: feedforward.Terms{Content: 0.4, Style: 0.5, TV: 1e300},
	}
	m.Licence = "CC BY 4.0"
	return m
}

func TestNew(t *testing.T) {
	styles := []feedforward.Style{{Name: "a"}, {Name: "b"}}
	m, err := feedforward.New(small(), styles, 5)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Params, small().Init(2, 5)) {
		t.Error("parameters are not those of Init")
	}
	if m.Styles[0].Name = "c"; styles[0].Name != "a" {
		t.Error("the styles share memory with the caller's")
	}
	if len(m.SharedParams()) != m.Shared() || len(m.StyleParams(1)) != m.PerStyle() {
		t.Error("views have the wrong length")
	}
	m.StyleParams(1)[0] = 9
	if m.Params[m.Shared()+m.PerStyle()] != 9 {
		t.Error("views do not share memory")
	}
	for want, bad := range map[string]func() (*feedforward.Model, error){
		"feedforward: architecture: width 0": func() (*feedforward.Model, error) {
			return feedforward.New(feedforward.Architecture{}, styles, 0)
		},
		"feedforward: 0 styles": func() (*feedforward.Model, error) { return feedforward.New(small(), nil, 0) },
	} {
		if _, err := bad(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		change func(m *feedforward.Model)
		want   string
	}{
		{func(m *feedforward.Model) { m.Widths[1] = 300 }, "architecture: width 300, want 1 to 256"},
		{func(m *feedforward.Model) { m.Blocks = 2 }, "model has"},
		{func(m *feedforward.Model) { m.Styles = nil }, "0 styles, want 1 to 4096"},
		{func(m *feedforward.Model) { m.Styles = make([]feedforward.Style, 4097) }, "4097 styles, want 1 to 4096"},
		{func(m *feedforward.Model) { m.Styles = m.Styles[:1] }, "parameters, want"},
		{func(m *feedforward.Model) { m.Styles[1].Name = "A" }, `two styles have the name "A"`},
		{func(m *feedforward.Model) { m.Styles[1].Name = "../x" }, `style 1: name "../x" does not start`},
		{func(m *feedforward.Model) { m.Styles[1].Title = "\x1b[2J" }, `style b: text "\x1b[2J" has a character that does not print`},
		{func(m *feedforward.Model) { m.Styles[1].Painter = "x\u202ey" }, "does not print"},
		{func(m *feedforward.Model) { m.Styles[1].Year = "18\n90" }, "does not print"},
		{func(m *feedforward.Model) { m.Styles[1].SHA256 = "abc" }, `style b: SHA-256 is "abc", want 64 hexadecimal digits`},
		{func(m *feedforward.Model) { m.Styles[1].SHA256 = strings.Repeat("0g", 32) }, "want 64 hexadecimal digits"},
		{func(m *feedforward.Model) { m.Licence = "\xff" }, `licence: text "\xff" is not UTF-8`},
		{func(m *feedforward.Model) { m.Licence = strings.Repeat("x", 1001) }, "licence: text of 1001 characters, want at most 1000"},
		{func(m *feedforward.Model) { m.Training.Network = "\r" }, "training: text"},
		{func(m *feedforward.Model) { m.Training.Program = "\a" }, "training: text"},
		{func(m *feedforward.Model) { m.Training.Steps = -1 }, "training: steps is -1, want a finite number of at least 0"},
		{func(m *feedforward.Model) { m.Training.Seconds = math.NaN() }, "training: seconds is NaN"},
		{func(m *feedforward.Model) { m.Losses.Training.TV = math.Inf(1) }, "losses: tv is +Inf"},
		{func(m *feedforward.Model) { m.Losses.Validation.Style = -1 }, "losses: style is -1"},
		{func(m *feedforward.Model) { m.Params[7] = float32(math.NaN()) }, "conv1.weight: value 7 is NaN, want finite numbers"},
		{func(m *feedforward.Model) { m.StyleParams(1)[1] = float32(math.Inf(-1)) }, "style.1.conv1.norm: value 1 is -Inf"},
	} {
		m := model(t, small(), "a", "b")
		c.change(m)
		if err := m.Check(); err == nil || !strings.HasPrefix(err.Error(), "feedforward: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if err := model(t, small(), "a", "b").Check(); err != nil {
		t.Error(err)
	}
}

func TestBlend(t *testing.T) {
	m := model(t, small(), "a", "b", "c")
	for _, c := range [][3]float64{{1, 0, 0}, {0, 0.3, 0}, {1, 1, 2}, {1e308, 1e308, 1e308}, {5e-324, 0, 5e-324}, {0.2, 0.3, 0.5}} {
		got, err := m.Blend(c[:])
		if err != nil {
			t.Fatal(err)
		}
		big := max(c[0], c[1], c[2])
		x, y, z := c[0]/big, c[1]/big, c[2]/big
		for j := range got {
			a, b, d := float64(m.StyleParams(0)[j]), float64(m.StyleParams(1)[j]), float64(m.StyleParams(2)[j])
			if want := (x*a + y*b + z*d) / (x + y + z); math.Abs(float64(got[j])-want) > 1e-6 {
				t.Fatalf("%v: value %d is %v, want %v", c, j, got[j], want)
			}
		}
	}
	if got, _ := m.Blend([]float64{0, 0.3, 0}); !slices.Equal(got, m.StyleParams(1)) {
		t.Error("one style alone is not exact")
	}
	for _, c := range []struct {
		weights []float64
		want    string
	}{
		{[]float64{1, 1}, "2 weights for 3 styles"},
		{[]float64{0, 0, 0}, "all weights are 0"},
		{[]float64{1, -1, 0}, "weight of b is -1, want a finite number of at least 0"},
		{[]float64{1, math.NaN(), 0}, "weight of b is NaN"},
		{[]float64{1, 0, math.Inf(1)}, "weight of c is +Inf"},
	} {
		if _, err := m.Blend(c.weights); err == nil || !strings.Contains(err.Error(), "feedforward: blend: "+c.want) {
			t.Errorf("%v: got %v, want %q", c.weights, err, c.want)
		}
	}
}
