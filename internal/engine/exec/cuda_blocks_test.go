package exec

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// kernelSource returns a file of the kernels.
func kernelSource(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "cuda", "kernel", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// constant returns a constant of the source, a product of numbers and of other constants.
func constant(t *testing.T, source, name string) int {
	t.Helper()
	m := regexp.MustCompile(`\b` + name + ` = (?:Tile<)?([^,;]+)`).FindStringSubmatch(source)
	if m == nil {
		t.Fatalf("the kernels have no constant %s", name)
	}
	product := 1
	for factor := range strings.SplitSeq(m[1], "*") {
		factor = strings.TrimSpace(factor)
		n, err := strconv.Atoi(factor)
		if err != nil {
			n = constant(t, source, factor)
		}
		product *= n
	}
	return product
}

// TestCUDABlocks holds what grids are made of against what the kernels are made for.
func TestCUDABlocks(t *testing.T) {
	for _, tt := range []struct {
		file, name string
		got        int
	}{
		{"vector.h", "THREADS", blockThreads},
		{"vector.h", "PER_BLOCK", blockItems},
		{"vector.h", "PER_SUM", blockSum},
		{"vector.h", "GROUP", blockGroup},
		{"first.cu", "FIRST", blockFirst},
		{"first.cu", "EDGE", blockEdge},
		{"gemm.h", "BM", blockPixels},
		{"conv.cu", "Wide", blockWide},
		{"conv.cu", "Narrow", blockNarrow},
		{"conv.cu", "Exact", blockNarrow},
		{"gram.cu", "GRAM", blockGram},
		{"gram.cu", "GRAM_RUN", gramRun},
		{"matrix.cu", "SIDE", blockSide},
	} {
		if want := constant(t, kernelSource(t, tt.file), tt.name); tt.got != want {
			t.Errorf("%s has %s = %d, here it is %d", tt.file, tt.name, want, tt.got)
		}
	}
}

// TestCUDAThreads looks that the kernels that are no products on tensor cores, which have
// an arena, have the threads that the numbers of their items are multiples of. Those that
// work on scalars have one warp.
func TestCUDAThreads(t *testing.T) {
	rows := regexp.MustCompile(`X\((\w+), (\d+), (\d+)\)`).FindAllStringSubmatch(kernelSource(t, "kernels.h"), -1)
	if len(rows) < 30 {
		t.Fatalf("kernels.h has %d rows", len(rows))
	}
	for _, r := range rows {
		scalar := r[1] == "weighted_sum" || r[1] == "scale_scalar"
		if r[3] == "0" && !scalar && r[2] != strconv.Itoa(blockThreads) {
			t.Errorf("%s has blocks of %s threads, want %d", r[1], r[2], blockThreads)
		}
	}
}
