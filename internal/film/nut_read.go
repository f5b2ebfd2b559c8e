package film

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// mostHeader bounds a header, mostPacket a frame.
const (
	mostHeader = 1 << 20
	mostPacket = 1 << 31
)

// nutReader reads a stream of one video track.
type nutReader struct {
	r       *bufio.Reader
	track   track
	codes   [256]nutCode
	headers [][]byte // what frames may begin with, by their number; the first is empty
	shift   int      // bits of a time that is not written whole
	reach   int64    // the largest step in time without a checksum
	last    int64    // time
	buffer  []byte
}

// nutCode is a row of the table of frame codes.
type nutCode struct {
	flags, stream, mul, lsb, reserved, header int
	delta                                     int64
}

// newNUTReader reads the headers of a stream.
func newNUTReader(r io.Reader) (*nutReader, error) {
	n := &nutReader{r: bufio.NewReaderSize(r, 1<<16)}
	id := make([]byte, len(nutID))
	if _, err := io.ReadFull(n.r, id); err != nil {
		return nil, err
	}
	if string(id) != nutID {
		return nil, errNUT
	}
	for n.track.fourcc == nil {
		code, err := n.startCode()
		if err != nil {
			return nil, err
		}
		if err := n.packet(code); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (n *nutReader) startCode() (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(n.r, b[:]); err != nil {
		return 0, cut(err)
	}
	return binary.BigEndian.Uint64(b[:]), nil
}

// packet reads a packet after its start code.
func (n *nutReader) packet(code uint64) error {
	length, err := readV(n.r)
	if err != nil {
		return err
	}
	if length < 4 || length > mostHeader {
		return fmt.Errorf("%w: a header of %d bytes", errNUT, length)
	}
	if length > 4096 {
		if _, err := n.r.Discard(4); err != nil {
			return cut(err)
		}
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(n.r, b); err != nil {
		return cut(err)
	}
	payload := b[:length-4]
	if nutCRC(payload) != binary.BigEndian.Uint32(b[length-4:]) {
		return fmt.Errorf("%w: a header is damaged", errNUT)
	}
	v := &nutValues{b: payload}
	switch code {
	case nutMain:
		n.main(v)
	case nutStream:
		n.stream(v)
	case nutSync:
		n.last = v.v() // one time base, so that the time is not mixed with its number
	case nutInfo, nutIndex:
	default:
		return fmt.Errorf("%w: start code %x", errNUT, code)
	}
	return v.err
}

// main reads the main header.
func (n *nutReader) main(v *nutValues) {
	version, streams := v.v(), v.v()
	v.v()
	bases := v.v()
	num, den := v.v(), v.v()
	if version != nutVersion || streams != 1 || bases != 1 || num < 1 || den < 1 {
		v.err = fmt.Errorf("%w: version %d, %d streams, time base %d/%d", errNUT, version, streams, num, den)
		return
	}
	n.track.base = Ratio{num, den}
	n.table(v)
	n.headers = [][]byte{nil}
	for range min(v.v(), 128) {
		n.headers = append(n.headers, append([]byte(nil), v.vb()...))
	}
}

// table reads the table of frame codes.
func (n *nutReader) table(v *nutValues) {
	c, i := nutCode{}, 0
	for i < 256 && v.err == nil {
		c.flags = int(v.v())
		fields := v.v()
		value := func(at int64, otherwise int) int {
			if fields > at {
				return int(v.v())
			}
			return otherwise
		}
		if fields > 0 {
			c.delta = v.s()
		}
		c.mul = value(1, c.mul)
		c.stream = value(2, c.stream)
		size := value(3, 0)
		c.reserved = value(4, 0)
		count := value(5, c.mul-size)
		if fields > 6 {
			v.s()
		}
		c.header = value(7, c.header)
		for range min(max(fields-8, 0), 64) {
			v.v()
		}
		if count <= 0 {
			v.err = fmt.Errorf("%w: its table of frame codes is damaged", errNUT)
		}
		for j := 0; j < count && i < 256; i++ {
			if i == 'N' { // begins a start code
				n.codes[i].flags = nutInvalid
				continue
			}
			c.lsb = size + j
			n.codes[i] = c
			j++
		}
	}
}

// stream reads the header of the track.
func (n *nutReader) stream(v *nutValues) {
	t := &n.track
	id, class := v.v(), v.v()
	t.fourcc = append([]byte{}, v.vb()...)
	v.v()
	n.shift = int(min(v.v(), 62))
	n.reach = v.v()
	t.delay = int(v.v())
	v.v()
	t.extra = append([]byte{}, v.vb()...)
	t.width, t.height = int(v.v()), int(v.v())
	t.aspect = Ratio{v.v(), v.v()}
	if id != 0 || class != 0 || len(t.fourcc) == 0 {
		v.err = fmt.Errorf("%w: it has no video", errNUT)
	}
}

// next returns the next frame, whose data the next call overwrites. The error is io.EOF at the
// end.
func (n *nutReader) next() (packet, error) {
	for {
		first, err := n.r.ReadByte()
		if err != nil {
			return packet{}, err
		}
		if first != 'N' {
			return n.frame(first)
		}
		_ = n.r.UnreadByte() // a byte was read just now
		code, err := n.startCode()
		if err != nil {
			return packet{}, err
		}
		if err := n.packet(code); err != nil {
			return packet{}, err
		}
	}
}

// frame reads a frame after its code.
func (n *nutReader) frame(first byte) (packet, error) {
	c := n.codes[first]
	var err error
	value := func() int64 {
		var x int64
		if err == nil {
			x, err = readV(n.r)
		}
		return x
	}
	flags := c.flags
	if flags&nutInvalid != 0 {
		return packet{}, fmt.Errorf("%w: frame code %d", errNUT, first)
	}
	if flags&nutCoded != 0 {
		flags ^= int(value())
	}
	if flags&nutStreamID != 0 {
		value()
	}
	time := n.last + c.delta
	if flags&nutCodedPTS != 0 {
		time = n.time(value())
	}
	size, header := int64(c.lsb), c.header
	if flags&nutSizeMSB != 0 {
		size += int64(c.mul) * value()
	}
	if flags&nutMatchTime != 0 {
		value()
	}
	if flags&nutHeaderIdx != 0 {
		header = int(value())
	}
	reserved := c.reserved
	if flags&nutReserved != 0 {
		reserved = int(value())
	}
	for range min(reserved, 64) {
		value()
	}
	if err == nil && flags&nutChecksum != 0 {
		_, err = n.r.Discard(4)
	}
	if size > 4096 {
		header = 0
	}
	switch {
	case err != nil:
		return packet{}, cut(err)
	case size < 0 || size > mostPacket || header < 0 || header >= len(n.headers) || int64(len(n.headers[header])) > size || flags&nutSideData != 0:
		return packet{}, fmt.Errorf("%w: a frame of %d bytes", errNUT, size)
	}
	if int64(cap(n.buffer)) < size {
		n.buffer = make([]byte, size)
	}
	data := n.buffer[:size]
	if _, err := io.ReadFull(n.r, data[copy(data, n.headers[header]):]); err != nil {
		return packet{}, cut(err)
	}
	n.last = time
	return packet{data, time, flags&nutKey != 0}, nil
}

// time returns a time that is written whole, or by its last bits.
func (n *nutReader) time(coded int64) int64 {
	whole := int64(1) << n.shift
	if coded >= whole {
		return coded - whole
	}
	delta := n.last - whole/2
	return (coded-delta)&(whole-1) + delta
}
