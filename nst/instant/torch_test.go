package instant

import (
	"testing"

	"nst/internal/reftest"
)

// TestTorchRate holds the learning rates against those of the training that
// internal/feedforward compares with PyTorch.
func TestTorchRate(t *testing.T) {
	ref, err := reftest.Load("../../testdata/torch/feedforward.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	want := ref.Tensors["train.rates"].F64
	o := DefaultOptions()
	o.Steps, o.LearningRate = len(want), want[0]
	for step, rate := range want {
		if got := o.rate(step); reftest.Rel(got, rate) > 1e-12 {
			t.Errorf("the rate of step %d is %v, want %v", step+1, got, rate)
		}
	}
}
