package tiff

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// Types of fields (TIFF 6.0, section 2).
const (
	TypeByte      = 1
	TypeASCII     = 2
	TypeShort     = 3
	TypeLong      = 4
	TypeRational  = 5
	TypeUndefined = 7
)

// Field is an entry of a directory. Value has the byte order of the file, and the length that
// Type and Count give.
type Field struct {
	Tag, Type uint16
	Count     uint32
	Value     []byte
}

// Directories are the directories of a TIFF structure, also of an EXIF block. The tags that
// point from Main to the others are added when it is written.
type Directories struct {
	Order           binary.ByteOrder // LittleEndian or BigEndian
	Main, Exif, GPS []Field
}

// Tags of Main that point to the other directories (EXIF 2.3, 4.6.3).
const (
	tagExif = 34665
	tagGPS  = 34853
)

// Short returns a field of 16-bit numbers.
func (d *Directories) Short(tag uint16, values ...uint16) Field {
	b := make([]byte, 2*len(values))
	for i, v := range values {
		d.Order.PutUint16(b[2*i:], v)
	}
	return Field{tag, TypeShort, uint32(len(values)), b}
}

// Long returns a field of 32-bit numbers.
func (d *Directories) Long(tag uint16, values ...uint32) Field {
	b := make([]byte, 4*len(values))
	for i, v := range values {
		d.Order.PutUint32(b[4*i:], v)
	}
	return Field{tag, TypeLong, uint32(len(values)), b}
}

// Rational returns a field with a number in thousandths.
func (d *Directories) Rational(tag uint16, value float64) Field {
	f := d.Long(tag, uint32(math.Round(value*1000)), 1000)
	f.Type, f.Count = TypeRational, 1
	return f
}

// Text returns a field of text. It ends before the first NUL.
func Text(tag uint16, text string) Field {
	b, _, _ := bytes.Cut([]byte(text), []byte{0})
	b = append(b, 0)
	return Field{tag, TypeASCII, uint32(len(b)), b}
}

// Set puts fields into Main, in place of those with the same tags.
func (d *Directories) Set(fields ...Field) {
	for _, f := range fields {
		d.Main = slices.DeleteFunc(d.Main, func(old Field) bool { return old.Tag == f.Tag })
		d.Main = append(d.Main, f)
	}
}

// Block returns the directories as an EXIF block: a TIFF structure without a picture.
func (d *Directories) Block() []byte {
	const header = 8
	return append(d.header(header), d.bytes(header)...)
}

// header returns the first bytes of a structure whose directories are at an offset.
func (d *Directories) header(offset uint32) []byte {
	b := make([]byte, 8)
	copy(b, "II")
	if d.Order == binary.BigEndian {
		copy(b, "MM")
	}
	d.Order.PutUint16(b[2:], 42)
	d.Order.PutUint32(b[4:], offset)
	return b
}

// bytes returns all directories, to be placed at an offset: Main, then Exif, then GPS.
func (d *Directories) bytes(offset uint32) []byte {
	all := Directories{Order: d.Order, Main: slices.Clone(d.Main)}
	if len(d.Exif) > 0 {
		all.Set(d.Long(tagExif, 0))
	}
	if len(d.GPS) > 0 {
		all.Set(d.Long(tagGPS, 0))
	}
	exif := offset + size(all.Main)
	gps := exif + size(d.Exif)
	if len(d.Exif) > 0 {
		all.Set(d.Long(tagExif, exif))
	}
	if len(d.GPS) > 0 {
		all.Set(d.Long(tagGPS, gps))
	}
	b := d.directory(all.Main, offset)
	b = append(b, d.directory(d.Exif, exif)...)
	return append(b, d.directory(d.GPS, gps)...)
}

// size returns the bytes of a directory: count, entries, offset of the next, long values.
func size(fields []Field) uint32 {
	if len(fields) == 0 {
		return 0
	}
	n := 2 + 12*len(fields) + 4
	for _, f := range fields {
		if len(f.Value) > 4 {
			n += len(f.Value) + len(f.Value)%2
		}
	}
	return uint32(n + n%2)
}

