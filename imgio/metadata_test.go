package imgio_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"strings"
	"testing"

	"nst/imgio"
)

// sampleRecipe has what needs escapes in XML.
const sampleRecipe = `{"recipe":1,"name":"Böcklin <1> & \"2\".jpg"}`

// camera returns an EXIF block as cameras write it: with an orientation, a thumbnail, maker
// notes and a place.
func camera(order binary.AppendByteOrder) []byte {
	text := func(s string) []byte { return append([]byte(s), 0) }
	short := func(v uint16) []byte { return order.AppendUint16(nil, v) }
	long := func(v uint32) []byte { return order.AppendUint32(nil, v) }
	ratio := func(a, b uint32) []byte { return order.AppendUint32(long(a), b) }
	type entry struct {
		tag, kind uint16
		count     uint32
		value     []byte
	}
	header := []byte("II*\x00")
	if order.String() == "BigEndian" {
		header = []byte("MM\x00*")
	}
	block := order.AppendUint32(header, 8)
	add := func(next uint32, entries ...entry) {
		offset := len(block) + 2 + 12*len(entries) + 4
		block = order.AppendUint16(block, uint16(len(entries)))
		var rest []byte
		for _, e := range entries {
			block = order.AppendUint32(order.AppendUint16(order.AppendUint16(block, e.tag), e.kind), e.count)
			if len(e.value) <= 4 {
				block = append(block, append(e.value, 0, 0, 0, 0)[:4]...)
				continue
			}
			block = order.AppendUint32(block, uint32(offset+len(rest)))
			rest = append(rest, e.value...)
			if len(rest)%2 == 1 {
				rest = append(rest, 0)
			}
		}
		block = append(order.AppendUint32(block, next), rest...)
	}
	ascii := func(tag uint16, s string) entry { return entry{tag, 2, uint32(len(s) + 1), text(s)} }
	const main, exif, gps = 8, 300, 500
	add(0, ascii(271, "Maker"), ascii(272, "Camera 1"), entry{274, 3, 1, short(6)}, entry{282, 5, 1, ratio(300, 1)}, entry{283, 5, 1, ratio(240, 1)},
		entry{296, 3, 1, short(2)}, ascii(315, "A. Painter"), ascii(33432, "(c) 2020 A. Painter"), entry{34665, 4, 1, long(exif)}, entry{34853, 4, 1, long(gps)}, ascii(33922, "place of a map"))
	block = append(block, make([]byte, exif-len(block))...)
	add(0, entry{33434, 5, 1, ratio(1, 250)}, ascii(36867, "2020:01:02 03:04:05"), ascii(37500, "maker's notes"), entry{40962, 4, 1, long(9999)})
	block = append(block, make([]byte, gps-len(block))...)
	add(0, ascii(1, "N"), entry{2, 5, 3, bytes.Repeat(ratio(51, 1), 3)})
	return block
}

// withEverything returns a file with metadata, provenance and transparency.
func withEverything(t testing.TB, format string) []byte {
	t.Helper()
	jpg := withSegment(encoded(t, image.NewGray(image.Rect(0, 0, 2, 2)), asJPEG), 0xe1, []byte("Exif\x00\x00"), camera(binary.BigEndian))
	m, err := imgio.ReadMetadata(bytes.NewReader(jpg), imgio.Keep{EXIF: true, GPS: true})
	if err != nil {
		t.Fatal(err)
	}
	e := imgio.Encoding{Metadata: m, Provenance: imgio.Provenance{
		Software: "nst v1", About: "made by a test", SourceType: "http://cv.iptc.org/x", Recipe: sampleRecipe,
	}}
	if format != "jpeg" {
		e.Alpha = []float32{1, 0.5, 0, 1, 1, 1, 1, 1, 1}
	}
	var b bytes.Buffer
	if err := imgio.Encode(&b, noise(3, 3), format, e); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What the camera noted goes through all formats; what must not, does not.
func TestMetadata(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, format := range []string{"png", "jpeg", "tiff", "webp"} {
			for _, keep := range []imgio.Keep{{}, {EXIF: true}, {EXIF: true, GPS: true}} {
				file := withSegment(encoded(t, image.NewGray(image.Rect(0, 0, 2, 2)), asJPEG), 0xe1, []byte("Exif\x00\x00"), camera(order))
				var at string
				for range 2 { // the second time from the file that was written
					m, err := imgio.ReadMetadata(bytes.NewReader(file), keep)
					if err != nil {
						t.Fatal(err)
					}
					want := [2]float64{240, 300} // turned by a quarter
					if m.Copyright != "(c) 2020 A. Painter" || m.DPI != want || (m.EXIF != nil) != keep.EXIF {
						t.Fatalf("%s%s: %+v", format, at, m)
					}
					var b bytes.Buffer
					if err := imgio.Encode(&b, noise(3, 3), format, imgio.Encoding{Metadata: m}); err != nil {
						t.Fatal(err)
					}
					file, at = b.Bytes(), " again"
				}
				for text, kept := range map[string]bool{
					"Camera 1": keep.EXIF, "2020:01:02": keep.EXIF, "(c) 2020": true,
					string(order.AppendUint32(order.AppendUint32(nil, 51), 1)): keep.GPS,
					"maker's notes": false, "place of a map": false,
				} {
					if bytes.Contains(file, []byte(text)) != kept {
						t.Errorf("%s, %v, %+v: holds %q: %v", format, order, keep, text, !kept)
					}
				}
				_, info, err := imgio.Decode(bytes.NewReader(file))
				if err != nil || info.Orientation != 1 || info.Profile != "" {
					t.Errorf("%s: %+v, error %v", format, info, err)
				}
			}
		}
	}
}

