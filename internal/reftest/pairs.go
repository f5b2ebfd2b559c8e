package reftest

import (
	"fmt"
	"strings"
)

// Pairs lists each of our content pictures with two of our styles, for programs that measure
// several pairs: CONTENT:STYLE,... with paths from the root of the project.
func Pairs() string {
	var all []string
	for _, p := range [][2]string{
		{"lakeside", "flow"},
		{"stilllife", "cubist"},
		{"town", "mosaic"},
		{"lakeside", "watercolour"},
		{"stilllife", "woodcut"},
		{"town", "pointillism"},
	} {
		all = append(all, fmt.Sprintf("testdata/images/content/%s.jpg:testdata/images/style/%s.jpg", p[0], p[1]))
	}
	return strings.Join(all, ",")
}
