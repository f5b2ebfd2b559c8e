package reftest

import (
	"fmt"
	"strings"
)

// Pairs lists our contents with two of our styles each, for the programs that measure
// over several pairs: CONTENT:STYLE,... with paths from the root of the project.
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
