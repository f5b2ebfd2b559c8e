package nst

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"nst/vgg/safetensors"
)

// A file of a state is a safetensors file: the vectors in the order of position.names, each of
// shape (3, h, w), and the rest as JSON in the metadata.
const (
	stateFormat  = "nst-state"
	stateVersion = "1" // of the metadata, the names of the vectors, and what they mean
)

// The keys of the metadata.
const (
	stateKeyFormat   = "format"
	stateKeyVersion  = "version"
	stateKeyMade     = "made"
	stateKeyPosition = "position"
	stateKeyMeta     = "meta"
	stateKeySum      = "metadata_sha256" // of the values of the three above
)

// ErrState is matched by the errors of [ReadState] about what a file holds.
var ErrState = errors.New("nst: not a state that this program can go on from")

// StateVersionError tells that another version of nst wrote a state, in another form.
type StateVersionError struct{ Version string }

// Error names the version of the form.
func (e *StateVersionError) Error() string {
	return fmt.Sprintf("nst: the state has form %.20q, want %s: another nst made it", e.Version, stateVersion)
}

// Unwrap returns [ErrState].
func (e *StateVersionError) Unwrap() error { return ErrState }

// Size returns about how many bytes Write writes: those of the vectors.
func (s *State) Size() int64 {
	at := s.position.Plan[s.position.Index]
	return int64(len(s.position.names())) * Size{at[0], at[1]}.Bytes()
}

// Write writes s. It is an error if a number of the picture or of the optimiser is not finite,
// or if Meta is not UTF-8. Other errors are those of w.
func (s *State) Write(w io.Writer) error {
	meta, err := s.metadata()
	if err != nil {
		return err
	}
	if len(s.vectors) == 0 {
		return errUsed
	}
	at := s.position.Plan[s.position.Index]
	var entries []safetensors.Entry
	for i, name := range s.position.names() {
		entries = append(entries, safetensors.Entry{Name: name, Shape: []int{3, at[1], at[0]}, Values: s.vectors[i]})
	}
	if meta[safetensors.ChecksumKey], err = safetensors.Checksum(entries); err == nil {
		err = safetensors.Write(w, entries, meta)
	}
	if err != nil {
		return fmt.Errorf("nst: %w", err)
	}
	return nil
}

// metadata returns all but the vectors.
func (s *State) metadata() (map[string]string, error) {
	for key, value := range s.Meta { // JSON would replace other bytes
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return nil, fmt.Errorf("nst: state: %q is not UTF-8", key+"="+value)
		}
	}
	meta := map[string]string{stateKeyFormat: stateFormat, stateKeyVersion: stateVersion}
	for key, part := range map[string]any{stateKeyMade: s.made, stateKeyPosition: s.position, stateKeyMeta: s.Meta} {
		text, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("nst: state: %w", err)
		}
		meta[key] = string(text)
	}
	meta[stateKeySum] = sumOfMetadata(meta)
	return meta, nil
}

func sumOfMetadata(meta map[string]string) string {
	h := sha256.New()
	for _, key := range []string{stateKeyMade, stateKeyPosition, stateKeyMeta} {
		fmt.Fprintln(h, len(meta[key]), meta[key])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// StatState reads a state as [ReadState] does, without its vectors: what it is about, but none
// that a run can go on from. It does not notice damage to the vectors.
func StatState(r io.ReaderAt, size int64) (*State, error) {
	s, _, err := readStateHeader(r, size)
	return s, err
}

// ReadState reads a state from a file of the given size in bytes, in the form that [State.Write]
// writes. The error is a [StateVersionError], or matches [ErrState] if the file is something
// else or is damaged; or it comes from r.
func ReadState(r io.ReaderAt, size int64) (*State, error) {
	s, f, err := readStateHeader(r, size)
	if err != nil {
		return nil, err
	}
	if err := f.Verify(); err != nil {
		return nil, notState(err)
	}
	for _, name := range s.position.names() {
		t := f.Tensors[name]
		v := make([]float32, safetensors.Count(t.Shape))
		err := t.Read(v)
		if err == nil {
			err = safetensors.Finite(v)
		}
		if err != nil {
			return nil, notState(fmt.Errorf("%s: %w", name, err))
		}
		s.vectors = append(s.vectors, v)
	}
	return s, nil
}

// notState returns err as one that matches [ErrState].
func notState(err error) error { return fmt.Errorf("%w: %w", ErrState, err) }

// readStateHeader reads all but the vectors, and checks that these are there.
func readStateHeader(r io.ReaderAt, size int64) (*State, *safetensors.File, error) {
	f, err := safetensors.Open(r, size)
	if err != nil {
		return nil, nil, notState(err)
	}
	switch version := f.Meta[stateKeyVersion]; {
	case f.Meta[stateKeyFormat] != stateFormat:
		return nil, nil, notState(errors.New("it is another kind of file"))
	case version != stateVersion:
		return nil, nil, &StateVersionError{version}
	case f.Meta[stateKeySum] != sumOfMetadata(f.Meta):
		return nil, nil, notState(errors.New("checksum of the metadata differs: the file is damaged"))
	case f.Meta[safetensors.ChecksumKey] == "":
		return nil, nil, notState(errors.New("it has no checksum"))
	}
	s := &State{}
	if err := s.parse(f.Meta); err != nil {
		return nil, nil, notState(err)
	}
	at := s.position.Plan[s.position.Index]
	shape, names := []int{3, at[1], at[0]}, s.position.names()
	for _, name := range names {
		t, ok := f.Tensors[name]
		if !ok || !slices.Equal(t.Shape, shape) || t.DType.Name != "F32" {
			return nil, nil, notState(fmt.Errorf("there is no vector %s of %s numbers", name, safetensors.Dims(shape)))
		}
	}
	if len(f.Tensors) != len(names) {
		return nil, nil, notState(fmt.Errorf("it has %d vectors, want %d: %q", len(f.Tensors), len(names), slices.Sorted(maps.Keys(f.Tensors))[:1]))
	}
	return s, f, nil
}

// parse reads the metadata.
func (s *State) parse(meta map[string]string) (err error) {
	if s.made, err = parseMade(meta[stateKeyMade]); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if s.position, err = parsePosition(meta[stateKeyPosition]); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if err := json.Unmarshal([]byte(meta[stateKeyMeta]), &s.Meta); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	return nil
}
