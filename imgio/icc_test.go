package imgio_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"nst/imgio"
)

// tag is an entry of a colour profile.
type tag struct {
	name string
	data []byte
}

// iccProfile returns a profile (ICC.1:2010) over XYZ.
func iccProfile(space string, tags ...tag) []byte {
	head := make([]byte, 128)
	copy(head[16:], space)
	copy(head[20:], "XYZ ")
	copy(head[36:], "acsp")
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	for _, e := range tags {
		table = append(table, e.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(128+4+12*len(tags)+len(data)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(e.data)))
		data = append(data, e.data...)
	}
	b := slices.Concat(head, table, data)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

func be16(v ...int) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, uint16(x))
	}
	return b
}

// fixed writes fixed-point numbers with 16 fractional bits.
func fixed(v ...float64) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(x*65536))))
	}
	return b
}

func curv(values ...int) []byte {
	b := append([]byte("curv\x00\x00\x00\x00"), 0, 0, 0, byte(len(values)))
	return append(b, be16(values...)...)
}

func para(kind int, v ...float64) []byte {
	return slices.Concat([]byte("para\x00\x00\x00\x00"), be16(kind, 0), fixed(v...))
}

func desc(s string) tag {
	b := append([]byte("desc\x00\x00\x00\x00"), 0, 0, 0, byte(len(s)+1))
	return tag{"desc", append(append(b, s...), 0)}
}

func mluc(s string) tag {
	u := utf16.Encode([]rune(s))
	b := append([]byte("mluc\x00\x00\x00\x00"), 0, 0, 0, 1, 0, 0, 0, 12)
	b = append(b, "enUS"...)
	b = append(b, 0, 0, 0, byte(2*len(u)), 0, 0, 0, 28)
	for _, c := range u {
		b = append(b, be16(int(c))...)
	}
	return tag{"desc", b}
}

// matrixProfile returns a profile with one curve. Columns have the XYZ of the primaries under
// D50.
func matrixProfile(name tag, r, g, b [3]float64, curve []byte) []byte {
	xyz := func(v [3]float64) []byte { return append([]byte("XYZ \x00\x00\x00\x00"), fixed(v[:]...)...) }
	return iccProfile("RGB ", name,
		tag{"rXYZ", xyz(r)}, tag{"gXYZ", xyz(g)}, tag{"bXYZ", xyz(b)},
		tag{"rTRC", curve}, tag{"gTRC", curve}, tag{"bTRC", curve})
}

// adobeRGB returns the profile of Adobe RGB (1998), gamma 563/256.
func adobeRGB() []byte {
	return matrixProfile(desc("Adobe RGB (1998)"),
		[3]float64{0.60974, 0.31111, 0.01947}, [3]float64{0.20528, 0.62567, 0.06087}, [3]float64{0.14919, 0.06322, 0.74457}, curv(563))
}

// withSRGBPrimaries returns a profile that differs from sRGB only by its curve.
func withSRGBPrimaries(curve []byte) []byte {
	return matrixProfile(mluc("my sRGB ünder"),
		[3]float64{0.43607, 0.22249, 0.01392}, [3]float64{0.38515, 0.71687, 0.09708}, [3]float64{0.14307, 0.06061, 0.71410}, curve)
}

func encodeSRGB(x float64) float64 {
	if x <= 0.0031308 {
		return 12.92 * x
	}
	return 1.055*math.Pow(x, 1/2.4) - 0.055
}

// adobeToSRGB converts through XYZ under D65. It needs no adaptation, because Adobe RGB (1998)
// and IEC 61966-2-1 have the same white.
func adobeToSRGB(c color.NRGBA) [3]float64 {
	var lin [3]float64
	for i, v := range []uint8{c.R, c.G, c.B} {
		lin[i] = math.Pow(float64(v)/255, 563.0/256)
	}
	toXYZ := [3][3]float64{{0.5767309, 0.1855540, 0.1881852}, {0.2973769, 0.6273491, 0.0752741}, {0.0270343, 0.0706872, 0.9911085}}
	toRGB := [3][3]float64{{3.2404542, -1.5371385, -0.4985314}, {-0.9692660, 1.8760108, 0.0415560}, {0.0556434, -0.2040259, 1.0572252}}
	var out [3]float64
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				out[i] += toRGB[i][j] * toXYZ[j][k] * lin[k]
			}
		}
		out[i] = encodeSRGB(min(max(out[i], 0), 1))
	}
	return out
}

