package film

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// NUT is the container that frames pass through on a pipe, as ffmpeg reads and writes it:
// "NUT Open Container Format", 2006 (ffmpeg.org/nut.html). It holds the exact time of every
// frame, also where frames are not equally far apart. This file has what reading and writing
// share. Streams have one video track.

// nutID begins a file.
const nutID = "nut/multimedia container\x00"

// The start codes of packets.
const (
	nutMain   = 0x4E4D7A561F5F04AD
	nutStream = 0x4E5311405BF2F9DB
	nutSync   = 0x4E4BE4ADEECA4569
	nutIndex  = 0x4E58DD672F23E64E
	nutInfo   = 0x4E49AB68B596BA78
)

// The flags of a frame.
const (
	nutKey       = 1
	nutCodedPTS  = 8
	nutStreamID  = 16
	nutSizeMSB   = 32
	nutChecksum  = 64
	nutReserved  = 128
	nutSideData  = 256
	nutHeaderIdx = 1024
	nutMatchTime = 2048
	nutCoded     = 4096
	nutInvalid   = 8192
)

// nutVersion is the version that is written, and read: the frozen one.
const nutVersion = 3

// Track is what a stream says about its video.
type track struct {
	fourcc        []byte
	extra         []byte // what a decoder needs beside the packets
	base          Ratio  // seconds of a tick
	width, height int
	aspect        Ratio // width over height of a pixel; 0/0 is not known
	delay         int   // frames between the order of decoding and that of showing
}

// Packet is a frame of a stream, encoded or raw.
type packet struct {
	data []byte
	time int64 // in ticks of the stream's time base
	key  bool
}

// errNUT means that the stream of ffmpeg is not as the format has it.
var errNUT = errors.New("ffmpeg sent a stream that nst does not understand")

// nutCRC is the checksum of a header: the polynomial 0x04C11DB7, for bits in their order.
func nutCRC(p []byte) uint32 {
	c := uint32(0)
	for _, b := range p {
		c ^= uint32(b) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04C11DB7
			} else {
				c <<= 1
			}
		}
	}
	return c
}

// nutValues reads and writes the numbers of headers.
type nutValues struct {
	b   []byte
	err error
}

// v reads a number of seven bits a byte.
func (n *nutValues) v() int64 {
	x := int64(0)
	for i, c := range n.b {
		x = x<<7 | int64(c&127)
		if c < 128 {
			n.b = n.b[i+1:]
			return x
		}
	}
	n.err, n.b = fmt.Errorf("%w: a header is cut short", errNUT), nil
	return 0
}

// s reads a number with a sign.
func (n *nutValues) s() int64 {
	x := n.v() + 1
	if x&1 != 0 {
		return -(x >> 1)
	}
	return x >> 1
}

// vb reads bytes with their number before them.
func (n *nutValues) vb() []byte {
	size := n.v()
	if size < 0 || size > int64(len(n.b)) {
		n.err, n.b = fmt.Errorf("%w: a header is cut short", errNUT), nil
		return nil
	}
	out := n.b[:size:size]
	n.b = n.b[size:]
	return out
}

// put appends numbers.
func (n *nutValues) put(xs ...int64) {
	for _, x := range xs {
		n.b = appendV(n.b, uint64(x))
	}
}

// putBytes appends bytes with their number before them.
func (n *nutValues) putBytes(p []byte) {
	n.put(int64(len(p)))
	n.b = append(n.b, p...)
}

func appendV(b []byte, x uint64) []byte {
	shift := 63
	for shift > 0 && x>>shift == 0 {
		shift -= 7
	}
	for ; shift > 0; shift -= 7 {
		b = append(b, byte(x>>shift)|128)
	}
	return append(b, byte(x&127))
}

// appendPacket appends a packet with its start code, length and checksum.
func appendPacket(b []byte, code uint64, payload []byte) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint64(b, code)
	b = appendV(b, uint64(len(payload)+4))
	if len(payload)+4 > 4096 {
		b = binary.BigEndian.AppendUint32(b, nutCRC(b[start:]))
	}
	b = append(b, payload...)
	return binary.BigEndian.AppendUint32(b, nutCRC(payload))
}

// readV reads a number from a stream, and appends its bytes to b.
func readV(r *bufio.Reader) (int64, error) {
	x := int64(0)
	for range 10 {
		c, err := r.ReadByte()
		if err != nil {
			return 0, cut(err)
		}
		x = x<<7 | int64(c&127)
		if c < 128 {
			return x, nil
		}
	}
	return 0, fmt.Errorf("%w: a number is too long", errNUT)
}

// cut turns the end of a stream into an error.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
