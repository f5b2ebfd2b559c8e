package vgg

import (
	"encoding/binary"
	"fmt"
	"math"
)

func constant(op byte) any {
	switch op {
	case '}':
		return &dict{}
	case ']':
		return &list{}
	case ')':
		return tuple(nil)
	case 0x88:
		return true
	case 0x89:
		return false
	}
	return nil
}

func (u *unpickler) number(op byte) error {
	switch op {
	case 'K': // BININT1
		n, err := u.r.uint(1)
		u.push(n)
		return err
	case 'M': // BININT2
		n, err := u.r.uint(2)
		u.push(n)
		return err
	case 'J': // BININT
		n, err := u.r.uint(4)
		u.push(int(int32(n)))
		return err
	case 'G': // BINFLOAT
		b, err := u.r.bytes(8)
		if err == nil {
			u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
		}
		return err
	}
	n, err := u.r.byte() // LONG1
	if err != nil {
		return err
	}
	b, err := u.r.bytes(int(n))
	if err != nil {
		return err
	}
	if n > 8 {
		u.push(b)
		return nil
	}
	var wide [8]byte
	copy(wide[:], b)
	if n > 0 && b[n-1] >= 0x80 { // two's complement
		for i := int(n); i < 8; i++ {
			wide[i] = 0xff
		}
	}
	u.push(int(binary.LittleEndian.Uint64(wide[:])))
	return nil
}

func (u *unpickler) text(op byte) error {
	size := 4 // BINUNICODE, BINSTRING, BINBYTES
	if op == 'U' || op == 'C' || op == 0x8c {
		size = 1 // SHORT_ ...
	}
	if op == 0x8e { // BINBYTES8
		size = 8
	}
	n, err := u.r.uint(size)
	if err != nil {
		return err
	}
	if u.r.file != nil && n >= longString && op != 'X' && op != 0x8c {
		b, err := u.r.blob(n)
		u.push(b)
		return err
	}
	b, err := u.r.bytes(n)
	u.push(string(b))
	return err
}

func (u *unpickler) remember(op byte) error {
	key, err := len(u.memo), error(nil) // MEMOIZE
	switch op {
	case 'q', 'h': // BINPUT, BINGET
		key, err = u.r.uint(1)
	case 'r', 'j': // LONG_BINPUT, LONG_BINGET
		key, err = u.r.uint(4)
	}
	if err != nil {
		return err
	}
	if op == 'h' || op == 'j' {
		v, ok := u.memo[key]
		if !ok {
			return fmt.Errorf("nothing is remembered as %d: %w", key, errPickle)
		}
		u.push(v)
		return nil
	}
	v, err := u.pop()
	if err != nil {
		return err
	}
	u.push(v)
	u.memo[key] = v
	return nil
}

func (u *unpickler) tuple(op byte) (err error) {
	var t tuple
	if op == 't' {
		t, err = u.popMark()
	} else {
		t, err = u.popN(int(op - 0x84))
	}
	u.push(t)
	return err
}

// collect moves items from the stack into the list or dictionary below them.
func (u *unpickler) collect(op byte) error {
	var items tuple
	var err error
	switch op {
	case 'e', 'u':
		items, err = u.popMark()
	case 'a':
		items, err = u.popN(1)
	case 's':
		items, err = u.popN(2)
	}
	if err != nil {
		return err
	}
	target, err := u.pop()
	if err != nil {
		return err
	}
	u.push(target)
	switch t := target.(type) {
	case *list:
		if op == 'a' || op == 'e' {
			t.items = append(t.items, items...)
			return nil
		}
	case *dict:
		if (op == 's' || op == 'u') && len(items)%2 == 0 {
			for i := 0; i < len(items); i += 2 {
				t.keys, t.values = append(t.keys, items[i]), append(t.values, items[i+1])
			}
			return nil
		}
	}
	return fmt.Errorf("items are put into a %T: %w", target, errPickle)
}

// call runs the instructions that use global and persistent.
func (u *unpickler) call(op byte) error {
	if op == 'c' { // GLOBAL
		module, err := u.r.line()
		if err != nil {
			return err
		}
		name, err := u.r.line()
		if err != nil {
			return err
		}
		return u.pushGlobal(module, name)
	}
	top, err := u.pop()
	if err != nil || op == '0' {
		return err
	}
	if op == 'Q' { // BINPERSID
		id, ok := top.(tuple)
		if !ok {
			return fmt.Errorf("a %T stands for a storage: %w", top, errPickle)
		}
		v, err := u.persistent(id)
		u.push(v)
		return err
	}
	below, err := u.pop()
	if err != nil {
		return err
	}
	switch op {
	case 0x93: // STACK_GLOBAL
		module, okM := below.(string)
		name, okN := top.(string)
		if !okM || !okN {
			return fmt.Errorf("a global without a name: %w", errPickle)
		}
		return u.pushGlobal(module, name)
	case 'R': // REDUCE
		f, okF := below.(callable)
		args, okA := top.(tuple)
		if !okF || !okA {
			return fmt.Errorf("a %T is called: %w", below, errPickle)
		}
		v, err := f(args)
		u.push(v)
		return err
	}
	// BUILD sets attributes of a dictionary, such as versions: ignored.
	var built error
	switch b := below.(type) {
	case stateful:
		built = b.build(top)
	case *dict:
	default:
		built = fmt.Errorf("a %T is given attributes: %w", below, errPickle)
	}
	u.push(below)
	return built
}

func (u *unpickler) pushGlobal(module, name string) error {
	v, err := u.global(module, name)
	u.push(v)
	return err
}
