package imgio_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// Files that no Go package can write, made with ImageMagick 6.9, options
// -strip -quality 80 (or 50).
const (
	blackWhiteWebP = "UklGRjIAAABXRUJQVlA4ICYAAABwAgCdASogABAALk02m02hJCQkBABMS0gAB7KAAP79Ny3/sdAAAA=="                                                                                                                                                                                                                                                                                                                         // lossy, 32x16, left half black
	halfRedWebP    = "UklGRlwAAABXRUJQVlA4WAoAAAAQAAAADwAADwAAQUxQSAoAAAABB9C/iAhERP8DVlA4ICwAAACQAQCdASoQABAAAsBMJaACdLoAA5gA/u5DH+5sc4twV/9tD/9aH/60P+lAAA=="                                                                                                                                                                                                                                                                 // lossy, 16x16, red at half opacity
	cyanCMYKJPEG   = "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlwZHhcZWdj/9sAQwEREhIYFRgvGhovY0I4QmNjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj/8AAFAgAEAAQBAEiAAIRAQMRAQQiAP/EABYAAQEBAAAAAAAAAAAAAAAAAAAFB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAVAQEBAAAAAAAAAAAAAAAAAAAFBv/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAOBAEAAhEDEQQAAD8AigC140AB/9k=" // 16x16, full cyan
)

func fromBase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// encoded returns what encode writes for m.
func encoded(t testing.TB, m image.Image, encode func(io.Writer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(w io.Writer, m image.Image) error {
	return jpeg.Encode(w, m, &jpeg.Options{Quality: 100})
}
func asTIFF(w io.Writer, m image.Image) error { return tiff.Encode(w, m, nil) }
func asGIF(w io.Writer, m image.Image) error  { return gif.Encode(w, m, nil) }

// formats returns an encoder for each format that Go can write.
func formats() map[string]func(io.Writer, image.Image) error {
	return map[string]func(io.Writer, image.Image) error{
		"jpeg": asJPEG, "png": png.Encode, "tiff": asTIFF, "bmp": bmp.Encode, "gif": asGIF,
	}
}

// blocks returns a picture of 3 by 2 blocks of 16 by 16 pixels in different colours, so that
// it looks different in every orientation.
func blocks() *image.NRGBA {
	colours := []color.NRGBA{
		{0xff, 0, 0, 0xff},
		{0, 0xff, 0, 0xff},
		{0, 0, 0xff, 0xff},
		{0, 0, 0, 0xff},
		{0xff, 0xff, 0, 0xff},
		{0xff, 0xff, 0xff, 0xff},
	}
	m := image.NewNRGBA(image.Rect(0, 0, 48, 32))
	for y := range 32 {
		for x := range 48 {
			m.SetNRGBA(x, y, colours[y/16*3+x/16])
		}
	}
	return m
}

// field is an entry of a TIFF directory with a value of any length.
type field struct {
	tag, kind uint16
	value     []byte
}

// orientationField is the orientation tag, a SHORT.
func orientationField(order binary.AppendByteOrder, o int) field {
	return field{274, 3, order.AppendUint16(nil, uint16(o))}
}

// appendEntries appends fields to b as directory entries of 12 bytes. Values longer than 4
// bytes go to long, which starts at offset end of the file.
func appendEntries(b, long []byte, order binary.AppendByteOrder, end int, fields []field) (entries, rest []byte) {
	sizes := map[uint16]int{1: 1, 3: 2, 4: 4, 7: 1}
	for _, f := range fields {
		b = order.AppendUint16(b, f.tag)
		b = order.AppendUint16(b, f.kind)
		b = order.AppendUint32(b, uint32(len(f.value)/sizes[f.kind]))
		if len(f.value) <= 4 {
			b = append(b, append(bytes.Clone(f.value), 0, 0, 0, 0)[:4]...)
			continue
		}
		b = order.AppendUint32(b, uint32(end+len(long)))
		long = append(long, f.value...)
	}
	return b, long
}

// exifBlock returns an EXIF block with an orientation and another field before it.
func exifBlock(order binary.AppendByteOrder, o int) []byte {
	b := []byte("MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	fields := []field{{271, 7, []byte("a camera maker with a long name")}, orientationField(order, o)}
	b = order.AppendUint16(b, uint16(len(fields)))
	b, long := appendEntries(b, nil, order, 8+2+12*len(fields)+4, fields)
	return append(order.AppendUint32(b, 0), long...)
}

// withSegment inserts a marker segment into a JPEG file, after the first two bytes.
func withSegment(file []byte, marker byte, payload ...[]byte) []byte {
	body := bytes.Join(payload, nil)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body)))
	return bytes.Join([][]byte{file[:2], segment, body, file[2:]}, nil)
}

// withChunk inserts a chunk into a PNG file, after its header.
func withChunk(file []byte, kind string, data []byte) []byte {
	const afterHeader = 8 + 25
	c := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	c = append(append(c, kind...), data...)
	c = binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
	return bytes.Join([][]byte{file[:afterHeader], c, file[afterHeader:]}, nil)
}

// withFields adds fields to the directory of a little-endian TIFF file. It writes a new
// directory at the end. Tags must be in ascending order.
func withFields(file []byte, added ...field) []byte {
	order := binary.LittleEndian
	start := order.Uint32(file[4:])
	n := int(order.Uint16(file[start:]))
	var all []byte
	for i := range n {
		all = append(all, file[int(start)+2+12*i:][:12]...)
	}
	out := bytes.Clone(file)
	end := len(out) + 2 + 12*(n+len(added)) + 4
	entries, long := appendEntries(nil, nil, order, end, added)
	order.PutUint32(out[4:], uint32(len(out)))
	out = order.AppendUint16(out, uint16(n+len(added)))
	for len(all) > 0 || len(entries) > 0 { // merge by tag, as TIFF wants
		from := &all
		if len(all) == 0 || len(entries) > 0 && order.Uint16(entries) < order.Uint16(all) {
			from = &entries
		}
		out = append(out, (*from)[:12]...)
		*from = (*from)[12:]
	}
	return append(order.AppendUint32(out, 0), long...)
}

// extendedWebP wraps the picture chunk of a plain lossy WebP file of w by h
// pixels with a profile and an EXIF block, either of which may be nil.
func extendedWebP(plain []byte, w, h int, icc, exif []byte) []byte {
	chunk := func(kind string, data []byte) []byte {
		c := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
		c = append(c, data...)
		return append(c, make([]byte, len(data)%2)...)
	}
	header := make([]byte, 10)
	var before, after []byte
	if icc != nil {
		header[0] |= 1 << 5
		before = chunk("ICCP", icc)
	}
	if exif != nil {
		header[0] |= 1 << 3
		after = chunk("EXIF", exif)
	}
	header[4], header[7] = byte(w-1), byte(h-1)
	body := bytes.Join([][]byte{[]byte("WEBP"), chunk("VP8X", header), before, plain[12:], after}, nil)
	return chunk("RIFF", body)
}
