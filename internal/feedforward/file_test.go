package feedforward_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nst/internal/atomicfile"
	"nst/internal/feedforward"
	"nst/vgg/safetensors"
)

func write(t testing.TB, m *feedforward.Model, half bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b, half); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (*feedforward.Model, error) {
	return feedforward.Read(bytes.NewReader(b), int64(len(b)))
}

// edit decodes the header of a file, lets f change it, and puts it back.
func edit(t testing.TB, b []byte, f func(h map[string]any)) []byte {
	t.Helper()
	n := binary.LittleEndian.Uint64(b)
	var h map[string]any
	if err := json.Unmarshal(b[8:8+n], &h); err != nil {
		t.Fatal(err)
	}
	f(h)
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(out, text...), b[8+n:]...)
}

func TestWriteRead(t *testing.T) {
	for _, a := range []feedforward.Architecture{small(), {Widths: [3]int{1, 1, 1}}, feedforward.DefaultArchitecture()} {
		for _, names := range [][]string{{"a"}, {"starry-night", "神奈川沖浪裏", "Udnie"}} {
			m := model(t, a, names...)
			got, err := read(write(t, m, false))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, m) {
				t.Errorf("%v, %v: got another model back", a, names)
			}
		}
	}
	plain, err := feedforward.New(small(), []feedforward.Style{{Name: "a"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(write(t, plain, false)); err != nil || !reflect.DeepEqual(got, plain) {
		t.Errorf("a model of which nothing is known changed, %v", err)
	}
}

func TestWriteHalf(t *testing.T) {
	m := model(t, feedforward.DefaultArchitecture(), "a", "b")
	full, half := write(t, m, false), write(t, m, true)
	if len(half) > len(full)*51/100 {
		t.Errorf("float16 takes %d bytes, float32 %d", len(half), len(full))
	}
	got, err := read(half)
	if err != nil {
		t.Fatal(err)
	}
	want := *m
	want.Params = slices.Clone(m.Params)
	for _, p := range m.Parameters() {
		if len(p.Shape) == 4 {
			for i, x := range p.Of(want.Params) {
				p.Of(want.Params)[i] = safetensors.FromHalf(safetensors.ToHalf(x))
			}
		}
	}
	if !reflect.DeepEqual(got, &want) {
		t.Error("filters are not rounded to float16, or something else changed")
	}
	if !bytes.Equal(write(t, got, true), half) {
		t.Error("a model that was read gives another file")
	}
}

func TestWriteSameBytes(t *testing.T) {
	for _, half := range []bool{false, true} {
		first := write(t, model(t, small(), "a", "b"), half)
		for range 20 { // maps are iterated in another order each time
			if !bytes.Equal(first, write(t, model(t, small(), "a", "b"), half)) {
				t.Fatal("the same model gives other bytes")
			}
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	m := model(t, small(), "a")
	m.Params[5] = 70000
	if err := m.Write(io.Discard, true); err == nil || !strings.Contains(err.Error(), "conv1.weight: value 5 is 70000, too large for float16") {
		t.Errorf("got %v", err)
	}
	if err := m.Write(io.Discard, false); err != nil {
		t.Error(err)
	}
	if err := m.Write(failing{}, false); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want the writer's error", err)
	}
	m.Styles[0].Name = ""
	if err := m.Write(io.Discard, false); err == nil || err.Error() != "feedforward: style 0: name is empty" {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestSaveLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model.safetensors")
	m := model(t, small(), "a")
	if err := m.Save(path, false); err != nil {
		t.Fatal(err)
	}
	if got, err := feedforward.Load(path); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got another model back, %v", err)
	}
	bad := model(t, small(), "a")
	bad.Params = bad.Params[:1]
	if err := bad.Save(path, false); err == nil || !strings.HasPrefix(err.Error(), "feedforward: writing model ") {
		t.Errorf("got %v", err)
	}
	if _, err := feedforward.Load(path); err != nil {
		t.Errorf("a model that cannot be written destroyed the file: %v", err)
	}
	if err := m.Save(filepath.Join(dir, "none", "m"), false); !errors.Is(err, atomicfile.ErrNoFolder) {
		t.Errorf("got %v", err)
	}
	if _, err := feedforward.Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "none") != 1 {
		t.Errorf("got %v", err)
	}
	if _, err := feedforward.Load(dir); !errors.Is(err, feedforward.ErrForeign) || !strings.Contains(err.Error(), "it is a folder") {
		t.Errorf("got %v", err)
	}
	if _, err := feedforward.Load(os.DevNull); !errors.Is(err, feedforward.ErrForeign) {
		t.Errorf("a device: got %v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files are left, want 1", len(files))
	}
}

func BenchmarkRead(b *testing.B) {
	file := write(b, model(b, feedforward.DefaultArchitecture(), "a", "b", "c", "d", "e", "f", "g", "h"), true)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := read(file); err != nil {
			b.Fatal(err)
		}
	}
}
