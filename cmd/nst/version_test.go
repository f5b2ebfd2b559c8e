package main

import (
	"runtime/debug"
	"testing"
)

func TestVersionOf(t *testing.T) {
	commit := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: "false"}}
	dirty := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: "true"}}
	for _, tt := range []struct {
		release, module string
		settings        []debug.BuildSetting
		want            string
	}{
		{"", "(devel)", nil, "devel"},
		{"", "", nil, "devel"},
		{"", "(devel)", commit, "devel-0123456789ab"},
		{"", "v0.0.0-20261128064742-0123456789ab+dirty", dirty, "devel-0123456789ab+dirty"},
		{"", "v1.2.4-0.20261128064742-0123456789ab", commit, "devel-0123456789ab"},
		{"v1.2.3", "(devel)", commit, "v1.2.3 (0123456789ab)"},
		{"v1.2.3", "(devel)", nil, "v1.2.3"},
		{"", "v1.2.3", nil, "v1.2.3"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: tt.module}, Settings: tt.settings}
		if got := versionOf(tt.release, info); got != tt.want {
			t.Errorf("release %q, module %q: %s, want %s", tt.release, tt.module, got, tt.want)
		}
	}
}
