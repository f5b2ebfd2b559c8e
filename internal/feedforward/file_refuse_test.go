package feedforward_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"nst/internal/feedforward"
	"nst/vgg/safetensors"
)

func TestReadRefuses(t *testing.T) {
	good := write(t, model(t, small(), "a", "b"), false)
	size := len(good) - 8 - int(binary.LittleEndian.Uint64(good)) // of the numbers
	meta := func(key string, value any) func(map[string]any) {
		return func(h map[string]any) { h["__metadata__"].(map[string]any)[key] = value }
	}
	without := func(key string) func(map[string]any) {
		return func(h map[string]any) { delete(h["__metadata__"].(map[string]any), key) }
	}
	tensor := func(name, key string, value any) func(map[string]any) {
		return func(h map[string]any) { h[name].(map[string]any)[key] = value }
	}
	rename := func(from, to string) func(map[string]any) {
		return func(h map[string]any) { h[to] = h[from]; delete(h, from) }
	}
	many := "[" + strings.Repeat(`{"name":"x"},`, 4096) + `{"name":"x"}]`
	for _, c := range []struct {
		edit func(h map[string]any)
		want string
	}{
		{meta("version", "0"), `metadata: version is "0", want a number from 1`},
		{meta("version", "x"), `version is "x"`},
		{without("version"), `version is ""`},
		{without("styles"), "metadata: styles is missing"},
		{without("losses"), "metadata: losses is missing"},
		{meta("architecture", "{"), "metadata: architecture: unexpected end"},
		{meta("architecture", `{"widths":[2,3,"4"]}`), "metadata: architecture: json"},
		{meta("architecture", "null"), "metadata: architecture: width 0, want 1 to 256"},
		{meta("architecture", `{"widths":[2,3,257],"blocks":1}`), "metadata: architecture: width 257, want 1 to 256"},
		{meta("architecture", `{"widths":[2,3,4],"blocks":1000000000000}`), "residual blocks, want 0 to 16"},
		{meta("architecture", `{"widths":[2,3,5],"blocks":1}`), "tensor conv3.weight is (4, 3, 3, 3), want (5, 3, 3, 3)"},
		{meta("architecture", `{"widths":[2,3,4],"blocks":2}`), "tensor block2.a.weight is missing"},
		{meta("architecture", `{"widths":[2,3,4],"blocks":0}`), `tensor "block1.a.weight" does not belong to a network of this architecture`},
		{meta("styles", `{}`), "metadata: styles: want a list"},
		{meta("styles", `null`), "metadata: styles: want a list"},
		{meta("styles", `[5]`), "metadata: styles: json"},
		{meta("styles", `[]`), "metadata: 0 styles, want 1 to 4096"},
		{meta("styles", many), "metadata: styles: more than 4096 styles"},
		{meta("styles", `[{"name":"a"}]`), `tensor "style.1.block1.a.norm" does not belong`},
		{meta("styles", `[{"name":"a"},{"name":"b"},{"name":"c"}]`), "tensor style.2.conv1.norm is missing"},
		{meta("styles", `[{"name":"a"},{"name":"A"}]`), `metadata: two styles have the name "A"`},
		{meta("styles", `[{"name":"a"},{"name":"../b"}]`), `metadata: style 1: name "../b" does not start`},
		{meta("styles", `[{"name":"a"},{"name":"c:\\b"}]`), "other than"},
		{meta("styles", `[{"name":"a"},{"name":"b\u001b[2J"}]`), `"b\x1b[2J" has characters other than`},
		{meta("styles", `[{"name":"a"},{"name":"b","title":"\u009b2J"}]`), "does not print"},
		{meta("licence", "\x00"), "metadata: licence: text"},
		{meta("training", `{"steps":-3}`), "metadata: training: steps is -3"},
		{meta("training", `{"seconds":1e999}`), "metadata: training: json"},
		{meta("losses", `{"validation":{"tv":-1}}`), "metadata: losses: tv is -1"},
		{meta("licence", 5), "header"},
		{tensor("conv1.weight", "shape", []int{2, 27}), "tensor conv1.weight is (2, 27), want (2, 3, 3, 3)"},
		{tensor("out.bias", "shape", []int{1, 3}), "tensor out.bias is (1, 3), want (3)"},
		{tensor("style.1.up2.norm", "shape", []int{4}), "tensor style.1.up2.norm is (4), want (2, 2)"},
		{tensor("conv1.weight", "dtype", "I32"), "tensor conv1.weight has numbers of type I32, want F16 or F32"},
		{rename("out.bias", "out.offset"), "tensor out.bias is missing"},
		{rename("style.1.conv1.norm", "style.01.conv1.norm"), "tensor style.1.conv1.norm is missing"},
		{func(h map[string]any) { delete(h, "style.1.up2.norm") }, "belong to no tensor"},
		{func(h map[string]any) {
			h["x\x1b"] = map[string]any{"dtype": "F32", "shape": []int{0}, "data_offsets": []int{size, size}}
		}, `tensor "x\x1b" does not belong`},
		{func(h map[string]any) {
			h["optimizer.0"] = map[string]any{"dtype": "F32", "shape": []int{0}, "data_offsets": []int{size, size}}
		}, `tensor "optimizer.0" does not belong`},
		{func(h map[string]any) {
			h["x"] = map[string]any{"dtype": "U8", "shape": []int{1 << 40}, "data_offsets": []int{size, size + 1<<40}}
		}, "cut short"},
	} {
		m, err := read(edit(t, good, c.edit))
		switch {
		case err == nil || m != nil || !strings.HasPrefix(err.Error(), "feedforward: ") || !strings.Contains(err.Error(), c.want):
			t.Errorf("got %v, want %q", err, c.want)
		case errors.Is(err, feedforward.ErrForeign) || errors.Is(err, feedforward.ErrNewer):
			t.Errorf("%v: taken for another kind of file", err)
		}
	}
}

