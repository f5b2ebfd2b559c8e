package vgg

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"nst/vgg/safetensors"
)

// storage is a block of numbers in a PyTorch file. Tensors are views of it.
type storage struct {
	dtype safetensors.DType
	n     int // values
	r     io.ReaderAt
	off   int64 // in r, of the first value

	check func() error // compares the checksum, at the first reading; nil without one
}

// verify compares the checksum once.
func (s *storage) verify() error {
	check := s.check
	if s.check = nil; check == nil {
		return nil
	}
	return check()
}

// view is a part of a storage.
type view struct {
	*storage
	first int // value
}

// strided is a tensor of PyTorch: its value (i, j, ...) is value
// first + i*stride[0] + j*stride[1] + ... of the storage.
type strided struct {
	view
	shape, stride []int
}

// stateDict is what both formats of PyTorch files have in common.
type stateDict struct {
	storages map[string]*storage // by key
	// locate says where the storage with a key, of so many bytes, lies. It is nil if that is
	// not known before the end of the pickle.
	locate func(s *storage, key string, bytes int64) error
}

// openZipTorch opens a file of torch.save since version 1.6: a zip file with a pickle and
// an uncompressed member for each storage.
func openZipTorch(r io.ReaderAt, z *zip.Reader, pickle *zip.File) (archive, error) {
	members, dir := map[string]*zip.File{}, path.Dir(pickle.Name)
	for _, f := range z.File {
		members[f.Name] = f
	}
	if members[dir+"/constants.pkl"] != nil {
		return archive{}, &FormatError{"a TorchScript program", "save its state dict in Python: torch.save(torch.jit.load(FILE).state_dict(), \"vgg.pth\")"}
	}
	sd := stateDict{storages: map[string]*storage{}, locate: func(s *storage, key string, n int64) error {
		f := members[dir+"/data/"+key]
		if f == nil {
			return fmt.Errorf("no storage %q in the file", key)
		}
		in, err := stored(r, f)
		if err != nil {
			return err
		}
		if in.Size() < n {
			return fmt.Errorf("storage %q needs %d bytes, has %d", key, n, in.Size())
		}
		s.r, s.check = in, func() error { return verify(f) }
		return nil
	}}
	f, err := pickle.Open()
	if err != nil {
		return archive{}, fmt.Errorf("PyTorch: %w", err)
	}
	defer f.Close()
	v, err := sd.unpickler(&counter{r: bufio.NewReader(f)}).load()
	if err != nil {
		return archive{}, fmt.Errorf("PyTorch: %w", err)
	}
	return stateDictArchive(v)
}

// openLegacyTorch opens a file of torch.save before version 1.6. It has five pickles: a
// magic number, a version, the system, the state dict and the keys of its storages. Then, for
// each key, come the number of values and the values.
func openLegacyTorch(r io.ReaderAt, size int64) (archive, error) {
	sd := stateDict{storages: map[string]*storage{}}
	c := &counter{r: bufio.NewReader(io.NewSectionReader(r, 0, size))}
	var parts [5]any
	for i := range parts {
		v, err := sd.unpickler(c).load()
		if err != nil {
			return archive{}, fmt.Errorf("PyTorch: %w", err)
		}
		parts[i] = v
		if i == 0 && !isMagic(v) {
			return archive{}, errors.New("PyTorch: a pickle that torch.save did not write")
		}
	}
	if v, ok := parts[1].(int); !ok || v != 1001 {
		return archive{}, fmt.Errorf("PyTorch: protocol version %v, want 1001", parts[1])
	}
	if little, ok := parts[2].(*dict); ok && little.get("little_endian") == false {
		return archive{}, errors.New("PyTorch: file was written on a big-endian machine")
	}
	if err := sd.place(parts[4], r, c.n, size); err != nil {
		return archive{}, fmt.Errorf("PyTorch: %w", err)
	}
	return stateDictArchive(parts[3])
}

func isMagic(v any) bool {
	b, ok := v.([]byte)
	return ok && bytes.Equal(b, []byte{0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19})
}

// place finds the storages in r, from off on in the order of keys.
func (sd *stateDict) place(keys any, r io.ReaderAt, off, size int64) error {
	l, ok := keys.(*list)
	if !ok {
		return errors.New("no list of storages")
	}
	for _, key := range l.items {
		name, _ := key.(string)
		s := sd.storages[name]
		if s == nil {
			return fmt.Errorf("storage %v belongs to no tensor", key)
		}
		var n [8]byte
		if _, err := r.ReadAt(n[:], off); err != nil {
			return fmt.Errorf("file is cut short before storage %q", name)
		}
		if got := binary.LittleEndian.Uint64(n[:]); got != uint64(s.n) {
			return fmt.Errorf("storage %q has %d values, want %d", name, got, s.n)
		}
		s.r, s.off = r, off+8
		off = s.off + int64(s.n)*int64(s.dtype.Size)
		if off > size {
			return fmt.Errorf("file is cut short in storage %q: it ends at byte %d of %d", name, off, size)
		}
	}
	return nil
}

