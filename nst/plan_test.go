package nst_test

import (
	"testing"

	"nst/nst"
)

// TestPlan looks that the plan adds up and grows as it must. That it is what a
// process takes is measured, see docs/performance.md.
func TestPlan(t *testing.T) {
	o := small()
	o.Optimizer.Method = nst.LBFGS
	tr := transfer(t, o)
	p, err := tr.Plan(64, 48)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, part := range p.Parts {
		if part.Bytes <= 0 {
			t.Errorf("%s takes %d bytes", part.Name, part.Bytes)
		}
		sum += part.Bytes
	}
	if sum != p.Total || p.Width != 64 || p.Height != 48 {
		t.Errorf("%+v does not add up to %d", p, p.Total)
	}
	larger, err := tr.Plan(128, 96)
	if err != nil || larger.Total <= p.Total {
		t.Errorf("four times the pixels take %d bytes, %v; one time %d", larger.Total, err, p.Total)
	}
	o.Optimizer.History = 1
	short, err := transfer(t, o).Plan(64, 48)
	if err != nil || short.Total >= p.Total {
		t.Errorf("a shorter history takes %d bytes, %v; the usual %d", short.Total, err, p.Total)
	}
	if _, err := tr.Plan(8, 8); err == nil {
		t.Error("a picture that is pooled away: no error")
	}
	var _ nst.Plan = p
}
