package vgg_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"nst/vgg"
)

const (
	magic  = "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
	legacy = magic + "\x80\x02M\xe9\x03." + "\x80\x02}." // magic number, version 1001, system
)

func torchZip(t *testing.T, pickle string, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, s := range append([]string{pickle}, members...) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: []string{"archive/data.pkl", "archive/data/0"}[i], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(s))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A pickle that would run a program, or build anything but tensors, is refused. The error
// names what it asks for.
func TestTorchRefusesPrograms(t *testing.T) {
	for _, c := range []struct{ name, pickle, want string }{
		{"os.system", "\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.", "asks for os.system, which"},
		{"posix.system, protocol 4", "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93.", "asks for posix.system, which"},
		{"eval", "\x80\x02c__builtin__\neval\n.", "asks for __builtin__.eval"},
		{"a whole model", "\x80\x02ctorchvision.models.vgg\nVGG\n)\x81.", "asks for torchvision.models.vgg.VGG"},
		{"a storage of another module", "\x80\x02cevil\nFloatStorage\n.", "asks for evil.FloatStorage"},
		{"copyreg", "\x80\x02ccopy_reg\n_reconstructor\n.", "asks for copy_reg._reconstructor"},
		{"INST", "\x80\x02(ios\nsystem\n.", "instruction 0x69"},
		{"EXT1", "\x80\x02\x82\x01.", "instruction 0x82"},
		{"PERSID", "\x80\x02Px\n.", "instruction 0x50"},
	} {
		for kind, b := range map[string][]byte{"legacy": []byte(legacy + c.pickle), "zip": torchZip(t, c.pickle)} {
			_, err := vgg.Import(t.Context(), save(t, b), vgg.ImportOptions{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: got %v, want %q", c.name, kind, err, c.want)
			}
		}
	}
}

func TestTorchRefusesNonsense(t *testing.T) {
	const (
		str     = "X\x01\x00\x00\x00"
		float   = "ctorch\nFloatStorage\n"
		store   = "(X\x07\x00\x00\x00storage" + float + str + "0" + "X\x03\x00\x00\x00cpu" // and a size
		rebuild = "ctorch._utils\n_rebuild_tensor_v2\n("
	)
	dict := func(v string) string { return "\x80\x02}" + str + "w" + v + "s." }
	for _, c := range []struct{ name, pickle, want string }{
		{"string longer than the file", "\x80\x02X\xff\xff\xff\xff.", "damaged"},
		{"string at the end", "\x80\x02X\x10\x00\x00\x00ab", "cut short"},
		{"no end", "\x80\x02}", "cut short"},
		{"nothing on the stack", "\x80\x02.", "damaged"},
		{"no mark", "\x80\x02u.", "damaged"},
		{"pop below the mark", "\x80\x02}(0.", "damaged"},
		{"no memory", "\x80\x02h\x07.", "nothing is remembered as 7"},
		{"odd items", "\x80\x02}(NNNu.", "damaged"},
		{"a call of a string", "\x80\x02" + str + "a)R.", "damaged"},
		{"no dictionary", "\x80\x02K\x01.", "holds no dictionary of tensors"},
		{"no tensors", dict("K\x01"), "holds no tensors by name"},
		{"storage beyond the file", dict(rebuild + store + "J\xff\xff\xff\x7ftQK\x00K\x02\x85K\x01\x85tR"), `storage "0" needs 8589934588 bytes, has 8`},
		{"negative size", dict(rebuild + store + "J\xff\xff\xff\xfftQK\x00K\x02\x85K\x01\x85tR"), "storage without type, key or size"},
		{"shape beyond the storage", dict(rebuild + store + "K\x02tQK\x00K\x03\x85K\x01\x85tR"), "tensor (3) reaches beyond its storage of 2 values"},
		{"offset beyond the storage", dict(rebuild + store + "K\x02tQK\x01K\x02\x85K\x01\x85tR"), "reaches beyond its storage"},
		{"offset beyond all", dict(rebuild + store + "K\x02tQ\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x02\x85K\x01\x85tR"), "without storage, shape or strides"},
		{"stride beyond the storage", dict(rebuild + store + "K\x02tQK\x00K\x02\x85\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85tR"), "reaches beyond its storage"},
		{"negative stride", dict(rebuild + store + "K\x02tQK\x00K\x02\x85J\xff\xff\xff\xff\x85tR"), "without storage, shape or strides"},
		{"enormous shape, no stride", dict(rebuild + store + "K\x02tQK\x00J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87K\x00K\x00K\x00\x87tR"), "reaches beyond its storage"},
		{"no such storage", dict(rebuild + strings.Replace(store, str+"0", str+"9", 1) + "K\x02tQK\x00K\x02\x85K\x01\x85tR"), `no storage "9"`},
		{"endless instructions", "\x80\x02" + strings.Repeat("}", 1<<19), "more than 262144 instructions"},
		{"endless strings", "\x80\x02" + strings.Repeat("X\x00\x00\x10\x00"+strings.Repeat("a", 1<<20), 17), "string of 1048576 bytes"},
	} {
		_, err := vgg.ImportBytes(torchZip(t, c.pickle, "8 bytes."), vgg.ImportOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	for _, c := range []struct{ name, file, want string }{
		{"another pickle", "\x80\x02}.", "torch.save did not write"},
		{"version", magic + "\x80\x02M\xea\x03." + "\x80\x02}.\x80\x02}.\x80\x02].", "protocol version 1002, want 1001"},
		{"no storages", legacy + "\x80\x02}.\x80\x02}.", "no list of storages"},
		{"stray storage", legacy + "\x80\x02}.\x80\x02]" + str + "0a.", "belongs to no tensor"},
	} {
		_, err := vgg.ImportBytes([]byte(c.file), vgg.ImportOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
