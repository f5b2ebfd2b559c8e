package vgg

import (
	"archive/zip"
	"bytes"
	"path"
	"strconv"
	"strings"
)

// FormatError means that a file is no file of weights that [Import] reads.
type FormatError struct {
	Found   string // what the file is, such as "a web page"; empty if unknown
	Instead string // what to do about it; empty if unknown
}

// Error says what the file is.
func (e *FormatError) Error() string {
	if e.Found == "" {
		return "not a file of weights"
	}
	return "not a file of weights but " + e.Found
}

// foreign recognises a kind of file by its first bytes.
func foreign(start string) *FormatError {
	const download = "download the file itself, which has 80 to 600 MB for a VGG"
	for _, known := range []struct {
		magic          string
		found, instead string
	}{
		{"version https://git-lfs", "a Git LFS pointer, which stands for the file", "git lfs pull fetches the file itself"},
		{"MATLAB 4", "a MATLAB file of version 4", "save it from MATLAB with -v7"},
		{"\x1f\x8b", "a file compressed by gzip", "unpack it with gunzip"},
		{"BZh", "a file compressed by bzip2", "unpack it with bunzip2"},
		{"\xfd7zXZ", "a file compressed by xz", "unpack it with unxz"},
		{"\x28\xb5\x2f\xfd", "a file compressed by zstd", "unpack it with unzstd"},
		{"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"},
		{"Rar!", "a RAR archive", "unpack it first"},
		{"\x80", "a Python pickle that torch.save did not write", saveStateDict},
		{"\x89PNG", "a picture", ""},
		{"\xff\xd8\xff", "a picture", ""},
		{"GIF8", "a picture", ""},
		{"RIFF", "a picture", ""},
		{"%PDF", "a PDF document", ""},
		{"GGUF", "a language model in GGUF format", ""},
	} {
		if strings.HasPrefix(start, known.magic) {
			return &FormatError{known.found, known.instead}
		}
	}
	text := strings.ToLower(strings.TrimLeft(start, "\ufeff \t\r\n"))
	switch {
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<head"):
		return &FormatError{"a web page", download}
	case strings.HasPrefix(text, "<"):
		return &FormatError{"an XML document, perhaps the error of a web server", download}
	case strings.HasPrefix(text, "{") && (strings.Contains(text, `"weight_map"`) || strings.Contains(text, `"total_size"`)):
		return &FormatError{"the index of weights that are split over several files", "save them as one file: with the package safetensors, load all parts and save_file one dictionary"}
	case strings.HasPrefix(text, "{"):
		return &FormatError{"a JSON document, which may describe a network but does not hold its weights", ""}
	case strings.HasPrefix(text, "name:"), strings.HasPrefix(text, "layer {"), strings.HasPrefix(text, "layers {"), strings.HasPrefix(text, "input:"):
		return &FormatError{"the description of a Caffe network, without its weights", "import the .caffemodel that belongs to it"}
	case len(start) >= 8 && start[4:8] == "TFL3":
		return &FormatError{"a TensorFlow Lite model", "save the weights from Keras: model.save_weights(\"vgg.weights.h5\")"}
	case len(start) >= 262 && start[257:262] == "ustar":
		return &FormatError{"a tar archive", "unpack it first"}
	case len(start) >= 128 && start[126:128] == "MI":
		return &FormatError{"a MATLAB file of a big-endian machine", "save it again on this machine"}
	case isText(start):
		return &FormatError{"a text", ""}
	}
	return &FormatError{}
}

// foreignZip says what a zip file seems to be.
func foreignZip(z *zip.Reader) *FormatError {
	for _, f := range z.File {
		switch name := strings.ToLower(f.Name); path.Ext(name) {
		case ".mat", ".caffemodel", ".h5", ".hdf5", ".onnx", ".pth", ".pt", ".safetensors", ".npz", ".keras":
			return &FormatError{"a zip archive that holds " + strconv.Quote(path.Base(f.Name)), "unpack it first"}
		case ".pkl":
			return &FormatError{"a zip archive with pickles that torch.save did not write", saveStateDict}
		}
	}
	return &FormatError{"a zip archive that holds no weights", ""}
}

const saveStateDict = `save a state dict in Python: torch.save(model.state_dict(), "vgg.pth")`

// isText reports whether s has only printable ASCII and white space.
func isText(s string) bool {
	return s != "" && !bytes.ContainsFunc([]byte(s), func(r rune) bool {
		return r > '~' || r < ' ' && r != '\n' && r != '\r' && r != '\t'
	})
}
