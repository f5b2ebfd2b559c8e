package batch_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nst/cmd/nst/internal/batch"
)

func TestReadSpecs(t *testing.T) {
	for _, tt := range []struct{ name, text, want, err string }{
		{"CSV", "content,style,--strength\na.png,s.png,65\n\"b, c.png\",,\n", `a.png s.png map[strength:65]|b, c.png  map[]`, ""},
		{"CSV of Windows, with semicolons", "\xef\xbb\xbfcontent;output\r\na.png;x/y.png\r\n", `a.png  map[] x/y.png`, ""},
		{"JSON Lines", `{"content":"a.png","strength":65,"auto-balance":false,"style":null}` + "\n\n" + `{"content":"b.png","protect":"m.png"}`, `a.png  map[auto-balance:off strength:65]|b.png  map[]  m.png`, ""},
		{"a bad line", "{\"content\":\"a.png\"}\n{\"content\"\n{\"style\":\"s\"}\n{\"content\":[1]}\n{} {}\n{\"content\":\"z\"}", `a.png  map[]|z  map[]`, "line 2: is no JSON object; line 3: has no content; line 4: content must be a text; line 5: has something after"},
		{"another number of values", "content,style\na.png\nb.png,s.png,1\nc.png,s.png\n", `c.png s.png map[]`, "line 2: has 1 values for 2 columns; line 3: has 3 values"},
		{"no content column", "style,size\ns,1\n", "", "line 1: has no name content"},
		{"nothing", " \n", "", "it has no jobs"},
		{"a quote that is not closed", "content\n\"a.png\n", "", "line 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			specs, err := batch.ReadSpecs(strings.NewReader(tt.text))
			var got []string
			for _, s := range specs {
				got = append(got, strings.TrimRight(fmt.Sprintf("%s %s %v %s %s", s.Content, s.Style, s.Settings, s.Output, s.Masked), " "))
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for part := range strings.SplitSeq(tt.err, "; ") {
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), part) {
					t.Errorf("error %v, want %q", err, part)
				}
			}
		})
	}
}

func TestReadList(t *testing.T) {
	for text, want := range map[string][]string{
		"a.png\r\nb c.png\n\n":  {"a.png", "b c.png"},
		"a\nb.png\x00c.png\x00": {"a\nb.png", "c.png"},
		"\xef\xbb\xbfa.png":     {"a.png"},
		"":                      nil,
	} {
		got, err := batch.ReadList(strings.NewReader(text))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

// FuzzReadSpecs reads any job file: every job that it returns has a content.
func FuzzReadSpecs(f *testing.F) {
	f.Add([]byte("content,style\na,b\n"))
	f.Add([]byte(`{"content":"a"}`))
	f.Add([]byte("\xef\xbb\xbfcontent;x\n\"a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		specs, _ := batch.ReadSpecs(bytes.NewReader(data))
		for _, s := range specs {
			if s.Content == "" || s.Line < 1 {
				t.Errorf("%+v", s)
			}
		}
	})
}
