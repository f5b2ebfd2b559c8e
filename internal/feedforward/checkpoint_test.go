package feedforward_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nst/internal/feedforward"
)

func checkpoint(t testing.TB) *feedforward.Checkpoint {
	m := model(t, small(), "a", "b")
	moment := make([]float32, len(m.Params))
	for i := range moment {
		moment[i] = float32(math.Sin(float64(i))) * 1e-20
	}
	moment[0], moment[1], moment[2] = float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, math.MaxFloat32
	return &feedforward.Checkpoint{
		Model: m, Steps: 1234, Vectors: [][]float32{moment, make([]float32, len(m.Params))},
		Meta: map[string]string{"random": "0x1p-3", "step \"x\"\n": "é", "": ""},
	}
}

func writeCheckpoint(t testing.TB, c *feedforward.Checkpoint) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readCheckpoint(b []byte) (*feedforward.Checkpoint, error) {
	return feedforward.ReadCheckpoint(bytes.NewReader(b), int64(len(b)))
}

func TestCheckpoint(t *testing.T) {
	c := checkpoint(t)
	first := writeCheckpoint(t, c)
	got, err := readCheckpoint(first)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, c) {
		t.Error("got another checkpoint back")
	}
	if !math.Signbit(float64(got.Vectors[0][0])) {
		t.Error("a sign was lost")
	}
	for range 20 {
		if !bytes.Equal(first, writeCheckpoint(t, got)) {
			t.Fatal("the same checkpoint gives other bytes")
		}
	}
	bare := &feedforward.Checkpoint{Model: c.Model}
	if got, err := readCheckpoint(writeCheckpoint(t, bare)); err != nil || !reflect.DeepEqual(got, bare) {
		t.Errorf("a checkpoint before the first step changed, %v", err)
	}
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	if got, err := feedforward.LoadCheckpoint(path); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("got another checkpoint back, %v", err)
	}
	if _, err := feedforward.Load(path); !errors.Is(err, feedforward.ErrForeign) || !strings.Contains(err.Error(), "it seems to be a checkpoint") {
		t.Errorf("a checkpoint is read as a model: %v", err)
	}
}

func TestCheckpointWriteRefuses(t *testing.T) {
	for _, x := range []struct {
		change func(c *feedforward.Checkpoint)
		want   string
	}{
		{func(c *feedforward.Checkpoint) { c.Model = nil }, "checkpoint has no model"},
		{func(c *feedforward.Checkpoint) { c.Model.Styles[0].Name = "/" }, "style 0: name"},
		{func(c *feedforward.Checkpoint) { c.Steps = -1 }, "optimiser took -1 steps, want at least 0"},
		{func(c *feedforward.Checkpoint) { c.Vectors = make([][]float32, 17) }, "17 vectors of an optimiser, want 0 to 16"},
		{func(c *feedforward.Checkpoint) { c.Vectors[1] = c.Vectors[1][1:] }, "vector 1 of the optimiser has"},
		{func(c *feedforward.Checkpoint) { c.Vectors[1][3] = float32(math.Inf(1)) }, "tensor optimizer.1: value 3 is +Inf"},
		{func(c *feedforward.Checkpoint) { c.Meta["x"] = "\xff" }, "is not UTF-8"},
	} {
		c := checkpoint(t)
		x.change(c)
		if err := c.Write(&bytes.Buffer{}); err == nil || !strings.HasPrefix(err.Error(), "feedforward: ") || !strings.Contains(err.Error(), x.want) {
			t.Errorf("got %v, want %q", err, x.want)
		}
		path := filepath.Join(t.TempDir(), "c")
		if err := c.Save(path); err == nil || !strings.HasPrefix(err.Error(), "feedforward: writing checkpoint ") {
			t.Errorf("got %v", err)
		}
	}
}

func TestReadCheckpointRefuses(t *testing.T) {
	good := writeCheckpoint(t, checkpoint(t))
	meta := func(key string, value any) func(map[string]any) {
		return func(h map[string]any) { h["__metadata__"].(map[string]any)[key] = value }
	}
	for _, c := range []struct {
		edit func(h map[string]any)
		want string
	}{
		{meta("format", "nst-feedforward"), "it seems to be a model, not a checkpoint: the training is over"},
		{meta("version", "99"), "made by a newer nst: the file has version 99"},
		{meta("steps", "many"), `metadata: steps: "many" is not a number`},
		{meta("steps", "-5"), "metadata: optimiser took -5 steps"},
		{meta("vectors", ""), `metadata: vectors: "" is not a number`},
		{meta("vectors", "-1"), "metadata: -1 vectors of an optimiser, want 0 to 16"},
		{meta("vectors", "1000000000"), "metadata: 1000000000 vectors"},
		{meta("vectors", "3"), "tensor optimizer.2 is missing"},
		{meta("vectors", "1"), `tensor "optimizer.1" does not belong`},
		{meta("meta", "[]"), "metadata: meta: json"},
		{meta("styles", "[]"), "metadata: 0 styles"},
		{func(h map[string]any) { h["optimizer.1"].(map[string]any)["shape"] = []int{1, 700} }, "bytes"},
		{func(h map[string]any) { h["optimizer.1"].(map[string]any)["dtype"] = "I32" }, "tensor optimizer.1 has numbers of type I32"},
		{func(h map[string]any) { delete(h, "optimizer.1") }, "belong to no tensor"},
	} {
		if _, err := readCheckpoint(edit(t, good, c.edit)); err == nil || !strings.HasPrefix(err.Error(), "feedforward: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	for n := 0; n < len(good); n += 5 {
		if _, err := readCheckpoint(good[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a file", n, len(good))
		}
	}
	nan := bytes.Clone(good)
	binary.LittleEndian.PutUint32(nan[len(nan)-4:], 0x7fc00000)
	if _, err := readCheckpoint(nan); err == nil || !strings.Contains(err.Error(), "feedforward: optimizer.1: value") {
		t.Errorf("NaN: got %v", err)
	}
}

// FuzzReadCheckpoint checks that a checkpoint that can be read survives being written and
// read again.
func FuzzReadCheckpoint(f *testing.F) {
	b := writeCheckpoint(f, checkpoint(f))
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Add(write(f, model(f, small(), "a"), false))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readCheckpoint(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "feedforward: ") {
				t.Errorf("error without the package's name: %v", err)
			}
			return
		}
		again, err := readCheckpoint(writeCheckpoint(t, c))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, c) {
			t.Error("a checkpoint changed when it was written")
		}
	})
}
