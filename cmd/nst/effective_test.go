package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"nst/vgg"
)

// effectiveOf returns what nst stylize with these flags paints with.
func effectiveOf(t *testing.T, net *vgg.Network, flags string) effective {
	t.Helper()
	var got effective
	cmd := newStylizeCmd(quietEnv(), func(_ context.Context, o *stylizeOptions) error {
		got = o.effective(inStylize, net)
		return nil
	})
	cmd.SetArgs(append([]string{"a.png", "b.png"}, strings.Fields(flags)...))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	if err := cmd.Execute(); err != nil {
		t.Fatalf("%s: %v", flags, err)
	}
	return got
}

func TestEffective(t *testing.T) {
	for _, tt := range []struct {
		flags         string
		changed       string
		short, values map[string]string // of the values, some
		without       string            // have no value
	}{
		{
			"", "", nil,
			map[string]string{"size": "512", "style-layers": "relu1_1:1,relu2_1:1,relu3_1:1,relu4_1:1,relu5_1:1"},
			"seed beta2 threads device precision preset strength style-blend content-mask output quality",
		},
		{"--threads 1 --device cpu", "", nil, nil, "threads device"},
		{"--size 256 --color luma", "color size", nil, map[string]string{"size": "256", "color": "luma"}, ""},
		{"--strength 70", "style-weight", map[string]string{"strength": "70"}, map[string]string{"content-weight": "5"}, "strength"},
		{"--init noise --seed 3", "init seed", nil, map[string]string{"init": "noise", "seed": "3"}, ""},
		{"--init /home/me/x.png", "", nil, nil, "init seed"},
		{"--init instant", "init", nil, map[string]string{"init": "instant"}, "seed"},
		{"--network /home/me/my.safetensors", "network", nil, map[string]string{"network": "my.safetensors"}, ""},
		{"--draft", "network", nil, map[string]string{"network": "slim"}, "draft"},
		{"--style-layers relu1_1:0.5", "style-layers", nil, map[string]string{"style-layers": "relu1_1:0.5"}, ""},
		{"--optimizer adam --beta2 0.5", "optimizer beta2", nil, map[string]string{"beta2": "0.5"}, "history"},
	} {
		got := effectiveOf(t, vgg.VGG19(), tt.flags)
		if want := strings.Fields(tt.changed); !slices.Equal(got.changed, want) {
			t.Errorf("%q: changed %q, want %q", tt.flags, got.changed, want)
		}
		if !maps.Equal(got.short, tt.short) {
			t.Errorf("%q: short %q, want %q", tt.flags, got.short, tt.short)
		}
		for name, want := range tt.values {
			if got.values[name] != want {
				t.Errorf("%q: %s is %q, want %q", tt.flags, name, got.values[name], want)
			}
		}
		for name := range strings.FieldsSeq(tt.without) {
			if value, ok := got.values[name]; ok {
				t.Errorf("%q: %s is %q, want none", tt.flags, name, value)
			}
		}
	}
}

// A preset and the flags that it stands for are the same settings, and flags that repeat the
// values of effective are taken and change nothing.
func TestEffectiveOfPresets(t *testing.T) {
	for _, name := range presetNames() {
		preset := effectiveOf(t, vgg.VGG19(), "--preset "+name)
		if name != "default" && len(preset.changed) == 0 || preset.short["preset"] != name {
			t.Errorf("%s: changed %q, short %q", name, preset.changed, preset.short)
		}
		var flags []string
		for flag, value := range preset.values {
			flags = append(flags, "--"+flag+"="+value)
		}
		again := effectiveOf(t, vgg.VGG19(), strings.Join(flags, " "))
		if !maps.Equal(again.values, preset.values) {
			t.Errorf("%s: the values became %q, were %q", name, again.values, preset.values)
		}
	}
}