func TestReadNewer(t *testing.T) {
	b := edit(t, write(t, model(t, small(), "a"), true), func(h map[string]any) {
		h["__metadata__"].(map[string]any)["version"] = "2"
		delete(h, "conv1.weight") // its tensors may have other names
		h["conv0.weight"] = map[string]any{"dtype": "F16", "shape": []int{2, 3, 3, 3}, "data_offsets": []int{0, 108}}
	})
	const want = "feedforward: made by a newer nst: the file has version 2, this program reads versions up to 1: update nst"
	if _, err := read(b); !errors.Is(err, feedforward.ErrNewer) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadForeign(t *testing.T) {
	tensors := func(meta map[string]string, names ...string) string {
		var b bytes.Buffer
		var entries []safetensors.Entry
		for _, n := range names {
			entries = append(entries, safetensors.Entry{Name: n, Shape: []int{1}, Values: []float32{1}})
		}
		if err := safetensors.Write(&b, entries, meta); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var checkpoint bytes.Buffer
	if err := (&feedforward.Checkpoint{Model: model(t, small(), "a")}).Write(&checkpoint); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, want string }{
		{"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00\x48\x00", "it seems to be a JPEG picture"},
		{"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "it seems to be a PNG picture"},
		{"RIFF\x10\x00\x00\x00WEBPVP8 ", "it seems to be a WebP picture"},
		{"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00", "it seems to be a picture or a film"},
		{"II*\x00", "it seems to be a TIFF picture"},
		{"PK\x03\x04 and more of it", "it seems to be a file of PyTorch, or another zip file"},
		{"\x89HDF\r\n\x1a\n", "it seems to be a file of Keras (HDF5)"},
		{`{"some": "text in JSON"}`, "it seems to be a text in JSON"},
		{"x", "it is not in safetensors format"},
		{"a plain text, of some length", "it is not in safetensors format"},
		{tensors(map[string]string{"format": "nst", "network": "slim"}, "conv1_1.weight", "conv1_1.bias"), "it seems to be the weights of a VGG network"},
		{tensors(map[string]string{"format": "pt"}, "features.0.weight"), "it seems to be the weights of a VGG network"},
		{tensors(map[string]string{"format": "nst-decoder"}, "a"), `it seems to be a file of nst of another kind ("nst-decoder")`},
		{tensors(nil, "b", "a\n"), `it seems to be the safetensors file of another program (2 tensors, such as "a\n")`},
		{tensors(nil), "it seems to be a safetensors file without tensors"},
		{checkpoint.String(), "it seems to be a checkpoint of a training, not a model"},
	} {
		_, err := read([]byte(c.file))
		if !errors.Is(err, feedforward.ErrForeign) || err.Error() != "feedforward: wrong kind of file: "+c.want {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if _, err := read(nil); err == nil || err.Error() != "feedforward: file is empty" {
		t.Errorf("empty file: got %v", err)
	}
}

func TestReadDamaged(t *testing.T) {
	good := write(t, model(t, small(), "a"), true)
	for n := range good {
		if _, err := read(good[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a file", n, len(good))
		}
	}
	if _, err := read(append(good[:len(good):len(good)], 0)); err == nil || !strings.Contains(err.Error(), "1 bytes at the end") {
		t.Errorf("a byte too many: got %v", err)
	}
	long := bytes.Clone(good)
	binary.LittleEndian.PutUint64(long, 1<<63)
	if _, err := read(long); err == nil || !strings.Contains(err.Error(), "header of") {
		t.Errorf("header too long: got %v", err)
	}
	nan := bytes.Clone(good)
	start := 8 + binary.LittleEndian.Uint64(good)
	binary.LittleEndian.PutUint16(nan[start+2*7:], 0x7e00)
	if _, err := read(nan); err == nil || !strings.Contains(err.Error(), "feedforward: conv1.weight: value 7 is NaN, want finite numbers") {
		t.Errorf("NaN: got %v", err)
	}
	if _, err := feedforward.Read(bytes.NewReader(good[:len(good)-5]), int64(len(good))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that shrinks while it is read: got %v", err)
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestReadMemory checks that Read holds no copy of the numbers, and that a file which claims
// the largest network there is, but does not hold it, takes no memory for it.
func TestReadMemory(t *testing.T) {
	m := model(t, feedforward.Architecture{Widths: [3]int{32, 64, 128}, Blocks: 8}, "a", "b")
	file := write(t, m, true)
	got := allocated(func() {
		if _, err := read(file); err != nil {
			t.Fatal(err)
		}
	})
	if most := uint64(4*len(m.Params) + 4<<20); got > most {
		t.Errorf("reading %d parameters allocates %d bytes, want at most %d", len(m.Params), got, most)
	}
	hollow := edit(t, write(t, model(t, small(), "a"), true), func(h map[string]any) {
		names := make([]feedforward.Style, 4096)
		for i := range names {
			names[i].Name = "s" + strings.Repeat("x", i%60) + string(rune('a'+i/60%26)) + string(rune('a'+i/60/26))
		}
		text, err := json.Marshal(names)
		if err != nil {
			t.Fatal(err)
		}
		meta := h["__metadata__"].(map[string]any)
		meta["architecture"], meta["styles"] = `{"widths":[256,256,256],"blocks":16}`, string(text)
	})
	got = allocated(func() {
		if _, err := read(hollow); err == nil || !strings.Contains(err.Error(), "want (256, 3, 3, 3)") {
			t.Errorf("got %v", err)
		}
	})
	if got > 16<<20 {
		t.Errorf("a file of %d bytes that claims a large network allocates %d bytes", len(hollow), got)
	}
}
