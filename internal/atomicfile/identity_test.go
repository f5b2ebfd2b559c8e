package atomicfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"nst/internal/atomicfile"
)

// TestIdentitiesOfChangingFolder creates a file between two looks at another in its folder.
func TestIdentitiesOfChangingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	var ids atomicfile.Identities
	before := ids.ID("new")
	if err := os.WriteFile("other", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if after := ids.ID("./new"); after != before {
		t.Errorf("new is file %d, then %d", before, after)
	}
}

func TestIdentities(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.MkdirAll("a/b", 0o777), os.WriteFile("a/old", nil, 0o666), os.WriteFile("a/other", nil, 0o666), os.Link("a/old", "hard")); err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	type pair struct {
		p, q string
		same bool
	}
	pairs := []pair{
		{"a/old", "./a/../a/old", true},
		{"a/old", filepath.Join(wd, "a", "old"), true},
		{"a/old", "hard", true},
		{"a/old", "a/other", false}, // though of the same size and age
		{"a/old", "a/new", false},
		{"a/new", filepath.Join(wd, "a", "new"), true},
		{"a/new", "a/b/../new", true},
		{"a/new", "a/NEW", true},
		{"a/new", "new", false},
		{"none/x", "./none/y/../x", true}, // in folders that do not exist
		{"none/x", "none/deep/x", false},
		{"a", "a/", true},
		{"bad\xff", "bad\xff", true}, // no UTF-8
		{"bad\xff", "bad\xfe", false},
	}
	if runtime.GOOS != "windows" {
		if err := errors.Join(os.Symlink("a", "alias"), os.Symlink("a/b", "deep"), os.Symlink("old", "a/link"), os.Symlink("../new", "a/dangling")); err != nil {
			t.Fatal(err)
		}
		pairs = append(
			pairs,
			pair{"a/old", "alias/old", true},
			pair{"a/new", "alias/new", true},
			pair{"a/old", "a/link", true},
			pair{"new", "a/dangling", true},
			pair{"a/new", "a/dangling", false},
			pair{"a/new", "deep/../new", true}, // not the folder of the link's name
			pair{"new", "deep/../new", false},
		)
	}
	for _, c := range pairs {
		var ids atomicfile.Identities
		if got := ids.ID(c.p) == ids.ID(c.q); got != c.same {
			t.Errorf("%q and %q: same is %v, want %v", c.p, c.q, got, c.same)
		}
	}
}
