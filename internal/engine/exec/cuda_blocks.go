package exec

// What a block of threads works on. The grids are computed from these numbers. The kernels
// in internal/engine/cuda/kernel define the same numbers, by the names given here, and
// TestCUDABlocks compares the two.
const (
	blockThreads = 256              // THREADS: items, where a thread has one
	blockItems   = 4 * blockThreads // PER_BLOCK: items, where a thread has four next to each other
	blockSum     = 8 * blockItems   // PER_SUM: items that a kernel *_part adds up
	blockGroup   = 32               // GROUP: results, where eight threads share one

	blockFirst  = 64  // FIRST: pixels, and outputs, of conv_first
	blockEdge   = 8   // EDGE: rows, and columns, of conv_first_grad
	blockPixels = 128 // Tile::BM: pixels of conv3 and gemm1
	blockWide   = 128 // Wide: their outputs in the wide kernel
	blockNarrow = 64  // Narrow, Exact: and in the others

	blockGram = 64   // GRAM: channels, of both operands, of gram_part
	gramRun   = 1024 // GRAM_RUN: pixels that it adds up in float32; a slab is some of these runs
	blockSide = 32   // SIDE: rows, and columns, of small_gemm
)

// blocks is the number of blocks, of size items each, that n items take.
func blocks(n, size int) int { return (n + size - 1) / size }
