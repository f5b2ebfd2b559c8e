package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/internal/atomicfile"
	"nst/nst"
)

// resumeOptions are the arguments and flags of nst resume.
type resumeOptions struct {
	settings
	path  string
	force bool
}

// newResumeCmd returns nst resume. If runF is not nil, it runs instead of the work.
func newResumeCmd(e *env, runF func(context.Context, *resumeOptions) error) *cobra.Command {
	o := &resumeOptions{settings: defaults()}
	cmd := &cobra.Command{
		Use:   "resume FILE",
		Short: "Go on with an interrupted picture",
		Long: `resume goes on with a run of nst stylize or nst texture that was interrupted, or
whose process was killed. FILE is its checkpoint, such as out.png.checkpoint. The
picture is the same, byte for byte, as that of a run without a break.

The command line is in FILE. Its pictures must be where they were, and unchanged.
FILE is removed when the picture is done.`,
		Annotations: map[string]string{moreKey: `Files: resume replaces what the interrupt has saved, if it is unchanged. Other
files are replaced only with --overwrite, also if the run began with it; without
it the new file gets another name, such as out-2.png. --log
goes on after the last line that belongs to FILE. --plot has the whole run; --gif
begins where the run goes on.

FILE belongs to one version of nst and to one instruction set, which nst info
shows as kernels. With another one, or with other pictures or weights, resume
refuses. --force goes on if the sizes and the optimiser are the same. The result
is then a picture that no run without a break would make.`},
		Example: `  nst resume out.png.checkpoint
  nst resume out.png.checkpoint --threads 4 --quiet`,
		Args: arguments(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.path = args[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return resume(cmd.Context(), e, o, changedFlags(cmd))
		},
	}
	cmd.Flags().BoolVar(&o.force, "force", false, "go on although pictures, weights, processor or version differ")
	bindFlags(cmd, e, &o.settings, inResume, nil)
	return cmd
}

// changedFlags returns the flags that were given, for the command that goes on.
func changedFlags(cmd *cobra.Command) (args []string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "force" && f.Name != "overwrite" {
			args = append(args, "--"+f.Name+"="+f.Value.String())
		}
	})
	return args
}

// resuming is a run that goes on.
type resuming struct {
	path             string // of the checkpoint
	state            *nst.State
	force, overwrite bool

	arguments []string
	folder    string
	output    string            // may have got another name
	files     map[string]string // that the interrupt has saved, with their SHA-256
	log       int64             // length in bytes
}

var (
	errOtherProgram = errors.New("another version of nst made it")
	errNoCommand    = errors.New("it does not say how to go on: no program of this version made it")
)

// resume runs the command of a checkpoint again, in its folder, with further flags.
func resume(ctx context.Context, e *env, o *resumeOptions, flags []string) error {
	r, err := o.read()
	if err != nil {
		return &fileError{"interrupted run", o.path, err}
	}
	here, err := os.Getwd()
	if err == nil && here != r.folder {
		if r.path, err = filepath.Abs(r.path); err == nil {
			err = os.Chdir(r.folder)
		}
	}
	if err != nil {
		return &fileError{"folder of the run", r.folder, err}
	}
	again := *e
	again.Args, again.resuming = r.arguments, r
	root := newRootCmd(&again)
	root.SetArgs(joinSwitches(withFlags(r.arguments, flags)))
	return root.ExecuteContext(ctx)
}

// withFlags adds flags to arguments, where they are flags.
func withFlags(arguments, flags []string) []string {
	at := slices.Index(arguments, "--")
	if at < 0 {
		at = len(arguments)
	}
	return slices.Insert(slices.Clone(arguments), at, flags...)
}

