package feedforward_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nst/internal/feedforward"
)

func TestStyleName(t *testing.T) {
	for path, want := range map[string]string{
		"paintings/Van Gogh_Starry Night.jpg": "van-gogh-starry-night",
		"the.scream.1893.png":                 "the-scream-1893",
		"-- The  \"Kiss\"! --.tiff":           "the-kiss",
		"Étretat.jpg":                         "étretat",
		"E\u0301tretat.jpg":                   "e\u0301tretat", // the accent is a character of its own
		"\u0301x \u0301y.jpg":                 "x-y",
		"神奈川沖浪裏.png":                          "神奈川沖浪裏",
		"noextension":                         "noextension",
		"/some/folder/":                       "folder",
		"a\x00b\x1b[31m\xff.jpg":              "a-b-31m",
		"C:\\Pictures\\Kiss.jpg":              "c-pictures-kiss",
		".jpg":                                "style",
		"???.jpg":                             "style",
		"":                                    "style",
		"..":                                  "style",
		strings.Repeat("ab ", 40):             strings.TrimRight(strings.Repeat("ab-", 22)[:64], "-"),
		strings.Repeat("x", 63) + " y.jpg":    strings.Repeat("x", 63),
	} {
		got := feedforward.StyleName(path)
		if strings.Contains(path, `\`) && got == "kiss" {
			continue // Windows takes it for a path
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
		if err := feedforward.CheckStyleName(got); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func FuzzStyleName(f *testing.F) {
	f.Add("paintings/Van Gogh_Starry Night.jpg")
	f.Add("\u0301İ \xff.")
	f.Fuzz(func(t *testing.T, path string) {
		name := feedforward.StyleName(path)
		if err := feedforward.CheckStyleName(name); err != nil {
			t.Errorf("%q becomes a name that is refused: %v", path, err)
		}
		if again := feedforward.StyleName(name); again != name {
			t.Errorf("%q becomes %q, which becomes %q", path, name, again)
		}
	})
}

func TestCheckStyleName(t *testing.T) {
	for name, want := range map[string]string{
		"":                         "name is empty",
		strings.Repeat("x", 65):    "65 characters, want at most 64",
		"-starry":                  "does not start with a letter or a digit",
		".hidden":                  "does not start",
		"\u0301x":                  "does not start",
		"a/b":                      `"a/b" has characters other than`,
		`a\b`:                      "other than",
		"a b":                      "other than",
		"a\x1b[31m":                `"a\x1b[31m" has characters`,
		"a\u202eb":                 "other than",
		"a\xffb":                   "other than",
		"starry-night.safetensors": "other than",
	} {
		if err := feedforward.CheckStyleName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
	for _, name := range []string{"x", "Udnie", "1889", "van_gogh-2", "étretat", strings.Repeat("é", 64)} {
		if err := feedforward.CheckStyleName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestStyleIndex(t *testing.T) {
	m := model(t, small(), "the-scream", "Starry-Night", "udnie", "great-wave")
	for name, want := range map[string]int{"the-scream": 0, "starry-night": 1, "STARRY-NIGHT": 1, "great-wave": 3} {
		if got, err := m.StyleIndex(name); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, want)
		}
	}
	for name, want := range map[string]string{
		"stary-nigth": "Starry-Night udnie the-scream great-wave", // distances 3, 9, 10, 10
		"wave":        "great-wave udnie the-scream Starry-Night", // contained, then 4, 9, 11
		"undie":       "udnie the-scream great-wave Starry-Night", // 2, 9, 9, 11
		"NIGHT":       "Starry-Night udnie great-wave the-scream", // contained, then 5, 9, 10
	} {
		_, err := m.StyleIndex(name)
		unknown := new(feedforward.UnknownStyleError)
		if !errors.As(err, &unknown) || unknown.Name != name {
			t.Fatalf("%s: got %v", name, err)
		}
		if got := strings.Join(unknown.Known, " "); got != want {
			t.Errorf("%s: nearest are %s, want %s", name, got, want)
		}
	}
}

func TestUnknownStyleError(t *testing.T) {
	var known []string
	for i := range 12 {
		known = append(known, fmt.Sprint("s", i))
	}
	err := &feedforward.UnknownStyleError{Name: "x\n", Known: known}
	if got, want := err.Error(), `feedforward: no style "x\n" (known: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 2 more)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !slices.Equal(err.Known, known) {
		t.Error("the error changed")
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"été", "ete", 2}, {"saturday", "sunday", 3}} {
		if got := feedforward.Distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%s, %s: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