func (sd *stateDict) unpickler(c *counter) *unpickler {
	return &unpickler{r: c, global: global, persistent: sd.persistent}
}

// global returns the Python functions and types that pickled tensors need, and nothing else.
func global(module, name string) (any, error) {
	switch module + "." + name {
	case "collections.OrderedDict":
		return callable(func(args []any) (any, error) {
			if len(args) != 0 {
				return nil, fmt.Errorf("OrderedDict with arguments: %w", errPickle)
			}
			return &dict{}, nil
		}), nil
	case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
		return callable(rebuildTensor), nil
	case "torch._utils._rebuild_parameter":
		return callable(func(args []any) (any, error) {
			if len(args) == 0 {
				return nil, fmt.Errorf("a parameter without data: %w", errPickle)
			}
			return args[0], nil
		}), nil
	}
	types := map[string]string{
		"Float": "F32", "Double": "F64", "Half": "F16", "BFloat16": "BF16", "Byte": "U8",
		"Char": "I8", "Short": "I16", "Int": "I32", "Long": "I64", "Bool": "BOOL",
	}
	if kind, ok := strings.CutSuffix(name, "Storage"); ok && module == "torch" && types[kind] != "" {
		return safetensors.DTypeByName(types[kind])
	}
	if strings.HasPrefix(module, "torch") && strings.ToUpper(name[:min(1, len(name))]) == name[:min(1, len(name))] {
		return nil, &FormatError{fmt.Sprintf("a whole pickled model: it asks for %s.%s", module, name), saveStateDict}
	}
	return nil, fmt.Errorf("file asks for %s.%s, which a dictionary of tensors does not need: refused", module, name)
}

// persistent returns a storage or, in legacy files, a part of one. id is ("storage", type,
// key, location, values), in legacy files followed by None or by (key, first value, values).
func (sd *stateDict) persistent(id []any) (any, error) {
	if len(id) < 5 || id[0] != "storage" {
		return nil, fmt.Errorf("a reference that is not a storage: %w", errPickle)
	}
	d, okD := id[1].(safetensors.DType)
	key, okK := id[2].(string)
	n, okN := id[4].(int)
	if !okD || !okK || !okN || n < 0 || n > math.MaxInt64/16 {
		return nil, fmt.Errorf("a storage without type, key or size: %w", errPickle)
	}
	s := sd.storages[key]
	if s == nil {
		s = &storage{dtype: d, n: n}
		if sd.locate != nil {
			if err := sd.locate(s, key, int64(n)*int64(d.Size)); err != nil {
				return nil, err
			}
		}
		sd.storages[key] = s
	}
	v := view{storage: s}
	if len(id) > 5 && id[5] != nil {
		part, _ := id[5].(tuple)
		if len(part) != 3 {
			return nil, fmt.Errorf("a part of a storage: %w", errPickle)
		}
		first, ok := part[1].(int)
		if !ok || first < 0 || first > s.n {
			return nil, fmt.Errorf("a part of storage %q outside of it: %w", key, errPickle)
		}
		v.first = first
	}
	return v, nil
}

func (d *dict) get(key string) any {
	for i, k := range d.keys {
		if k == key {
			return d.values[i]
		}
	}
	return nil
}

// stateDictArchive takes the tensors out of a state dict, or out of one that a
// checkpoint holds under its usual name.
func stateDictArchive(v any) (archive, error) {
	d, ok := v.(*dict)
	if !ok {
		return archive{}, errors.New("PyTorch: file holds no dictionary of tensors")
	}
	if inner, ok := d.get("state_dict").(*dict); ok {
		d = inner
	}
	a := archive{format: "PyTorch", tensors: map[string]tensor{}}
	for i, k := range d.keys {
		name, okK := k.(string)
		t, okT := d.values[i].(strided)
		if okK && okT {
			name = strings.TrimPrefix(name, "module.") // of DataParallel
			a.tensors[name] = tensor{t.shape, t.read}
		}
	}
	if len(a.tensors) == 0 {
		return archive{}, errors.New("PyTorch: file holds no tensors by name")
	}
	err := dequantise(&a)
	return a, err
}