// read reads the checkpoint.
func (o *resumeOptions) read() (*resuming, error) {
	info, err := os.Stat(o.path) // before Open, which would wait for the other end of a pipe
	if err != nil {
		return nil, err
	}
	if err := atomicfile.CheckKind(info); err != nil {
		return nil, err
	}
	f, err := os.Open(o.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := nst.ReadState(f, info.Size())
	if err != nil {
		return nil, err
	}
	if made, this := s.Meta[metaProgram], program(); made != this && !o.force {
		return nil, fmt.Errorf("%w: %s, and this is %s", errOtherProgram, made, this)
	}
	r := &resuming{path: o.path, state: s, force: o.force, overwrite: o.overwrite, files: map[string]string{}}
	return r, r.parse(s.Meta)
}

// parse reads the metadata of a checkpoint.
func (r *resuming) parse(meta map[string]string) error {
	var folder, output rawText
	var arguments []rawText
	var files []savedFile
	for key, to := range map[string]any{metaFolder: &folder, metaOutput: &output, metaArguments: &arguments, metaFiles: &files} {
		if err := json.Unmarshal([]byte(meta[key]), to); err != nil {
			return errNoCommand
		}
	}
	for _, a := range arguments {
		r.arguments = append(r.arguments, string(a))
	}
	for _, f := range files {
		r.files[string(f.Path)] = f.Sum
	}
	r.folder, r.output = string(folder), string(output)
	var err error
	r.log, err = strconv.ParseInt(meta[metaLog], 10, 64)
	if err != nil || len(r.arguments) == 0 || r.arguments[0] != "stylize" && r.arguments[0] != "texture" {
		return errNoCommand
	}
	return nil
}

// owns reports whether the interrupt has saved the file at path, and it is unchanged since.
func (r *resuming) owns(path string) bool {
	if r == nil || r.files[path] == "" {
		return false
	}
	sum, err := fileSum(path)
	return err == nil && sum == r.files[path]
}

// mode says what the run does with a file at path. If it goes on, a file that is there already
// is looked at when it is to be written: it may be what the run is going to write.
func (s *settings) mode(path string) writeMode {
	if s.resume != nil && !s.replaces(path) && exists(path) {
		return skips
	}
	return replacing(s.replaces(path))
}

// replaces reports whether the file at path may be replaced.
func (s *settings) replaces(path string) bool { return s.overwrite || s.resume.owns(path) }

// goOn makes o a run that goes on, if e says so.
func (o *stylizeOptions) goOn(e *env, t *console) {
	r := e.resuming
	if r == nil {
		return
	}
	// The command line may be another's: its --overwrite does not count here.
	o.resume, o.overwrite, t.resumes = r, r.overwrite, true
	o.settings.force = o.settings.force || r.force
	if strings.EqualFold(filepath.Ext(r.output), filepath.Ext(o.output)) {
		o.output = r.output
	}
}

// errChanged means that an input is not what it was.
var errChanged = errors.New("is not the one that the run began with")

// changed returns an error of a run that goes on with the name of the file that it is about.
func (o *stylizeOptions) changed(err error) error {
	differs := new(nst.ResumeError)
	if !errors.As(err, &differs) {
		return err
	}
	what, path, number := differs.What, "", 0
	of := func(name string, files []string) {
		if n, _ := fmt.Sscanf(what, name+" %d", &number); n == 1 && number <= len(files) {
			path = files[number-1]
		}
	}
	switch what {
	case "content":
		path = o.content
	case "first picture":
		path = o.start
	case "protect mask":
		path = o.masks.protect
	}
	of("style", o.styles)
	of("style mask", o.masks.style)
	of("content mask", o.masks.content)
	if path == "" || path == rest {
		return err
	}
	if !strings.Contains(what, "mask") {
		what, _, _ = strings.Cut(what, " ")
		what += " image"
	}
	return &fileError{what, path, fmt.Errorf("%w: %w", errChanged, err)}
}

// mostLine is how long a line of a log may be.
const mostLine = 4096

// continuesLog reports whether the log is that of the run, up to where it goes on.
func (o *stylizeOptions) continuesLog() bool {
	if o.resume == nil || o.resume.log < 1 {
		return false
	}
	f, err := os.Open(o.log)
	if err != nil {
		return false
	}
	defer f.Close()
	from := max(0, o.resume.log-mostLine)
	b := make([]byte, o.resume.log-from)
	if _, err := f.ReadAt(b, from); err != nil {
		return false
	}
	text, whole := bytes.CutSuffix(b, []byte("\n"))
	var last line
	err = json.Unmarshal(text[bytes.LastIndexByte(text, '\n')+1:], &last)
	return whole && err == nil && last.Done == o.resume.state.Iterations()
}

// openLog opens the log. That of a run that goes on keeps the lines up to there, and loses
// those after as soon as there is a new one.
func (o *stylizeOptions) openLog() (*logFile, error) {
	if !o.continuesLog() {
		return openLog(o.log, replacing(o.overwrite))
	}
	l, err := openLog(o.log, extends)
	if err == nil {
		l.cut = o.resume.log
	}
	return l, err
}

// announce says what goes on.
func (r *resuming) announce(t *console, o *stylizeOptions) {
	words := make([]string, len(r.arguments))
	for i, a := range r.arguments {
		words[i] = shellWord(a)
	}
	t.say("going on after iteration %d: nst %s", r.state.Iterations(), strings.Join(words, " "))
	if o.gif != "" {
		t.say("the animation begins here")
	}
}
