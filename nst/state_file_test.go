package nst

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"nst/vgg/safetensors"
)

// stateFile returns a file of a small state.
func stateFile(t testing.TB) []byte {
	t.Helper()
	at := position{
		Plan: [][3]int{{4, 3, 5}, {6, 4, 5}}, Index: 1, Iteration: 2, Turn: 1, BestLoss: exact(math.Inf(1)),
		Recent: []exact{1, 2}, Shares: true, Photograph: 3, Left: []exact{0.1}, Method: "lbfgs", Steps: 2,
		Numbers: []exact{1, exact(math.NaN()), 0.1}, Vectors: 2,
		Result: savedResult{Iterations: 7, Scales: 2, Stop: StopIterations},
	}
	s := &State{
		Meta: map[string]string{"folder": "/ä"}, position: at,
		made: made{Options: DefaultOptions(), Computes: "generic", Network: "tiny", Sums: map[string]string{"content": "ab"}},
	}
	for i := range at.names() {
		v := make([]float32, 3*6*4)
		for j := range v {
			v[j] = float32(i) + float32(j)/7
		}
		s.vectors = append(s.vectors, v)
	}
	var b bytes.Buffer
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readState(data []byte) (*State, error) {
	return ReadState(bytes.NewReader(data), int64(len(data)))
}

// same compares states with their numbers that are not a number.
func (s *State) same(other *State) bool {
	return fmt.Sprint(s.made, s.position, s.Meta, s.vectors) == fmt.Sprint(other.made, other.position, other.Meta, other.vectors)
}

// TestDamagedState flips each bit of a file, and cuts it at each byte: that is an error, or
// changes nothing.
func TestDamagedState(t *testing.T) {
	file := stateFile(t)
	want, err := readState(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(file) {
		data := bytes.Clone(file)
		data[i/8] ^= 1 << (i % 8)
		if got, err := readState(data); err == nil && !got.same(want) {
			t.Fatalf("bit %d of byte %d makes another state", i%8, i/8)
		} else if err != nil && !errors.Is(err, ErrState) {
			t.Fatalf("byte %d: %v", i/8, err)
		}
	}
	for n := range file {
		if _, err := readState(file[:n]); !errors.Is(err, ErrState) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

// TestHostileState reads files that claim what no run has. All are refused at once.
func TestHostileState(t *testing.T) {
	changed := func(change func(*State, map[string]string)) []byte {
		s, err := readState(stateFile(t))
		if err != nil {
			t.Fatal(err)
		}
		names, meta := append(s.position.names(), "more"), map[string]string{}
		change(s, meta)
		all, err := s.metadata()
		if err != nil {
			t.Fatal(err)
		}
		var entries []safetensors.Entry
		for i, v := range s.vectors {
			entries = append(entries, safetensors.Entry{Name: names[i], Shape: []int{3, 4, 6}, Values: v})
		}
		sum, err := safetensors.Checksum(entries)
		if err != nil {
			t.Fatal(err)
		}
		all[safetensors.ChecksumKey] = sum
		for key, value := range meta {
			all[key] = value
		}
		var b bytes.Buffer
		if err := safetensors.Write(&b, entries, all); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	at := func(change func(*position)) []byte {
		return changed(func(s *State, _ map[string]string) { change(&s.position) })
	}
	if _, err := readState(at(func(*position) {})); err != nil {
		t.Fatal(err)
	}
	huge := binary.LittleEndian.AppendUint64(nil, math.MaxUint64)
	claims := `{"variables":{"dtype":"F32","shape":[3,16384,16384],"data_offsets":[0,3221225472]}}`
	for name, tt := range map[string]struct {
		file []byte
		text string
	}{
		"nothing":          {nil, "shorter than 8 bytes"},
		"a huge header":    {append(huge, make([]byte, 100)...), "does not fit"},
		"a huge vector":    {append(binary.LittleEndian.AppendUint64(nil, uint64(len(claims))), claims...), "cut short"},
		"a PNG":            {[]byte("\x89PNG\r\n\x1a\n0000000000000"), "does not fit"},
		"another kind":     {changed(func(_ *State, m map[string]string) { m[stateKeyFormat] = "nst-training" }), "another kind"},
		"a later version":  {changed(func(_ *State, m map[string]string) { m[stateKeyVersion] = "2" }), "another nst made it"},
		"no checksum":      {changed(func(_ *State, m map[string]string) { m[safetensors.ChecksumKey] = "" }), "no checksum"},
		"a wrong checksum": {changed(func(_ *State, m map[string]string) { m[safetensors.ChecksumKey] = "00" }), "checksum of the numbers"},
		"wrong metadata":   {changed(func(_ *State, m map[string]string) { m[stateKeyMade] = "{}" }), "checksum of the metadata"},
		"too many vectors": {at(func(p *position) { p.Vectors = 1e9 }), "number of vectors"},
		"one vector more":  {changed(func(s *State, _ map[string]string) { s.vectors = append(s.vectors, s.vectors[0]) }), "want 4"},
		"a vector missing": {changed(func(s *State, _ map[string]string) { s.vectors = s.vectors[:3] }), "no vector optimizer.1"},
		"another size":     {at(func(p *position) { p.Plan[1][0] = 7 }), "no vector variables"},
		"a huge size":      {at(func(p *position) { p.Plan[0][1] = 1 << 40 }), "a size of the plan"},
		"no size":          {at(func(p *position) { p.Plan = nil }), "number of sizes"},
		"no such size":     {at(func(p *position) { p.Index = -1 }), "the size is -1"},
		"a negative turn":  {at(func(p *position) { p.Turn = -1 }), "turn is -1"},
		"a late iteration": {at(func(p *position) { p.Iteration = 6 }), "iteration is 6"},
		"halvings":         {at(func(p *position) { p.Halvings = 1e9 }), "halvings"},
		"a negative time":  {at(func(p *position) { p.AtScale = -1 }), "time"},
		"a reason":         {at(func(p *position) { p.Result.Stop = "bored" }), "reason to stop"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		_, err := readState(tt.file)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrState) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: got %v, want %q", name, err, tt.text)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; took > time.Second || taken > 100<<20 {
			t.Errorf("%s: refused after %v and %d bytes", name, took, taken)
		}
	}
}

// TestStateNotFinite looks that a state which leads nowhere is not saved.
func TestStateNotFinite(t *testing.T) {
	s, err := readState(stateFile(t))
	if err != nil {
		t.Fatal(err)
	}
	s.vectors[0][5] = float32(math.Inf(1))
	if err := s.Write(io.Discard); err == nil {
		t.Error("no error")
	}
	s.vectors[0][5], s.Meta["x"] = 0, "\xff"
	if err := s.Write(io.Discard); err == nil {
		t.Error("no error")
	}
}

// TestStateIsWhole lists the fields of a run and a pass. Every one is saved with a state, or
// follows from the job: a new field must be put into one of these lists.
func TestStateIsWhole(t *testing.T) {
	for _, tt := range []struct {
		of             any
		saved, derived []string
	}{
		{
			run{},
			[]string{"plan", "began", "result", "shortened", "balance", "turn"},
			[]string{"transfer", "device", "job", "colour", "contents", "calm", "sums", "checkpoints"},
		},
		{
			pass{},
			[]string{
				"index", "began", "share", "optimizer", "variables", "average", "averaged", "best", "bestLoss",
				"setbacks", "halvings", "iteration", "renewed", "over", "recent", "matched",
			},
			[]string{"run", "objective", "vector", "w", "h", "content", "start", "seen", "shown", "protection", "unit", "gradient", "snapshot"},
		},
		{balance{}, []string{"target", "factor"}, nil},
		{share{}, []string{"photograph", "left"}, []string{"every"}},
		{Result{}, []string{"Loss", "ContentWeight", "Iterations", "Scales", "Rollbacks", "Stop", "Elapsed"}, []string{"Picture", "Painted"}},
	} {
		var got []string
		for i := range reflect.TypeOf(tt.of).NumField() {
			got = append(got, reflect.TypeOf(tt.of).Field(i).Name)
		}
		want := slices.Concat(tt.saved, tt.derived)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%T has the fields %v; the lists have %v", tt.of, got, want)
		}
	}
}

// FuzzReadState reads any bytes, with a metadata checksum that is right so that the rest is
// reached.
func FuzzReadState(f *testing.F) {
	file := stateFile(f)
	f.Add(file, "", "")
	s, err := readState(file)
	if err != nil {
		f.Fatal(err)
	}
	at, err := json.Marshal(s.position)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file, string(at), `{"folder":"x"}`)
	f.Fuzz(func(t *testing.T, data []byte, at, meta string) {
		if at != "" {
			all := map[string]string{
				stateKeyFormat: stateFormat, stateKeyVersion: stateVersion, safetensors.ChecksumKey: "00",
				stateKeyMade: "{}", stateKeyPosition: at, stateKeyMeta: meta,
			}
			all[stateKeySum] = sumOfMetadata(all)
			var b bytes.Buffer
			if err := safetensors.Write(&b, nil, all); err != nil {
				t.Skip()
			}
			data = b.Bytes()
		}
		s, err := readState(data)
		if err != nil {
			if !errors.Is(err, ErrState) {
				t.Errorf("%v does not match ErrState", err)
			}
			return
		}
		var b bytes.Buffer
		if err := s.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := readState(b.Bytes())
		if err != nil || !again.same(s) {
			t.Errorf("written and read again: %v", err)
		}
	})
}

// BenchmarkState writes and reads a state of 512 by 384 pixels with 20 pairs of L-BFGS.
func BenchmarkState(b *testing.B) {
	s, err := readState(stateFile(b))
	if err != nil {
		b.Fatal(err)
	}
	s.position.Plan[1], s.position.Vectors, s.vectors = [3]int{512, 384, 5}, 42, nil
	for range s.position.names() {
		s.vectors = append(s.vectors, make([]float32, 3*512*384))
	}
	var file bytes.Buffer
	file.Grow(int(s.Size()) + 1<<20)
	b.Run("write", func(b *testing.B) {
		b.SetBytes(s.Size())
		for b.Loop() {
			file.Reset()
			if err := s.Write(&file); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(s.Size())
		for b.Loop() {
			if _, err := readState(file.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
