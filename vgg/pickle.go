package vgg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// unpickler runs the part of Python's pickle machine that a state dict needs: numbers,
// strings, tuples, lists, dictionaries, and calls of what global returns. A pickle cannot
// reach anything else. It may have 256K instructions and 16 MB of strings, so that it cannot
// fill the memory, even if it is compressed.
type unpickler struct {
	r          *counter
	steps      int // instructions so far
	stack      []any
	marks      []int
	memo       map[int]any
	global     func(module, name string) (any, error) // decides what a pickle may call
	persistent func(id []any) (any, error)
}

// Values on the stack are nil, bool, int, float64, string, []byte (a little-endian integer
// that does not fit an int), blob, tuple, *list, *dict, callable, and what global and
// persistent return.
type (
	tuple    []any
	list     struct{ items []any }
	dict     struct{ keys, values []any }
	callable func(args []any) (any, error)
	blob     struct{ off, n int64 } // a long string of bytes, where it lies in the file
)

// stateful is a value that a pickle gives a state with BUILD.
type stateful interface{ build(state any) error }

var errPickle = errors.New("damaged")

// counter counts the bytes that it reads.
type counter struct {
	r interface {
		io.Reader
		io.ByteReader
	}
	n       int64
	strings int // bytes so far

	// If the pickle is in a file that can be read anywhere, long strings stay there.
	file  io.ReaderAt
	start int64 // of the pickle in the file
}

func (c *counter) byte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// The state dict of a VGG has 1500 instructions and names of a few dozen bytes.
const (
	maxString  = 1 << 20 // bytes
	maxStrings = 1 << 24 // bytes, of all strings together
	maxSteps   = 1 << 18
	longString = 64 // bytes from which on a string can be a blob
)

func (c *counter) bytes(n int) ([]byte, error) {
	if c.strings += n; n < 0 || n > maxString || c.strings > maxStrings {
		return nil, fmt.Errorf("string of %d bytes: %w", n, errPickle)
	}
	b := make([]byte, n)
	m, err := io.ReadFull(c.r, b)
	c.n += int64(m)
	return b, err
}

// blob skips n bytes.
func (c *counter) blob(n int) (blob, error) {
	b := blob{c.start + c.n, int64(n)}
	m, err := io.CopyN(io.Discard, c.r, b.n)
	c.n += m
	return b, err
}

func (c *counter) uint(size int) (int, error) {
	b, err := c.bytes(size)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return int(binary.LittleEndian.Uint64(wide[:])), nil
}

func (c *counter) line() (string, error) {
	var line []byte
	for len(line) < 1000 {
		b, err := c.byte()
		if err != nil {
			return "", err
		}
		if b == '\n' {
			return string(line), nil
		}
		line = append(line, b)
	}
	return "", fmt.Errorf("line of more than 1000 bytes: %w", errPickle)
}

// load runs one pickle and returns its result.
func (u *unpickler) load() (any, error) {
	u.stack, u.marks, u.memo = nil, nil, map[int]any{}
	for {
		op, err := u.r.byte()
		if err == nil && op == '.' {
			return u.pop()
		}
		if err == nil {
			err = u.step(op)
		}
		if u.steps++; u.steps > maxSteps {
			err = fmt.Errorf("more than %d instructions: %w", maxSteps, errPickle)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("pickle: file is cut short")
		}
		if err != nil {
			return nil, fmt.Errorf("pickle: %w", err)
		}
	}
}

func (u *unpickler) push(v any) { u.stack = append(u.stack, v) }

// pop removes the top of the stack. It does not go below the last mark.
func (u *unpickler) pop() (any, error) {
	floor := 0
	if len(u.marks) > 0 {
		floor = u.marks[len(u.marks)-1]
	}
	if len(u.stack) <= floor {
		return nil, fmt.Errorf("stack is empty: %w", errPickle)
	}
	v := u.stack[len(u.stack)-1]
	u.stack = u.stack[:len(u.stack)-1]
	return v, nil
}

func (u *unpickler) popN(n int) (tuple, error) {
	t := make(tuple, n)
	for i := n - 1; i >= 0; i-- {
		v, err := u.pop()
		if err != nil {
			return nil, err
		}
		t[i] = v
	}
	return t, nil
}

// popMark removes everything above the last mark, and the mark.
func (u *unpickler) popMark() (tuple, error) {
	if len(u.marks) == 0 {
		return nil, fmt.Errorf("no mark: %w", errPickle)
	}
	t, err := u.popN(len(u.stack) - u.marks[len(u.marks)-1])
	u.marks = u.marks[:len(u.marks)-1]
	return t, err
}

// step runs one instruction. Names in comments are those of Python's pickletools.
func (u *unpickler) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		_, err := u.r.byte()
		return err
	case 0x95: // FRAME: a hint for reading ahead
		_, err := u.r.bytes(8)
		return err
	case '(': // MARK
		u.marks = append(u.marks, len(u.stack))
		return nil
	case '}', ']', ')', 'N', 0x88, 0x89: // EMPTY_DICT ... NEWFALSE
		u.push(constant(op))
		return nil
	case 'K', 'M', 'J', 'G', 0x8a: // numbers
		return u.number(op)
	case 'X', 'T', 'U', 0x8c, 'B', 'C', 0x8e: // strings
		return u.text(op)
	case 'q', 'r', 'h', 'j', 0x94: // memo
		return u.remember(op)
	case 't', 0x85, 0x86, 0x87: // TUPLE, TUPLE1 ...
		return u.tuple(op)
	case 'a', 'e', 's', 'u': // APPEND, APPENDS, SETITEM, SETITEMS
		return u.collect(op)
	case 'c', 0x93, 'R', 'Q', 'b', '0': // GLOBAL, STACK_GLOBAL, REDUCE, BINPERSID, BUILD, POP
		return u.call(op)
	}
	return fmt.Errorf("instruction 0x%02x is not allowed", op)
}
