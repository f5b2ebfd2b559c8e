package imgio

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf16"
)

// srgbProfile returns a colour profile for sRGB (IEC 61966-2-1): version 4 of ICC.1:2010, a
// matrix and a parametric curve, 600 bytes. Every picture that is written has it, so that
// programs that manage colours need not guess.
func srgbProfile() []byte {
	s15 := func(values ...float64) []byte { // s15Fixed16Number
		var b []byte
		for _, v := range values {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
		}
		return b
	}
	element := func(kind string, body ...byte) []byte {
		return slices.Concat([]byte(kind), make([]byte, 4), body)
	}
	text := func(s string) []byte { // one record in English
		u := utf16.Encode([]rune(s))
		b := binary.BigEndian.AppendUint32(nil, 1)
		b = binary.BigEndian.AppendUint32(b, 12)
		b = append(b, "enUS"...)
		b = binary.BigEndian.AppendUint32(b, uint32(2*len(u)))
		b = binary.BigEndian.AppendUint32(b, 28)
		for _, c := range u {
			b = binary.BigEndian.AppendUint16(b, c)
		}
		return element("mluc", b...)
	}
	d50 := []float64{0.9642, 1, 0.8249}
	const parametric = 3 // Y = (aX+b)^g for X >= d, else cX
	curve := element("para", slices.Concat([]byte{0, parametric, 0, 0}, s15(2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045))...)
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", text("sRGB")},
		{"cprt", text("No copyright, use freely")},
		{"wtpt", element("XYZ ", s15(d50...)...)},
		// From D65 to D50 by the Bradford method.
		{"chad", element("sf32", s15(1.047882, 0.022918, -0.050217, 0.029587, 0.990479, -0.017059, -0.009247, 0.015076, 0.751678)...)},
		// The primaries of ITU-R BT.709 under D50; their sum is the white point.
		{"rXYZ", element("XYZ ", s15(0.436066, 0.222488, 0.013916)...)},
		{"gXYZ", element("XYZ ", s15(0.385147, 0.716873, 0.097076)...)},
		{"bXYZ", element("XYZ ", s15(0.143066, 0.060608, 0.714096)...)},
		{"rTRC", curve},
		{"gTRC", nil},
		{"bTRC", nil}, // all three are the same
	}
	const header = 128
	offset := header + 4 + 12*len(tags)
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	last, length := 0, 0
	for _, t := range tags {
		if t.data != nil {
			last, length = offset+len(data), len(t.data)
			data = append(data, t.data...)
			data = append(data, make([]byte, -len(data)&3)...)
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(last))
		table = binary.BigEndian.AppendUint32(table, uint32(length))
	}
	b := make([]byte, header, offset+len(data))
	binary.BigEndian.PutUint32(b, uint32(offset+len(data)))
	b[8], b[9] = 4, 0x30 // version 4.3
	copy(b[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1} { // made on
		binary.BigEndian.PutUint16(b[24+2*i:], v)
	}
	copy(b[36:], "acsp")
	copy(b[68:], s15(d50...))
	return slices.Concat(b, table, data)
}
