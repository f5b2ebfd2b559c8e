package vgg

import "bytes"

// For tests outside the package.
var (
	HomeOn     = home
	KnowOxford = knowOxford
)

// ImportBytes is Import of a file that is in memory.
func ImportBytes(b []byte, opts ImportOptions) (*Weights, error) {
	a, err := open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	return a.weights(opts)
}

// FileSource is a source that copies a file.
func FileSource(path, md5 string) Source { return fileSource{path, md5} }