// withProfile returns a PNG file with a profile.
func withProfile(file, icc []byte) []byte {
	var b bytes.Buffer
	b.WriteString("a name\x00\x00")
	z := zlib.NewWriter(&b)
	z.Write(icc)
	z.Close()
	return withChunk(file, "iCCP", b.Bytes())
}

func TestProfileAdobeRGB(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	colours := []color.NRGBA{
		{255, 255, 255, 255},
		{0, 0, 0, 255},
		{128, 128, 128, 255},
		{200, 100, 50, 255},
		{0, 255, 0, 255},
		{30, 60, 220, 255},
		{3, 2, 5, 255},
		{90, 180, 170, 51},
	}
	for y := range 32 {
		for x := range 32 {
			m.SetNRGBA(x, y, colours[x/4])
		}
	}
	icc := adobeRGB()
	half := len(icc) / 2
	header := []byte("ICC_PROFILE\x00")
	jpegFile := encoded(t, m, asJPEG)
	files := map[string][]byte{
		"png":  withProfile(encoded(t, m, png.Encode), icc),
		"tiff": withFields(encoded(t, m, asTIFF), field{34675, 7, icc}),
		// In two segments, the second one first.
		"jpeg": withSegment(withSegment(jpegFile, 0xe2, header, []byte{1, 2}, icc[:half]), 0xe2, header, []byte{2, 2}, icc[half:]),
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			got, info, err := imgio.Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			if info.Profile != "Adobe RGB (1998)" || !info.Converted {
				t.Fatalf("info %+v", info)
			}
			if notes := info.Notes(); notes[len(notes)-1] != "colours converted from Adobe RGB (1998) to sRGB" {
				t.Errorf("notes %q", notes)
			}
			p := imgio.FromImage(got)
			for i, c := range colours[:7] {
				if name == "jpeg" && i >= 3 {
					break // colours run into each other
				}
				near(t, p, 4*i+1, 9, adobeToSRGB(c), 0.0015)
			}
			if a := color.NRGBAModel.Convert(got.At(30, 9)).(color.NRGBA).A; name != "jpeg" && a != 51 {
				t.Errorf("alpha %d, want 51", a)
			}
		})
	}
}

func TestProfileWebP(t *testing.T) {
	file := extendedWebP(fromBase64(t, blackWhiteWebP), 32, 16, adobeRGB(), nil)
	m, info, err := imgio.Decode(bytes.NewReader(file))
	if err != nil || !info.Converted {
		t.Fatalf("info %+v, error %v", info, err)
	}
	p := imgio.FromImage(m)
	near(t, p, 2, 8, [3]float64{0, 0, 0}, 0.003)
	near(t, p, 29, 8, [3]float64{1, 1, 1}, 0.003)
}

