package safetensors

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// Entry is a tensor to be written.
type Entry struct {
	Name   string
	Shape  []int
	Values []float32 // in row-major order, as many as Shape says
	Half   bool      // write float16 instead of float32
}

// Write writes a file with these tensors, in this order, and these metadata. The same
// arguments give the same bytes. It is an error if a value is not finite or is too
// large for float16, or if there are more tensors and metadata than [Open] reads.
func Write(w io.Writer, entries []Entry, meta map[string]string) error {
	header := map[string]any{metadataKey: meta}
	end := int64(0)
	for _, e := range entries {
		from, d, size := end, "F32", int64(4)
		if e.Half {
			d, size = "F16", 2
		}
		end += size * int64(len(e.Values))
		header[e.Name] = span{d, e.Shape, [2]int64{from, end}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("safetensors: writing the header: %w", err)
	}
	for len(text)%8 != 0 { // aligns the numbers
		text = append(text, ' ')
	}
	if len(text) > maxHeader {
		return fmt.Errorf("safetensors: header of %d bytes, want at most %d", len(text), maxHeader)
	}
	b := bufio.NewWriterSize(w, 64<<10)
	b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) // Flush returns any error
	b.Write(text)
	for _, e := range entries {
		if err := writeValues(b, e.Values, e.Half); err != nil {
			return fmt.Errorf("safetensors: tensor %s: %w", e.Name, err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("safetensors: writing: %w", err)
	}
	return nil
}

func writeValues(w *bufio.Writer, v []float32, half bool) error {
	if err := Finite(v); err != nil {
		return err
	}
	buf := make([]byte, 0, 4)
	for i, x := range v {
		if half {
			h := ToHalf(x)
			if h&0x7c00 == 0x7c00 {
				return fmt.Errorf("value %d is %v, too large for float16", i, x)
			}
			buf = binary.LittleEndian.AppendUint16(buf[:0], h)
		} else {
			buf = binary.LittleEndian.AppendUint32(buf[:0], math.Float32bits(x))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// ChecksumKey is the entry of the metadata that holds a [Checksum].
const ChecksumKey = "data_sha256"

// Checksum returns the SHA-256, in hexadecimal digits, of the numbers as [Write] writes them.
// With that under [ChecksumKey] in the metadata, [File.Verify] finds damage. Errors are those
// of Write.
func Checksum(entries []Entry) (string, error) {
	h := sha256.New()
	b := bufio.NewWriterSize(h, 64<<10)
	for _, e := range entries {
		if err := writeValues(b, e.Values, e.Half); err != nil {
			return "", fmt.Errorf("safetensors: tensor %s: %w", e.Name, err)
		}
	}
	b.Flush() // a hash returns no errors
	return hex.EncodeToString(h.Sum(nil)), nil
}

// ErrChecksum means that the numbers of a file are not those that were written.
var ErrChecksum = errors.New("safetensors: checksum of the numbers differs: the file is damaged")

// Verify reads all numbers and compares their checksum with that in the metadata. Without one
// it does nothing. The error matches [ErrChecksum] if they differ.
func (f *File) Verify() error {
	want, ok := f.Meta[ChecksumKey]
	if !ok {
		return nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f.r, f.start, f.size-f.start)); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return ErrChecksum
	}
	return nil
}
