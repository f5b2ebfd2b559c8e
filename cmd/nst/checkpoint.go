package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"nst/internal/atomicfile"
	"nst/nst"
)

// checkpointExtension is added to the name of a picture. The file has all that nst resume
// needs to go on.
const checkpointExtension = ".checkpoint"

// What the metadata of a checkpoint hold besides the state of the run.
const (
	metaProgram   = "program"   // see program
	metaArguments = "arguments" // as given, a JSON list of rawText
	metaFolder    = "folder"    // that the arguments are relative to, rawText
	metaOutput    = "output"    // the picture, which may have got another name, rawText
	metaFiles     = "files"     // what an interrupt has saved, a JSON list of savedFile
	metaLog       = "log"       // length of the log in bytes
	metaCurve     = "curve"     // the losses so far, for --plot, as JSON
)

// rawText is text that need not be UTF-8, as names of files are. As text it is quoted.
type rawText string

// MarshalText returns the text in quotes, as in Go. It returns no error.
func (s rawText) MarshalText() ([]byte, error) { return []byte(strconv.QuoteToASCII(string(s))), nil }

// UnmarshalText is the inverse of MarshalText. Anything else is an error.
func (s *rawText) UnmarshalText(text []byte) error {
	raw, err := strconv.Unquote(string(text))
	*s = rawText(raw)
	return err
}

// savedFile is a file with its SHA-256.
type savedFile struct {
	Path rawText `json:"path"`
	Sum  string  `json:"sha256"`
}

// checkpointFile returns the file of the checkpoint; empty for none. A run with standard input
// or output cannot be begun again.
func (o *stylizeOptions) checkpointFile() string {
	switch {
	case o.resume != nil:
		return o.resume.path
	case o.checkpointEvery == 0, o.output == standard, o.content == standard:
		return ""
	}
	return o.output + checkpointExtension
}

// checkpoint saves the state of the run. At an interrupt it first saves the picture and what
// belongs to it, which matter more.
func (p *painting) checkpoint(s *nst.State) {
	var saved []savedFile
	if s.Result != nil {
		saved = p.conclude(s.Result)
	}
	path, err := p.o.checkpointFile(), error(nil)
	if s.Meta, err = p.metadata(saved); err == nil {
		err = p.writeCheckpoint(path, s)
	}
	switch {
	case err != nil && !p.warned:
		p.warned = true
		p.t.say("%s", (&fileError{"checkpoint", path, err}).Error())
	case err == nil && s.Result != nil:
		p.t.put(map[string]any{"checkpoint": path, "bytes": s.Size()},
			sprintf("nst resume %s goes on from here (%.0f MB)", shellWord(path), float64(s.Size())/1e6))
	}
}

// writeCheckpoint replaces only a checkpoint of this run, unless it may replace all.
func (p *painting) writeCheckpoint(path string, s *nst.State) error {
	write := atomicfile.Create
	if p.kept || p.o.overwrite || p.o.resume != nil {
		write = atomicfile.Write
	}
	err := write(path, s.Write)
	p.kept = p.kept || err == nil
	return err
}

// removeCheckpoint removes the checkpoint of a run that is done.
func (p *painting) removeCheckpoint() error {
	path := p.o.checkpointFile()
	if !p.kept && p.o.resume == nil {
		return nil
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return &fileError{"checkpoint", path, err}
	}
	return nil
}

// metadata returns what a checkpoint holds besides the state. saved are files that an
// interrupt has saved.
func (p *painting) metadata(saved []savedFile) (map[string]string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	size, err := p.log.size()
	if err != nil {
		return nil, err
	}
	output := p.o.output
	if p.at != "" {
		output = p.at
	}
	var arguments []rawText
	for _, a := range p.t.e.Args {
		arguments = append(arguments, rawText(a))
	}
	if p.program == "" {
		p.program = program()
	}
	meta := map[string]string{metaProgram: p.program, metaLog: strconv.FormatInt(size, 10)}
	for key, v := range map[string]any{
		metaFolder: rawText(folder), metaOutput: rawText(output), metaArguments: arguments,
		metaFiles: saved, metaCurve: p.recorder.saved(),
	} {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		meta[key] = string(text)
	}
	return meta, nil
}

// shellWord returns s as a word of a command line.
func shellWord(s string) string {
	plain := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("/._-+,:=@%\\", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
