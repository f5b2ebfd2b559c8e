package gen

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// AVX512BF16 needs AVX-512 BF16 besides what [AVX512] needs. Call [ISA.BF16] on it.
var AVX512BF16 = ISA{"AVX512BF16", true, true}

// BF16 generates the kernels that work with numbers in bfloat16, and ends the program. Neither
// avo nor Go's assembler has their instructions, so that the file that avo has written gets
// their bytes.
func (s ISA) BF16() {
	ConstraintExpr("!noasm,gc")
	for _, nb := range []int{1, 2, 4} {
		s.gemmBF16(nb)
	}
	s.winoIns()
	s.pairs()
	s.round()
	s.gramBF16()
	Generate()
	if err := encode(flag.Lookup("out").Value.String()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// gemmBF16 is gemm for pairs: a position of 16 channels is 32 bytes, and a row of the panel
// belongs to two of them.
func (s ISA) gemmBF16(nb int) {
	s.text(fmt.Sprintf("gemm%d", nb), "n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool")
	n, k := load("n"), load("k")
	a, aStride, b := base("a"), stride("aStride", 2), base("b")
	m, mRow, mStride := base("m"), stride("mRow", 2), stride("mStride", 2)
	block := blocksOf(nb, mStride)
	SHRQ(Imm(4), k)
	ap, bp, count, ahead := GP64(), GP64(), GP64(), GP64()
	MOVQ(k, ahead)
	SHLQ(Imm(9), ahead)
	for w := nb; w > 1; w /= 2 {
		ADDQ(ahead, ahead)
	}
	ADDQ(b, ahead)
	for _, rows := range []int{6, 2, 1} {
		name := fmt.Sprintf("rows%d", rows)
		Label(name)
		CMPQ(n, Imm(uint64(rows)))
		JL(LabelRef(name + "_end"))
		acc := s.vs(rows * nb)
		for _, v := range acc {
			s.zero(v)
		}
		MOVQ(a, ap)
		MOVQ(b, bp)
		MOVQ(k, count)
		bs, as := s.vs(nb), s.vs(2)
		Label(name + "_k")
		for q := range 8 {
			for j := range nb {
				VMOVUPS(Mem{Base: bp, Disp: (q*nb + j) * 64}, bs[j])
			}
			if rows == 6 && q%4 == 0 {
				PREFETCHT1(Mem{Base: ahead, Disp: q * 16})
			}
			for r := range rows {
				x := as[r%2]
				VBROADCASTSS(Mem{Base: ap, Disp: r*32 + q*4}, x)
				for j := range nb {
					dot(bs[j], x, acc[r*nb+j])
				}
			}
		}
		ADDQ(aStride, ap)
		if rows == 6 {
			ADDQ(I32(128), ahead)
		}
		ADDQ(I32(int32(8*nb*64)), bp)
		DECQ(count)
		JNZ(LabelRef(name + "_k"))

		s.storeRows(name, rows, acc, mRow, block, m, ap)
		ADDQ(I32(int32(rows*32)), a)
		SUBQ(I32(int32(rows)), n)
		JMP(LabelRef(name))
		Label(name + "_end")
	}
	s.ret()
}

// pairs joins two vectors of 16, n times.
func (s ISA) pairs() {
	s.text("pairs", "n int, lo, hi, u []float32, uStride int")
	n, lo, hi, u, us := load("n"), base("lo"), base("hi"), base("u"), stride("uStride", 2)
	x, y, half, other := ZMM(), ZMM(), YMM(), YMM()
	loop("loop", n, func() {
		VMOVUPS(Mem{Base: lo}, x)
		VMOVUPS(Mem{Base: hi}, y)
		toBF16(x, half)
		toBF16(y, other)
		VPMOVZXWD(half, x)
		VPMOVZXWD(other, y)
		VPSLLD(Imm(16), y, y)
		VPORD(x, y, x)
		VMOVUPS(x, Mem{Base: u})
		ADDQ(I32(64), lo)
		ADDQ(I32(64), hi)
		ADDQ(us, u)
	})
	s.ret()
}

// round rounds n vectors of 16.
func (s ISA) round() {
	s.text("round", "n int, x, u []float32")
	n, x, u := load("n"), base("x"), base("u")
	v, half := ZMM(), YMM()
	loop("loop", n, func() {
		VMOVUPS(Mem{Base: x}, v)
		toBF16(v, half)
		VMOVUPS(half, Mem{Base: u})
		ADDQ(I32(64), x)
		ADDQ(I32(32), u)
	})
	s.ret()
}

// gramBF16 is gram for pairs of positions.
func (s ISA) gramBF16() {
	s.text("gram", "n int, a, b, g []float32")
	n := load("n")
	a, b, g := base("a"), base("b"), base("g")
	acc, x, f := s.vs(16), s.v(), s.vs(4)
	for _, v := range acc {
		s.zero(v)
	}
	loop("loop", n, func() {
		VMOVUPS(Mem{Base: b}, x)
		for i, v := range acc {
			VBROADCASTSS(Mem{Base: a, Disp: i * 4}, f[i%4])
			dot(x, f[i%4], v)
		}
		ADDQ(I32(64), a)
		ADDQ(I32(64), b)
	})
	for i, v := range acc {
		VADDPS(Mem{Base: g, Disp: i * 64}, v, v)
		VMOVUPS(v, Mem{Base: g, Disp: i * 64})
	}
	s.ret()
}

// put stores the 16 floats of v: as they are, or in bfloat16.
func (s ISA) put(v reg.VecVirtual, at Mem) {
	if !s.half {
		VMOVUPS(v, at)
		return
	}
	h := YMM()
	toBF16(v, h)
	VMOVUPS(h, at)
}

// dot adds to each lane of acc the products of a pair of x and one of y: VDPBF16PS.
func dot(y, x, acc Op) { foreign("VDPBF16PS", []Op{y, x, acc}, []Op{y, x, acc}, acc) }

// toBF16 rounds 16 floats to bfloat16: VCVTNEPS2BF16.
func toBF16(x, y Op) { foreign("VCVTNEPS2BF16", []Op{x, y}, []Op{x}, y) }

// foreign is an instruction that avo knows nothing of.
func foreign(opcode string, operands, inputs []Op, output Op) {
	Instruction(&ir.Instruction{Opcode: opcode, Operands: operands, Inputs: inputs, Outputs: []Op{output}})
}

var (
	dotLine    = regexp.MustCompile(`^\tVDPBF16PS\s+Z(\d+), Z(\d+), Z(\d+)$`)
	toBF16Line = regexp.MustCompile(`^\tVCVTNEPS2BF16\s+Z(\d+), Y(\d+)$`)
)

// encode replaces the foreign instructions in a file of assembly with their bytes. Intel's
// manual has the encoding: EVEX.512.F3.0F38.W0 52 /r and 72 /r.
func encode(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if f := dotLine.FindStringSubmatch(line); f != nil {
			lines[i] = evex(0x52, f[3], f[2], f[1], line)
		} else if f := toBF16Line.FindStringSubmatch(line); f != nil {
			lines[i] = evex(0x72, f[2], "0", f[1], line)
		}
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644)
}

// evex returns the bytes of an instruction on registers of 512 bits, and the line in a comment.
// to is its first operand in Intel's order, other and from are the second and the third.
func evex(opcode int, to, other, from, line string) string {
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			panic(err)
		}
		return n
	}
	d, v, x := number(to), number(other), number(from)
	not := func(n, bit int) int { return n>>bit&1 ^ 1 } // these bits are stored inverted
	p0 := not(d, 3)<<7 | not(x, 4)<<6 | not(x, 3)<<5 | not(d, 4)<<4 | 2
	p1 := (^v&15)<<3 | 1<<2 | 2
	p2 := 2<<5 | not(v, 4)<<3
	return fmt.Sprintf("\tLONG $0x%02x%02x%02x62; WORD $0x%02x%02x // %s", p2, p1, p0, 0xc0|d&7<<3|x&7, opcode, strings.Join(strings.Fields(line), " "))
}