func TestMetadataOfNothing(t *testing.T) {
	for name, file := range map[string][]byte{"gif": encoded(t, blocks(), asGIF), "jpeg": encoded(t, blocks(), asJPEG)} {
		if m, err := imgio.ReadMetadata(bytes.NewReader(file), imgio.Keep{EXIF: true}); err != nil || m != (imgio.Metadata{}) {
			t.Errorf("%s: %+v, error %v", name, m, err)
		}
	}
	if _, err := imgio.ReadMetadata(strings.NewReader("hello"), imgio.Keep{}); !errors.Is(err, imgio.ErrFormat) {
		t.Errorf("text: %v", err)
	}
}

func TestReadRecipe(t *testing.T) {
	for _, format := range []string{"png", "jpeg", "tiff", "webp"} {
		file := withEverything(t, format)
		want := sampleRecipe
		if format == "tiff" {
			want = strings.Replace(want, "ö", `\u00f6`, 1)
		}
		if got, err := imgio.ReadRecipe(bytes.NewReader(file)); got != want || err != nil {
			t.Errorf("%s: %q, error %v", format, got, err)
		}
		if !bytes.Contains(file, []byte("<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/x</Iptc4xmpExt:DigitalSourceType>")) {
			t.Errorf("%s: no source type", format)
		}
		if got, err := imgio.ReadRecipe(bytes.NewReader(file[:len(file)*2/3])); err == nil && got != want {
			t.Errorf("%s, cut: %q", format, got)
		}
	}
	plain := encoded(t, blocks(), asJPEG)
	xmp := func(body string) []byte {
		return withSegment(plain, 0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"+body))
	}
	attribute := `<x xmlns:r="urn:nst:recipe#"><d r:recipe="{&quot;a&quot;:1}"/></x>` // as exiftool writes it
	for name, tt := range map[string]struct {
		file []byte
		text string
		err  error
	}{
		"none":        {plain, "", imgio.ErrNoRecipe},
		"another xmp": {xmp("<x/>"), "", imgio.ErrNoRecipe},
		"attribute":   {xmp(attribute), `{"a":1}`, nil},
		"not xml":     {xmp("<x"), "", imgio.ErrCorrupt},
		"entities":    {xmp(`<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>`), "", imgio.ErrCorrupt},
		"gif":         {encoded(t, blocks(), asGIF), "", imgio.ErrNoRecipe},
		"text":        {[]byte("hello"), "", imgio.ErrFormat},
	} {
		if got, err := imgio.ReadRecipe(bytes.NewReader(tt.file)); got != tt.text || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, error %v", name, got, err)
		}
	}
}

// The profile is understood as sRGB by this package, and is the one that was looked at with
// LittleCMS and exiftool.
func TestSRGBProfile(t *testing.T) {
	icc := imgio.SRGBProfile()
	if n := binary.BigEndian.Uint32(icc); int(n) != len(icc) || len(icc)%4 != 0 {
		t.Errorf("%d bytes, the header says %d", len(icc), n)
	}
	sum := sha256.Sum256(icc)
	if got := hex.EncodeToString(sum[:8]); got != "2c1c888f4d269355" {
		t.Errorf("checksum %s", got)
	}
}
