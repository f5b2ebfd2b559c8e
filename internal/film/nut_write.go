package film

import (
	"encoding/binary"
	"io"
)

// The codes of the frames that are written.
const (
	nutKeyCode   = 1
	nutOtherCode = 2
)

// nutPTSShift is the number of bits below which a time is not whole. All are written whole.
const nutPTSShift = 7

// nutWriter writes a stream of one video track.
type nutWriter struct {
	w      io.Writer
	buffer []byte
}

// newNUTWriter writes the headers of a stream.
func newNUTWriter(w io.Writer, t track) (*nutWriter, error) {
	n := &nutWriter{w: w}
	var main nutValues
	const distance = 32767 // there is a synchronisation point before each frame
	main.put(nutVersion, 1, distance, 1, t.base.Num, t.base.Den)
	frame := int64(nutCodedPTS | nutSizeMSB | nutChecksum)
	main.put(nutInvalid, 6, 0, 1, 0, 0, 0, 1)
	main.put(frame|nutKey, 6, 0, 1, 0, 0, 0, 1)
	main.put(frame, 6, 0, 1, 0, 0, 0, 1)
	main.put(nutInvalid, 6, 0, 1, 0, 0, 0, 256-3-1) // all others; N does not count
	main.put(0)                                     // frames begin with nothing that is left out
	var stream nutValues
	stream.put(0, 0)
	stream.putBytes(t.fourcc)
	stream.put(0, nutPTSShift, 1<<nutPTSShift, int64(t.delay), 0)
	stream.putBytes(t.extra)
	stream.put(int64(t.width), int64(t.height), t.aspect.Num, t.aspect.Den, 0)
	b := appendPacket([]byte(nutID), nutMain, main.b)
	_, err := w.Write(appendPacket(b, nutStream, stream.b))
	return n, err
}

// write writes a frame.
func (n *nutWriter) write(p packet) error {
	var sync nutValues
	sync.put(p.time, 0)
	b := appendPacket(n.buffer[:0], nutSync, sync.b)
	start := len(b)
	code := byte(nutOtherCode)
	if p.key {
		code = nutKeyCode
	}
	b = append(b, code)
	b = appendV(b, uint64(p.time)+1<<nutPTSShift)
	b = appendV(b, uint64(len(p.data)))
	n.buffer = binary.BigEndian.AppendUint32(b, nutCRC(b[start:]))
	if _, err := n.w.Write(n.buffer); err != nil {
		return err
	}
	_, err := n.w.Write(p.data)
	return err
}
