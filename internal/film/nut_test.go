package film

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"testing"
)

// written returns a stream of packets.
func written(t testing.TB, tr track, packets []packet) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := newNUTWriter(&b, tr)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		if err := w.write(p); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func testTrack() track {
	return track{fourcc: []byte("H264"), extra: []byte{1, 2, 0, 255}, base: Ratio{1, 90000}, width: 480, height: 271, aspect: Ratio{4, 3}, delay: 2}
}

// TestNUT writes packets and reads them again.
func TestNUT(t *testing.T) {
	large := bytes.Repeat([]byte("frame"), 3000)
	packets := []packet{
		{[]byte{1}, 0, true},
		{[]byte{}, 1, false},
		{large, 127, false},
		{[]byte("NUT"), 128, true},
		{large[:4096], 1 << 40, false},
		{large[:4097], math.MaxInt64 >> 1, true},
	}
	stream := written(t, testTrack(), packets)
	r, err := newNUTReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	got, want := r.track, testTrack()
	if !bytes.Equal(got.fourcc, want.fourcc) || !bytes.Equal(got.extra, want.extra) || got.base != want.base ||
		got.width != want.width || got.height != want.height || got.aspect != want.aspect || got.delay != want.delay {
		t.Errorf("track %+v, want %+v", got, want)
	}
	for i, want := range packets {
		p, err := r.next()
		if err != nil || p.time != want.time || p.key != want.key || !bytes.Equal(p.data, want.data) {
			t.Fatalf("packet %d is %d bytes at %d, key %v, %v; want %d at %d, %v", i, len(p.data), p.time, p.key, err, len(want.data), want.time, want.key)
		}
	}
	if _, err := r.next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	for n := range stream { // cut short
		r, err := newNUTReader(bytes.NewReader(stream[:n]))
		for count := 0; err == nil && count <= len(packets); count++ {
			_, err = r.next()
		}
		if err == nil {
			t.Fatalf("a stream of %d bytes has more than all packets", n)
		}
	}
}

// TestNUTDamaged changes headers.
func TestNUTDamaged(t *testing.T) {
	stream := written(t, testTrack(), nil)
	for i := range stream {
		damaged := slices.Clone(stream)
		damaged[i] ^= 0x10
		if _, err := newNUTReader(bytes.NewReader(damaged)); err == nil {
			t.Errorf("byte %d of the headers changed and nothing was noticed", i)
		} else if !errors.Is(err, errNUT) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
}

// FuzzNUT reads what is no stream: no panic, and no more memory than the input asks for.
func FuzzNUT(f *testing.F) {
	f.Add(written(f, testTrack(), []packet{{[]byte("abc"), 5, true}, {[]byte("d"), 6, false}}))
	f.Add([]byte(nutID))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := newNUTReader(bytes.NewReader(b))
		for err == nil {
			var p packet
			p, err = r.next()
			if len(p.data) > len(b)+1<<12 {
				t.Fatalf("%d bytes from %d", len(p.data), len(b))
			}
		}
	})
}
