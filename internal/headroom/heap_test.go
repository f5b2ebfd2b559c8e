package headroom

import (
	"os"
	"runtime"
	"testing"
)

func TestMapping(t *testing.T) {
	const maps = "00400000-00401000 r-xp 00000000 08:01 12 /bin/nst\nc000000000-c000400000 rw-p 00000000 00:00 0\nc000400000-c004000000 ---p 00000000 00:00 0\nnonsense\n"
	for _, tt := range []struct {
		at, begin, end uint64
		ok             bool
	}{
		{0xc000001000, 0xc000000000, 0xc000400000, true},
		{0xc000400000, 0xc000400000, 0xc004000000, true},
		{0x500000, 0, 0, false},
	} {
		if begin, end, ok := mapping(maps, tt.at); begin != tt.begin || end != tt.end || ok != tt.ok {
			t.Errorf("%x: %x to %x, %v", tt.at, begin, end, ok)
		}
	}
}

func TestHeap(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says where the heap is")
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if begin, end, ok := Heap(os.DirFS("/")); !ok || end-begin < 1<<16 || end-begin > 2*m.HeapSys+1<<30 {
		t.Errorf("the heap of %d bytes is from %x to %x, %v", m.HeapSys, begin, end, ok)
	}
	if _, _, ok := Heap(files(nil)); ok {
		t.Error("a heap is known without /proc")
	}
}