// directory returns one directory that is placed at an offset, with its tags in order.
func (d *Directories) directory(fields []Field, offset uint32) []byte {
	if len(fields) == 0 {
		return nil
	}
	fields = slices.Clone(fields)
	slices.SortFunc(fields, func(a, b Field) int { return int(a.Tag) - int(b.Tag) })
	b := make([]byte, 2, size(fields))
	d.Order.PutUint16(b, uint16(len(fields)))
	values := offset + uint32(2+12*len(fields)+4)
	var long []byte
	for _, f := range fields {
		e := make([]byte, 12)
		d.Order.PutUint16(e, f.Tag)
		d.Order.PutUint16(e[2:], f.Type)
		d.Order.PutUint32(e[4:], f.Count)
		if len(f.Value) <= 4 {
			copy(e[8:], f.Value)
		} else {
			d.Order.PutUint32(e[8:], values+uint32(len(long)))
			long = append(long, f.Value...)
			if len(long)%2 == 1 { // values start at even offsets
				long = append(long, 0)
			}
		}
		b = append(b, e...)
	}
	b = append(append(b, 0, 0, 0, 0), long...)
	return append(b, make([]byte, int(size(fields))-len(b))...)
}

// Picture is a picture to write.
type Picture struct {
	W, H  int
	Depth int  // 8 or 16 bits in a sample
	Alpha bool // four samples in a pixel, the last is alpha that is not premultiplied; else three

	// Row fills dst with a row: red, green, blue and alpha of each pixel. Several goroutines may
	// call it.
	Row func(y int, dst []uint16)
}

// stripBytes is about how much of a picture is compressed at once.
const stripBytes = 256 << 10

// Write writes a TIFF file with one RGB picture: strips with Deflate and the horizontal
// predictor (TIFF 6.0, section 14). The fields of d are added to its directory. Errors come
// from out, or say that the file would be longer than the 4 GB of the format.
func (d *Directories) Write(out io.Writer, p *Picture) error {
	samples := 3
	if p.Alpha {
		samples = 4
	}
	row := p.W * samples * p.Depth / 8
	rows := min(p.H, max(1, stripBytes/row))
	strips := d.strips(p, rows, samples)
	const header = 8
	end := int64(header)
	var offsets, counts []uint32
	for _, s := range strips {
		offsets, counts = append(offsets, uint32(end)), append(counts, uint32(len(s)))
		end += int64(len(s))
	}
	if end > math.MaxUint32-1<<24 { // with room for directories
		return fmt.Errorf("tiff: %dx%d pixels do not fit into 4 GB", p.W, p.H)
	}
	const deflate, rgb, contiguous, horizontal, unassociated = 8, 2, 1, 2, 2
	depth := make([]uint16, samples)
	for i := range depth {
		depth[i] = uint16(p.Depth)
	}
	all := Directories{Order: d.Order, Main: slices.Clone(d.Main), Exif: d.Exif, GPS: d.GPS}
	all.Set(
		d.Long(tagImageWidth, uint32(p.W)), d.Long(tagImageLength, uint32(p.H)),
		d.Short(tagBitsPerSample, depth...), d.Short(tagCompression, deflate), d.Short(tagPhotometric, rgb),
		d.Long(tagStripOffsets, offsets...), d.Short(tagOrientation, 1), d.Short(tagSamplesPerPixel, uint16(samples)),
		d.Long(tagRowsPerStrip, uint32(rows)), d.Long(tagStripByteCounts, counts...),
		d.Short(tagPlanarConfiguration, contiguous), d.Short(tagPredictor, horizontal),
	)
	if p.Alpha {
		all.Set(d.Short(tagExtraSamples, unassociated))
	}
	for _, b := range slices.Concat([][]byte{d.header(uint32(end))}, strips, [][]byte{all.bytes(uint32(end))}) {
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// strips compresses all rows, several strips at once. Each has an even length, so that the next
// one starts at an even offset.
func (d *Directories) strips(p *Picture, rows, samples int) [][]byte {
	all := make([][]byte, (p.H+rows-1)/rows)
	workers := min(len(all), runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < len(all); i += workers {
				all[i] = d.strip(p, i*rows, min((i+1)*rows, p.H), samples)
			}
		})
	}
	wg.Wait()
	return all
}

// strip compresses the rows from lo to hi.
func (d *Directories) strip(p *Picture, lo, hi, samples int) []byte {
	var out bytes.Buffer // takes everything
	z := zlib.NewWriter(&out)
	pixels := make([]uint16, 4*p.W)
	line := make([]uint16, p.W*samples)
	b := make([]byte, p.W*samples*p.Depth/8)
	for y := lo; y < hi; y++ {
		p.Row(y, pixels)
		for x := range p.W {
			copy(line[samples*x:samples*(x+1)], pixels[4*x:])
		}
		for i := len(line) - 1; i >= samples; i-- { // the differences wrap around
			line[i] -= line[i-samples]
		}
		for i, v := range line {
			if p.Depth == 16 {
				d.Order.PutUint16(b[2*i:], v)
			} else {
				b[i] = byte(v)
			}
		}
		z.Write(b)
	}
	z.Close()
	if out.Len()%2 == 1 {
		out.WriteByte(0)
	}
	return out.Bytes()
}
