// Package recipe describes how a picture was made, so that it can be made again: settings,
// inputs, weights and the program. [Recipe] is what nst puts into the pictures that it paints.
//
// A recipe holds no path of the machine it was made on: of a file it has the base name, the
// size and the SHA-256.
package recipe

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Version is the version of the format that [Recipe.Marshal] writes. It changes when an older
// program would misunderstand a recipe; fields that are only new do not change it.
const Version = 1

// ReadingReduced is a value of Recipe.Reading.
const ReadingReduced = 1

// MaxBytes is the length of the longest recipe in bytes.
const MaxBytes = 1 << 20

// Recipe is how a picture was made.
type Recipe struct {
	Version int `json:"recipe"` // of the format

	// About is a sentence for people who look at the file: [About].
	About string `json:"about"`

	// SourceType is the digital source type of the picture in the vocabulary of the IPTC: a
	// URI, see [SourceType].
	SourceType string `json:"digital_source_type"`

	Program string `json:"program"` // name and version
	Command string `json:"command"` // stylize, texture or apply; jobs of a batch or a sweep are stylize
	Engine  Engine `json:"engine"`

	// Settings has the value of every flag that has an effect on the picture, by name without
	// dashes, as the flag takes it. What has a file instead of a value is among the Inputs.
	Settings map[string]string `json:"settings"`

	// Changed lists the names of the Settings that differ from the defaults of the program.
	Changed []string `json:"changed,omitempty"`

	// Short has the flags that were given and stand for some of the Settings, such as preset
	// and strength. The Settings alone are complete.
	Short map[string]string `json:"short,omitempty"`

	// Output has the flags that say how the picture is stored, such as quality.
	Output map[string]string `json:"output,omitempty"`

	Inputs  []Input `json:"inputs"`
	Weights []File  `json:"weights"` // of the networks

	// Reading is how the inputs were read: 0 as they are, 1 ([ReadingReduced]) with large pictures
	// reduced while they are decoded.
	Reading int `json:"reading,omitempty"`

	// Stopped says why the run ended before its last iteration, empty if it did not. A new
	// run of the same recipe gives another picture then.
	Stopped string `json:"stopped,omitempty"`
}

// Engine is what computed the picture.
type Engine struct {
	Device    string `json:"device"`              // cpu or cuda
	Precision string `json:"precision,omitempty"` // of a card: tf32 or fp32; of a processor: mixed or bf16, or empty for fp32
	Kernels   string `json:"kernels,omitempty"`   // instruction set or card
	Platform  string `json:"platform,omitempty"`  // such as linux/amd64
}

// File is a file that a picture depends on.
type File struct {
	Name   string `json:"name"`             // without folder
	SHA256 string `json:"sha256,omitempty"` // 64 hexadecimal digits; empty for a word instead of a file
	Bytes  int64  `json:"bytes,omitempty"`
}

// Input is a picture that was read, or a word that was given instead of one: a content mask
// may be the word rest, and a mask may be empty. Words have no SHA256.
type Input struct {
	Role Role `json:"role"`
	File
}

// Role is the purpose of an input.
type Role string

// The roles. Several inputs of one role stand in the order of the command line.
const (
	Content     Role = "content"
	Style       Role = "style"
	Start       Role = "init" // the picture that the run starts from
	ContentMask Role = "content-mask"
	StyleMask   Role = "style-mask"
	Protect     Role = "protect"
)

// Digital source types of the IPTC NewsCodes that apply here.
const (
	sourceTypes = "http://cv.iptc.org/newscodes/digitalsourcetype/"
	composite   = sourceTypes + "compositeWithTrainedAlgorithmicMedia" // edited with a trained model
	generated   = sourceTypes + "trainedAlgorithmicMedia"              // made by a trained model
)

// SourceType returns the digital source type of the pictures of a command. A picture that has
// a photograph as its content was edited with a trained model; a texture was made by one.
// See http://cv.iptc.org/newscodes/digitalsourcetype/.
func SourceType(command string) string {
	if command == "texture" {
		return generated
	}
	return composite
}

// About returns a sentence that says how the pictures of a command were made.
func About(command string) string {
	if command == "texture" {
		return "This picture is a texture that nst made by neural style transfer from a style picture, with a trained neural network."
	}
	return "This picture was made by nst, by neural style transfer: a trained neural network gave the content picture the look of a style picture."
}

// Marshal returns the recipe as JSON with a fixed order of keys: the same recipe gives the same
// bytes. Non-ASCII characters stay as they are; what is no UTF-8 becomes U+FFFD. The error says
// that the recipe is not one that [Parse] would take.
func (r *Recipe) Marshal() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	out := bytes.TrimSpace(b.Bytes())
	if len(out) > MaxBytes {
		return nil, errTooLong
	}
	return out, nil
}

// Seed returns the seed of the random numbers, if the picture depends on one.
func (r *Recipe) Seed() (seed uint64, ok bool) {
	seed, err := strconv.ParseUint(r.Settings["seed"], 10, 64)
	return seed, err == nil
}

// Of returns the inputs of a role, in order.
func (r *Recipe) Of(role Role) []File {
	var files []File
	for _, in := range r.Inputs {
		if in.Role == role {
			files = append(files, in.File)
		}
	}
	return files
}
