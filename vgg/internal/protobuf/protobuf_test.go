package protobuf_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"nst/vgg/internal/protobuf"
)

func fields(b []byte) (out []protobuf.Field, err error) {
	f := protobuf.Open(bytes.NewReader(b), int64(len(b)))
	err = f.Each(f.Message(), func(x protobuf.Field) error {
		out = append(out, x)
		return nil
	})
	return out, err
}

// The message of the specification's examples: field 1 = 150, field 2 = "testing".
func TestEach(t *testing.T) {
	b := []byte("\x08\x96\x01\x12\x07testing\x1d\x00\x00\x80\x3f\x21\x01\x00\x00\x00\x00\x00\x00\x00")
	got, err := fields(b)
	want := []protobuf.Field{
		{Number: 1, Wire: protobuf.Varint, Value: 150},
		{Number: 2, Wire: protobuf.Bytes, Off: 5, Len: 7},
		{Number: 3, Wire: protobuf.Fixed32, Value: 0x3f800000},
		{Number: 4, Wire: protobuf.Fixed64, Value: 1},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if s := protobuf.Open(bytes.NewReader(b), int64(len(b))).Text(want[1]); s != "testing" {
		t.Errorf("got %q", s)
	}
}

// A field beyond the window of the reader.
func TestEachFar(t *testing.T) {
	b := append([]byte("\x0a\x90\x4e"), bytes.Repeat([]byte{7}, 10000)...)
	got, err := fields(append(b, 0x10, 5))
	if err != nil || len(got) != 2 || got[0].Len != 10000 || got[1].Value != 5 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestInts(t *testing.T) {
	b := []byte("\x0a\x03\x03\xac\x02\x08\x07")
	f := protobuf.Open(bytes.NewReader(b), int64(len(b)))
	var got []int
	err := f.Each(f.Message(), func(x protobuf.Field) (err error) {
		got, err = f.Ints(got, x)
		return err
	})
	if err != nil || !reflect.DeepEqual(got, []int{3, 300, 7}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEachRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"field 0":       {"\x00\x01", "damaged"},
		"group":         {"\x0b\x01", "damaged"},
		"cut varint":    {"\x08\x96", "cut short"},
		"endless":       {"\x08" + strings.Repeat("\xff", 20), "cut short"},
		"cut text":      {"\x12\x07test", "cut short"},
		"negative size": {"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut short"},
		"cut fixed32":   {"\x1d\x00\x00", "cut short"},
		"many fields":   {strings.Repeat("\x08\x01", 1<<20+1), "too many fields"},
	} {
		if _, err := fields([]byte(c.file)); !errors.Is(err, protobuf.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// FuzzEach checks that fields lie in the file, one after the other.
func FuzzEach(f *testing.F) {
	f.Add([]byte("\x08\x96\x01\x12\x07testing\x1d\x00\x00\x80\x3f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := fields(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "protobuf: ") {
				t.Errorf("error without the package's name: %v", err)
			}
			return
		}
		end := int64(0)
		for _, x := range got {
			if x.Wire == protobuf.Bytes {
				if x.Off <= end || x.Len < 0 || x.Off+x.Len > int64(len(b)) {
					t.Errorf("field %+v after byte %d in a file of %d", x, end, len(b))
				}
				end = x.Off + x.Len
			}
		}
	})
}