// With the primaries of sRGB and any kind of curve, a grey of encoded value x must become
// encodeSRGB(curve(x)).
func TestProfileCurves(t *testing.T) {
	table := make([]int, 200)
	for i := range table {
		x := float64(i) / 199
		table[i] = int(math.Round(x * x * x * 0xffff))
	}
	tests := []struct {
		name  string
		curve []byte
		want  func(x float64) float64
	}{
		{"linear", curv(), func(x float64) float64 { return x }},
		{"gamma", curv(512), func(x float64) float64 { return x * x }},
		{"table", curv(table...), func(x float64) float64 { return x * x * x }},
		{"para 0", para(0, 1.5), func(x float64) float64 { return math.Pow(x, 1.5) }},
		{"para 1", para(1, 2, 1.25, -0.25), func(x float64) float64 { return math.Pow(max(1.25*x-0.25, 0), 2) }},
		{"para 2", para(2, 2, 1, -0.2, 0.1), func(x float64) float64 { return math.Pow(max(x-0.2, 0), 2) + 0.1 }},
		{"para 3", para(3, 3, 0.9, 0.1, 0.5, 0.25), func(x float64) float64 {
			if x >= 0.25 {
				return math.Pow(0.9*x+0.1, 3)
			}
			return 0.5 * x
		}},
		{"para 4", para(4, 2, 0.8, 0.1, 0.4, 0.3, 0.05, 0.02), func(x float64) float64 {
			if x >= 0.3 {
				return math.Pow(0.8*x+0.1, 2) + 0.05
			}
			return 0.4*x + 0.02
		}},
	}
	ramp := image.NewGray16(image.Rect(0, 0, 101, 2))
	for i := range 202 {
		ramp.SetGray16(i%101, i/101, color.Gray16{uint16(math.Round(float64(i%101) / 100 * 0xffff))})
	}
	file := encoded(t, ramp, png.Encode)
	for _, tt := range tests {
		profiles := map[string][]byte{
			"rgb":  withSRGBPrimaries(tt.curve),
			"grey": iccProfile("GRAY", desc("grey"), tag{"kTRC", tt.curve}),
		}
		for kind, icc := range profiles {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				m, info, err := imgio.Decode(bytes.NewReader(withProfile(file, icc)))
				if err != nil || !info.Converted || !info.Grey {
					t.Fatalf("info %+v, error %v", info, err)
				}
				p := imgio.FromImage(m)
				for x := range 101 {
					want := encodeSRGB(tt.want(float64(x) / 100))
					near(t, p, x, 1, [3]float64{want, want, want}, 0.001)
				}
			})
		}
	}
}

func TestProfileThatIsSRGB(t *testing.T) {
	icc := withSRGBPrimaries(para(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045))
	m := noise(8, 8).Image()
	got, info, err := imgio.Decode(bytes.NewReader(withProfile(encoded(t, m, png.Encode), icc)))
	if err != nil || info.Profile != "" || info.Converted || info.Notes() != nil {
		t.Fatalf("info %+v, error %v", info, err)
	}
	if want := imgio.FromImage(m); !slices.Equal(imgio.FromImage(got).Pix, want.Pix) {
		t.Error("pixels changed")
	}
}

// Colours that cannot be converted stay as they are, and Info says so.
func TestProfileNotUnderstood(t *testing.T) {
	good := adobeRGB()
	noCurves := iccProfile("RGB ", desc("only tables"), tag{"A2B0", []byte("mft2 and so on")})
	lab := bytes.Clone(good)
	copy(lab[20:], "Lab ")
	m := noise(8, 8).Image()
	file := encoded(t, m, png.Encode)
	for name, tt := range map[string]struct {
		file    []byte
		profile string
	}{
		"cmyk":         {withProfile(file, iccProfile("CMYK", desc("SWOP"))), "SWOP"},
		"tables":       {withProfile(file, noCurves), "only tables"},
		"lab":          {withProfile(file, lab), "Adobe RGB (1998)"},
		"grey":         {withProfile(file, iccProfile("GRAY", desc("dots"), tag{"kTRC", curv(512)})), "dots"},
		"cut":          {withProfile(file, good[:len(good)-8]), "Adobe RGB (1998)"},
		"cut short":    {withProfile(file, good[:100]), "without a name"},
		"empty":        {withProfile(file, nil), "without a name"},
		"not zlib":     {withChunk(file, "iCCP", []byte("name\x00\x00garbage")), "without a name"},
		"no separator": {withChunk(file, "iCCP", []byte("name")), "without a name"},
		"bad curve":    {withProfile(file, withSRGBPrimaries(curv(1, 2, 3)[:14])), "my sRGB ünder"},
		"bad function": {withProfile(file, withSRGBPrimaries(para(9, 1))), "my sRGB ünder"},
		"flat":         {withProfile(file, withSRGBPrimaries(para(1, 1, 0, 0))), "my sRGB ünder"},
	} {
		t.Run(name, func(t *testing.T) {
			got, info, err := imgio.Decode(bytes.NewReader(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if info.Profile != tt.profile || info.Converted || !strings.HasSuffix(fmt.Sprint(info.Notes()), "colour profile ignored: "+tt.profile+"]") {
				t.Errorf("info %+v, notes %q", info, info.Notes())
			}
			if !slices.Equal(imgio.FromImage(got).Pix, imgio.FromImage(m).Pix) {
				t.Error("pixels changed")
			}
		})
	}
}
