package memory

import (
	"testing"
	"unsafe"
)

func TestMake(t *testing.T) {
	for _, n := range []int{0, 1, 17, HugePage/4 - 1, HugePage / 4, 3<<20 + 5} {
		check(t, Make[float32](n), n)
		check(t, Make[uint8](n), n)
	}
}

// check reports a slice that is not n zeros, can grow into what lies behind, or does not
// begin where it should.
func check[T float32 | uint8](t *testing.T, x []T, n int) {
	t.Helper()
	if len(x) != n || cap(x) != n {
		t.Fatalf("%d elements of %d, want %d", len(x), cap(x), n)
	}
	want := uintptr(64)
	if n*int(unsafe.Sizeof(*new(T))) >= HugePage {
		want = HugePage
	}
	if at := uintptr(unsafe.Pointer(unsafe.SliceData(x))); at%want != 0 {
		t.Errorf("%d elements of %T begin at %#x, want a multiple of %d", n, x, at, want)
	}
	for i, v := range x {
		if v != 0 {
			t.Fatalf("element %d of %d is %v", i, n, v)
		}
		x[i] = 1
	}
}

func BenchmarkMake(b *testing.B) {
	for b.Loop() {
		x := Make[float32](3 << 20)
		for i := 0; i < len(x); i += 1024 {
			x[i] = 1
		}
	}
}
