package jpeg

import (
	"cmp"
	"math"
	"slices"
)

// baseSteps are the quantisation tables of T.81, tables K.1 and K.2, in rows.
func baseSteps() [2][64]byte {
	return [2][64]byte{{
		16, 11, 10, 16, 24, 40, 51, 61,
		12, 12, 14, 19, 26, 58, 60, 55,
		14, 13, 16, 24, 40, 57, 69, 56,
		14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77,
		24, 35, 55, 64, 81, 104, 113, 92,
		49, 64, 78, 87, 103, 121, 120, 101,
		72, 92, 95, 98, 112, 100, 103, 99,
	}, {
		17, 18, 24, 47, 99, 99, 99, 99,
		18, 21, 26, 66, 99, 99, 99, 99,
		24, 26, 56, 99, 99, 99, 99, 99,
		47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
	}}
}

// zigzagOrder returns the place in a block, in rows, of each coefficient in zigzag order
// (T.81, figure A.6): along diagonals, alternately upwards and downwards.
func zigzagOrder() [64]int {
	var order [64]int
	i := 0
	for sum := range 15 {
		for k := range sum + 1 {
			y := k
			if sum%2 == 0 {
				y = sum - k
			}
			if x := sum - y; x < 8 && y < 8 {
				order[i] = 8*y + x
				i++
			}
		}
	}
	return order
}

// codeTable is a Huffman code with words of at most 16 bits.
type codeTable struct {
	counts  [16]byte // words of each length
	symbols []byte   // in the order of their words
	word    [256]uint16
	length  [256]byte
}

// bestCodes returns the best code for symbols that occur as often as counts says (T.81,
// K.2). A reserved symbol, the last, keeps the word of all ones free.
func bestCodes(counts [257]int64) codeTable {
	const reserved = 256
	counts[reserved] = 1
	var size, next [257]int // of the word; the symbol after it in its branch, -1 for none
	for i := range next {
		next[i] = -1
	}
	for {
		a, b := rarest(&counts, -1), -1 // of equal ones, the last
		if b = rarest(&counts, a); b < 0 {
			break
		}
		counts[a] += counts[b]
		counts[b] = 0
		end := a
		for size[a]++; next[end] >= 0; size[end]++ {
			end = next[end]
		}
		next[end] = b
		for ; b >= 0; b = next[b] {
			size[b]++
		}
	}
	var lengths [258]int
	for _, n := range size {
		lengths[n]++
	}
	limit(&lengths)

	var c codeTable
	all := make([]int, 0, 256)
	for s := range reserved {
		if size[s] > 0 {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(size[a], size[b]) })
	word, at := 0, 0
	for n := 1; n <= 16; n++ {
		count := min(lengths[n], len(all)-at) // without the reserved one, which is the last
		c.counts[n-1] = byte(count)
		for _, s := range all[at : at+count] {
			c.word[s], c.length[s] = uint16(word), byte(n)
			c.symbols = append(c.symbols, byte(s))
			word++
		}
		at, word = at+count, word<<1
	}
	return c
}

// rarest returns the symbol with the lowest count above 0 other than not, -1 if there is none.
func rarest(counts *[257]int64, not int) int {
	best, least := -1, int64(math.MaxInt64)
	for s, n := range counts {
		if n > 0 && n <= least && s != not {
			best, least = s, n
		}
	}
	return best
}

// limit shortens the words of more than 16 bits at the cost of shorter ones (T.81, figure K.3).
func limit(lengths *[258]int) {
	for n := len(lengths) - 1; n > 16; n-- {
		for lengths[n] > 0 {
			shorter := n - 2
			for lengths[shorter] == 0 {
				shorter--
			}
			lengths[n] -= 2
			lengths[n-1]++
			lengths[shorter+1] += 2
			lengths[shorter]--
		}
	}
}

// forward is the discrete cosine transform of a block (T.81, A.3.3), rows first.
func forward(block *[64]float32, cosines *[8][4]float32) {
	for i := 0; i < 64; i += 8 {
		transform8(block[i:i+8], 1, cosines)
	}
	for i := range 8 {
		transform8(block[i:], 8, cosines)
	}
}

// transform8 transforms 8 values that lie step apart. Even and odd frequencies need only the
// sums and the differences of values that mirror each other.
func transform8(v []float32, step int, cosines *[8][4]float32) {
	var sum, difference [4]float32
	for i := range 4 {
		a, b := v[i*step], v[(7-i)*step]
		sum[i], difference[i] = a+b, a-b
	}
	for f := 0; f < 8; f += 2 {
		even, odd := &cosines[f], &cosines[f+1]
		v[f*step] = float32(even[0]*sum[0]) + float32(even[1]*sum[1]) + float32(even[2]*sum[2]) + float32(even[3]*sum[3])
		v[(f+1)*step] = float32(odd[0]*difference[0]) + float32(odd[1]*difference[1]) + float32(odd[2]*difference[2]) + float32(odd[3]*difference[3])
	}
}

// cosineTable returns C(f)/2 cos((2i+1) f π/16) for the first 4 of 8 values i.
func cosineTable() (t [8][4]float32) {
	for f := range t {
		for i := range t[f] {
			c := 0.5 * math.Cos(float64((2*i+1)*f)*math.Pi/16)
			if f == 0 {
				c /= math.Sqrt2
			}
			t[f][i] = float32(c)
		}
	}
	return t
}
