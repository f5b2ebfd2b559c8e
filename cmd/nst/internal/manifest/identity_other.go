//go:build !unix

package manifest

import "io/fs"

// identity returns nothing: here a file has no number that os.Stat tells.
func identity(fs.FileInfo) string { return "" }
