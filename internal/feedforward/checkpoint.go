package feedforward

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"nst/internal/atomicfile"
	"nst/vgg/safetensors"
)

// maxVectors is the most vectors that the state of an optimiser may have. Adam has two.
const maxVectors = 16

// Checkpoint is a training that is to go on later. All its numbers are kept exactly, so that
// the training comes to the same bytes as if it had not stopped.
type Checkpoint struct {
	Model   *Model
	Steps   int               // steps that the optimiser took
	Vectors [][]float32       // of the optimiser, such as Adam's m and v: at most 16, each as long as Model.Params
	Meta    map[string]string // whatever else the training needs, such as counters and settings
}

// Write writes c to w. The same checkpoint gives the same bytes. It is an error if the model
// does not pass [Model.Check], if a vector has another length than Model.Params or a value
// that is not finite, if Steps is negative, or if Meta is not UTF-8.
func (c *Checkpoint) Write(w io.Writer) error {
	if err := c.write(w); err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	return nil
}

func (c *Checkpoint) write(w io.Writer) error {
	if err := c.check(); err != nil {
		return err
	}
	meta, err := c.metadata()
	if err != nil {
		return err
	}
	entries := c.Model.entries(false)
	for i, v := range c.Vectors {
		entries = append(entries, safetensors.Entry{Name: vectorName(i), Shape: []int{len(v)}, Values: v})
	}
	return safetensors.Write(w, entries, meta)
}

// Save writes c to a file, which appears whole or not at all. Errors are those of
// [Checkpoint.Write] and of package atomicfile.
func (c *Checkpoint) Save(path string) error {
	if err := atomicfile.Write(path, c.write); err != nil {
		return fmt.Errorf("feedforward: writing checkpoint %q: %w", path, err)
	}
	return nil
}

// ReadCheckpoint reads a checkpoint from a file of the given size in bytes. It refuses what
// [Read] refuses.
func ReadCheckpoint(r io.ReaderAt, size int64) (*Checkpoint, error) {
	c, err := readCheckpoint(r, size)
	if err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	return c, nil
}

// LoadCheckpoint is [ReadCheckpoint] of the file at path.
func LoadCheckpoint(path string) (*Checkpoint, error) {
	c, err := load(path, readCheckpoint)
	if err != nil {
		return nil, fmt.Errorf("feedforward: reading checkpoint %q: %w", path, err)
	}
	return c, nil
}

func readCheckpoint(r io.ReaderAt, size int64) (*Checkpoint, error) {
	f, err := open(r, size, checkpointFormat)
	if err != nil {
		return nil, err
	}
	m, err := parseMetadata(f.Meta)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{Model: m}
	vectors, err := c.parseMetadata(f.Meta)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	n := m.Count(len(m.Styles))
	for i := range vectors {
		if err := checkTensor(f.Tensors, vectorName(i), []int{n}); err != nil {
			return nil, err
		}
	}
	if err := m.readParams(f.Tensors, vectors); err != nil {
		return nil, err
	}
	for i := range vectors {
		name, v := vectorName(i), make([]float32, n)
		if err := readTensor(f.Tensors[name], v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c.Vectors = append(c.Vectors, v)
	}
	return c, nil
}

// vectorName returns the name of the tensor that holds a vector of the optimiser.
func vectorName(i int) string { return "optimizer." + strconv.Itoa(i) }

func (c *Checkpoint) check() error {
	if c.Model == nil {
		return errors.New("checkpoint has no model")
	}
	if err := c.Model.check(); err != nil {
		return err
	}
	if err := c.checkCounts(len(c.Vectors)); err != nil {
		return err
	}
	for i, v := range c.Vectors {
		if len(v) != len(c.Model.Params) {
			return fmt.Errorf("vector %d of the optimiser has %d values, want %d", i, len(v), len(c.Model.Params))
		}
	}
	for key, value := range c.Meta { // JSON would replace other bytes
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return fmt.Errorf("checkpoint: %q is not UTF-8", key+"="+value)
		}
	}
	return nil
}

func (c *Checkpoint) checkCounts(vectors int) error {
	if c.Steps < 0 {
		return fmt.Errorf("optimiser took %d steps, want at least 0", c.Steps)
	}
	if vectors < 0 || vectors > maxVectors {
		return fmt.Errorf("%d vectors of an optimiser, want 0 to %d", vectors, maxVectors)
	}
	return nil
}

// metadata describes c and its model.
func (c *Checkpoint) metadata() (map[string]string, error) {
	meta, err := c.Model.metadata(checkpointFormat)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(c.Meta)
	if err != nil {
		return nil, fmt.Errorf("metadata: meta: %w", err)
	}
	meta["steps"], meta["vectors"], meta["meta"] = strconv.Itoa(c.Steps), strconv.Itoa(len(c.Vectors)), string(text)
	return meta, nil
}

// parseMetadata sets Steps and Meta, and returns the number of vectors.
func (c *Checkpoint) parseMetadata(meta map[string]string) (vectors int, err error) {
	if c.Steps, err = strconv.Atoi(meta["steps"]); err != nil {
		return 0, fmt.Errorf("steps: %.20q is not a number", meta["steps"])
	}
	if vectors, err = strconv.Atoi(meta["vectors"]); err != nil {
		return 0, fmt.Errorf("vectors: %.20q is not a number", meta["vectors"])
	}
	if err := json.Unmarshal([]byte(meta["meta"]), &c.Meta); err != nil {
		return 0, fmt.Errorf("meta: %w", err)
	}
	return vectors, c.checkCounts(vectors)
}
