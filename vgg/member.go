package vgg

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
)

// member is a file in a zip archive, compressed or not, for reading from front to back. Its
// checksum is compared when the last byte is read.
type member struct {
	file *zip.File
	r    io.ReadCloser // nil before the first read
	at   int64         // in r
}

// ReadAt reads as [io.ReaderAt] says. It starts again from the front to go back.
func (m *member) ReadAt(b []byte, off int64) (int, error) {
	if m.r == nil || off < m.at {
		m.Close()
		r, err := m.file.Open()
		if err != nil {
			return 0, m.wrap(err)
		}
		m.r, m.at = r, 0
	}
	skipped, err := io.CopyN(io.Discard, m.r, off-m.at)
	m.at += skipped
	if err != nil {
		return 0, m.wrap(err)
	}
	n, err := io.ReadFull(m.r, b)
	m.at += int64(n)
	if err == nil && m.at == m.size() { // the reader compares the checksum when it sees the end
		_, err = m.r.Read(make([]byte, 1))
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = io.EOF
		if n == len(b) {
			err = nil
		}
	}
	return n, m.wrap(err)
}

// Close ends the reading.
func (m *member) Close() error {
	if m.r == nil {
		return nil
	}
	r := m.r
	m.r = nil
	return r.Close()
}

func (m *member) size() int64 { return int64(m.file.UncompressedSize64) }

// wrap adds the name of the member, and says what a wrong checksum means.
func (m *member) wrap(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, zip.ErrChecksum):
		return fmt.Errorf("%s: %w", m.file.Name, errChecksum)
	}
	return fmt.Errorf("%s: %w", m.file.Name, err)
}

var errChecksum = errors.New("checksum differs: the file is damaged")

// stored returns a file in a zip archive r that is not compressed.
func stored(r io.ReaderAt, f *zip.File) (*io.SectionReader, error) {
	if f.Method != zip.Store {
		return nil, fmt.Errorf("%s is compressed, which is unusual: unpack the archive, and pack it again without compression", f.Name)
	}
	off, err := f.DataOffset()
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(r, off, int64(f.UncompressedSize64)), nil
}

// verify reads a file in a zip archive to compare its checksum.
func verify(f *zip.File) error {
	m := &member{file: f}
	defer m.Close()
	_, err := io.Copy(io.Discard, io.NewSectionReader(m, 0, m.size()))
	return err
}
