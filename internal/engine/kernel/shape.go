package kernel

import "fmt"

// Lanes is the number of channels of a block: the floats of an AVX-512 register.
const Lanes = 16

// Shape is the size of a feature map. Its blocked tensor has a border of zeros, one position
// wide, and is rounded up to whole 4x4 tiles. Channel c at (y,x) is element
//
//	((c/16*Rows + y+1)*Pitch + x+1)*16 + c%16
//
// and its bit in a mask is bit c%16 of word (c/16*Rows + y+1)*Pitch + x+1.
type Shape struct{ C, H, W int }

// Blocks is the number of channel blocks.
func (s Shape) Blocks() int { return (s.C + Lanes - 1) / Lanes }

// Rows is the number of rows of a block, borders included.
func (s Shape) Rows() int { return (s.H+3)/4*4 + 2 }

// Pitch is the number of positions of a row, borders included.
func (s Shape) Pitch() int { return (s.W+3)/4*4 + 2 }

// Len is the number of floats of the blocked tensor.
func (s Shape) Len() int { return s.MaskLen() * Lanes }

// MaskLen is the number of words of the mask: one for each block and position.
func (s Shape) MaskLen() int { return s.Blocks() * s.Rows() * s.Pitch() }

// Pooled is the shape after 2x2 pooling with stride 2.
func (s Shape) Pooled() Shape { return Shape{s.C, s.H / 2, s.W / 2} }

// String is channels, height and width, as 64x224x224.
func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.C, s.H, s.W) }

// pos is the index of the position (y,x) of block b; -1 is the border.
func (s Shape) pos(b, y, x int) int { return (b*s.Rows()+y+1)*s.Pitch() + x + 1 }

// check panics unless s has a size.
func (s Shape) check(kernel string) {
	if s.C < 1 || s.H < 1 || s.W < 1 {
		panic(fmt.Sprintf("kernel: %s: shape %v", kernel, s))
	}
}

// checkLen panics if a buffer of n elements is too short for want.
func checkLen(kernel, name string, n, want int) {
	if n < want {
		panic(fmt.Sprintf("kernel: %s: len(%s) = %d, want %d", kernel, name, n, want))
	}
}

// Pack writes the (c,h,w) tensor src of shape s as the blocked tensor dst.
func Pack(dst, src []float32, s Shape) {
	checkLen("pack", "dst", len(dst), s.Len())
	checkLen("pack", "src", len(src), s.C*s.H*s.W)
	clear(dst[:s.Len()])
	for c := range s.C {
		for y := range s.H {
			d := dst[s.pos(c/Lanes, y, 0)*Lanes+c%Lanes:]
			for x, v := range src[(c*s.H+y)*s.W:][:s.W] {
				d[x*Lanes] = v
			}
		}
	}
}

// Unpack writes the blocked tensor src of shape s as the (c,h,w) tensor dst.
func Unpack(dst, src []float32, s Shape) {
	checkLen("unpack", "dst", len(dst), s.C*s.H*s.W)
	checkLen("unpack", "src", len(src), s.Len())
	for c := range s.C {
		for y := range s.H {
			d := src[s.pos(c/Lanes, y, 0)*Lanes+c%Lanes:]
			row := dst[(c*s.H+y)*s.W:][:s.W]
			for x := range row {
				row[x] = d[x*Lanes]
			}
		}
	}
}

// Gather writes the features of the blocked tensor src of shape s at some positions, each y s.W
// + x, as dst (len(positions), s.C). It panics if there is no such position.
func Gather(dst, src []float32, s Shape, positions []float32) {
	checkLen("gather", "dst", len(dst), len(positions)*s.C)
	checkLen("gather", "src", len(src), s.Len())
	for i, v := range positions {
		p := int(v)
		if p < 0 || p >= s.H*s.W {
			panic(fmt.Sprintf("kernel: gather: position %v of %v", v, s))
		}
		for c := range s.C {
			dst[i*s.C+c] = src[s.pos(c/Lanes, p/s.W, p%s.W)*Lanes+c%Lanes]
		}
	}
}

// clearFrame zeroes everything outside the h x w picture in blocks [b0,b1) of a blocked
// tensor (lanes = 16) or mask (lanes = 1) with the geometry of s.
func clearFrame[T float32 | uint16](buf []T, lanes int, s Shape, h, w, b0, b1 int) {
	rows, pitch := s.Rows(), s.Pitch()
	for b := b0; b < b1; b++ {
		block := buf[b*rows*pitch*lanes:][:rows*pitch*lanes]
		clear(block[:pitch*lanes])
		clear(block[(h+1)*pitch*lanes:])
		for y := 1; y <= h; y++ {
			row := block[y*pitch*lanes:][:pitch*lanes]
			clear(row[:lanes])
			clear(row[(w+1)*lanes:])
		}
	}
}
