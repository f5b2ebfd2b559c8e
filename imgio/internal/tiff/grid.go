package tiff

import (
	"errors"
	"fmt"
)

// grid says how a picture is cut into chunks: strips as wide as the picture, or tiles. The
// lowest strip may have fewer rows; tiles are always whole.
type grid struct {
	w, h         int // of a chunk, in pixels
	across, down int // number of chunks of a plane
	tiled        bool
	rowBytes     int   // of a row of a chunk once it is unpacked
	bytes        int64 // of a chunk once it is unpacked
	offsets      []int64
	counts       []int64 // bytes of each chunk in the file
}

// maxChunks is the largest number of strips or tiles that is accepted.
const maxChunks = 1 << 22

// parseGrid reads where the chunks are.
func (f *File) parseGrid() error {
	g := &f.grid
	offsets, counts := uint16(tagStripOffsets), uint16(tagStripByteCounts)
	w, h := int64(f.W), f.d.number(tagRowsPerStrip, int64(f.H))
	if g.tiled = f.d.has(tagTileWidth); g.tiled {
		offsets, counts = tagTileOffsets, tagTileByteCounts
		w, h = f.d.number(tagTileWidth, 0), f.d.number(tagTileLength, 0)
		// Tiles of a small picture may be larger than it, but not by far.
		if w > int64(f.W)+1<<12 || h > int64(f.H)+1<<12 {
			return fmt.Errorf("tiff: tiles of %dx%d pixels", w, h)
		}
	} else {
		h = min(h, int64(f.H))
	}
	if w < 1 || h < 1 {
		return fmt.Errorf("tiff: chunks of %dx%d pixels", w, h)
	}
	g.w, g.h = int(w), int(h)
	g.across, g.down = (f.W+g.w-1)/g.w, (f.H+g.h-1)/g.h

	perChunk := f.samples
	if f.planar {
		perChunk = 1
	}
	g.rowBytes = (g.w*perChunk*f.bits + 7) / 8
	g.bytes = int64(g.rowBytes) * int64(g.h)
	if err := f.parseSubsampling(); err != nil {
		return err
	}

	n := int64(g.across) * int64(g.down)
	if f.planar {
		n *= int64(f.samples)
	}
	if n > maxChunks {
		return UnsupportedError(fmt.Sprintf("picture of %d strips or tiles, at most %d", n, maxChunks))
	}
	g.offsets, g.counts = f.d.uints(offsets, int(n)), f.d.uints(counts, int(n))
	if int64(len(g.offsets)) < n {
		return fmt.Errorf("tiff: offsets of %d chunks, want %d", len(g.offsets), n)
	}
	if int64(len(g.counts)) < n {
		return f.guessCounts()
	}
	return nil
}

// guessCounts fills in the lengths of chunks if the file does not give them: uncompressed
// ones are as long as their pixels, others reach to the next chunk or the end of the file.
func (f *File) guessCounts() error {
	g := &f.grid
	g.counts = make([]int64, len(g.offsets))
	for i, offset := range g.offsets {
		if f.compression == compressionNone {
			g.counts[i] = f.chunkBytes(i / g.across % g.down)
			continue
		}
		end := int64(len(f.d.data))
		if i+1 < len(g.offsets) && g.offsets[i+1] > offset {
			end = min(end, g.offsets[i+1])
		}
		g.counts[i] = max(end-offset, 0)
	}
	return nil
}

// chunkRows returns the number of rows of a chunk in a row of chunks.
func (f *File) chunkRows(down int) int {
	if f.grid.tiled {
		return f.grid.h
	}
	return min(f.grid.h, f.H-down*f.grid.h)
}

// chunkBytes returns the unpacked size of a chunk in a row of chunks.
func (f *File) chunkBytes(down int) int64 {
	rows := f.chunkRows(down)
	if f.subsampled() {
		return int64(f.unitRowBytes()) * int64((rows+f.subH-1)/f.subH)
	}
	return int64(f.grid.rowBytes) * int64(rows)
}

// compressed returns the bytes of a chunk in the file.
func (f *File) compressed(i int) ([]byte, error) {
	offset, n := f.grid.offsets[i], f.grid.counts[i]
	size := int64(len(f.d.data))
	if offset < 0 || n < 0 || offset > size || n > size-offset {
		return nil, errors.New("tiff: pixels beyond the end of the file")
	}
	return f.d.data[offset : offset+n], nil
}
