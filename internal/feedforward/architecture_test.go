package feedforward_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"nst/internal/feedforward"
)

func TestDefaultArchitecture(t *testing.T) {
	a := feedforward.DefaultArchitecture()
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	// 9 times the channels in and out of each convolution, and the bias.
	shared := 9*(3*16+16*32+32*64+8*64*64+64*32+32*16+16*3) + 3
	norms := 2 * (16 + 32 + 64 + 8*64 + 32 + 16)
	if a.Shared() != shared || a.PerStyle() != norms || a.Count(3) != shared+3*norms {
		t.Errorf("%d shared, %d per style, %d for three styles, want %d, %d, %d",
			a.Shared(), a.PerStyle(), a.Count(3), shared, norms, shared+3*norms)
	}
	if a.Count(1) != 343203 { // as the doc comment says
		t.Errorf("%d parameters with one style", a.Count(1))
	}
	var names []string
	for _, l := range a.Layers() {
		names = append(names, l.Name)
	}
	const want = "conv1 conv2 conv3 block1.a block1.b block2.a block2.b block3.a block3.b block4.a block4.b up1 up2 out"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("layers are %s, want %s", got, want)
	}
}

// TestLayers checks that layers fit together: channels, resolution and residuals.
func TestLayers(t *testing.T) {
	for _, a := range []feedforward.Architecture{
		feedforward.DefaultArchitecture(),
		{Widths: [3]int{1, 5, 256}, Blocks: 0},
		{Widths: [3]int{7, 3, 2}, Blocks: 16},
	} {
		channels, scale := 3, 1.0
		layers := a.Layers()
		for i, l := range layers {
			if l.In != channels {
				t.Errorf("%v: %s takes %d channels, gets %d", a, l.Name, l.In, channels)
			}
			if l.Residual && (layers[i-1].In != l.Out || layers[i-1].Stride != 1 || l.Stride != 1) {
				t.Errorf("%v: %s adds an input of another shape", a, l.Name)
			}
			channels = l.Out
			scale /= float64(l.Stride)
			if l.Upsample {
				scale *= 2
			}
		}
		if channels != 3 || scale != 1 {
			t.Errorf("%v: the output has %d channels at scale %v", a, channels, scale)
		}
	}
}

func TestParameters(t *testing.T) {
	a := feedforward.Architecture{Widths: [3]int{2, 3, 4}, Blocks: 1}
	for _, c := range []struct {
		all   []feedforward.Parameter
		names string
		end   int
	}{
		{
			a.Parameters(), "conv1.weight conv2.weight conv3.weight block1.a.weight block1.b.weight up1.weight up2.weight out.weight out.bias",
			a.Shared(),
		},
		{a.Norms(), "conv1.norm conv2.norm conv3.norm block1.a.norm block1.b.norm up1.norm up2.norm", a.PerStyle()},
	} {
		var names []string
		next := 0
		for _, p := range c.all {
			if p.Offset != next {
				t.Errorf("%s begins at %d, want %d", p.Name, p.Offset, next)
			}
			names, next = append(names, p.Name), next+p.Len()
		}
		if got := strings.Join(names, " "); got != c.names || next != c.end {
			t.Errorf("got %s up to %d, want %s up to %d", got, next, c.names, c.end)
		}
	}
	up2 := a.Parameters()[6]
	if !slices.Equal(up2.Shape, []int{2, 3, 3, 3}) {
		t.Errorf("%s is %v", up2.Name, up2.Shape)
	}
	v := make([]float32, a.Shared())
	part := up2.Of(v)
	part[0], part[len(part)-1] = 1, 2
	if len(part) != 54 || cap(part) != 54 || v[up2.Offset] != 1 || v[up2.Offset+53] != 2 {
		t.Error("Of returns other values")
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		a    feedforward.Architecture
		want string
	}{
		{feedforward.Architecture{}, "width 0, want 1 to 256"},
		{feedforward.Architecture{Widths: [3]int{16, 32, 257}}, "width 257"},
		{feedforward.Architecture{Widths: [3]int{16, 32, 64}, Blocks: 17}, "17 residual blocks, want 0 to 16"},
		{feedforward.Architecture{Widths: [3]int{16, 32, 64}, Blocks: -1}, "-1 residual blocks"},
	} {
		if err := c.a.Validate(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "feedforward: ") {
			t.Errorf("%v: got %v, want %q", c.a, err, c.want)
		}
	}
}

func TestInit(t *testing.T) {
	a := feedforward.DefaultArchitecture()
	v := a.Init(2, 7)
	if len(v) != a.Count(2) {
		t.Fatalf("%d values, want %d", len(v), a.Count(2))
	}
	if !slices.Equal(v, a.Init(2, 7)) || !slices.Equal(v[:a.Shared()], a.Init(1, 7)[:a.Shared()]) || slices.Equal(v, a.Init(2, 8)) {
		t.Error("values depend on something else than architecture and seed")
	}
	bound := 0.0
	for _, p := range a.Parameters() {
		if len(p.Shape) == 4 {
			bound = 1 / math.Sqrt(float64(9*p.Shape[1]))
		}
		sum, squares, most := 0.0, 0.0, 0.0
		for _, x := range p.Of(v) {
			sum, squares, most = sum+float64(x), squares+float64(x)*float64(x), max(most, math.Abs(float64(x)))
		}
		n := float64(p.Len())
		if most > bound || p.Len() > 400 && (most < 0.98*bound || math.Abs(sum/n) > 0.1*bound || math.Abs(3*squares/n/bound/bound-1) > 0.1) {
			t.Errorf("%s is not uniform within %v: mean %v, mean square %v, most %v", p.Name, bound, sum/n, squares/n, most)
		}
	}
	for i := range 2 {
		style := v[a.Shared()+i*a.PerStyle():][:a.PerStyle()]
		for _, p := range a.Norms() {
			for j, x := range p.Of(style) {
				if want := float32(1 - j/p.Shape[1]); x != want {
					t.Fatalf("style %d, %s: value %d is %v, want %v", i, p.Name, j, x, want)
				}
			}
		}
	}
}

// TestInitStays compares with numbers that were computed apart from this package, from the
// definition of PCG-DXSM. Models are taught again from a seed, so it must go on to mean the
// same numbers.
func TestInitStays(t *testing.T) {
	got := feedforward.DefaultArchitecture().Init(1, 7)[:4]
	if want := []float32{-0.08870842, -0.077088594, -0.1479036, -0.12794556}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
