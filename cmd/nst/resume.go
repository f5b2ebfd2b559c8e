package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

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
	cmd.Flags().BoolVar(&o.force, "force", false, "go on although pictures, weights, processor or version differ, or memory seems not to suffice")
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
	path             string     // of the checkpoint
	state            *nst.State // without its vectors, before load
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

// readState reads the state in a checkpoint, with one of the functions of package nst.
func readState(path string, read func(io.ReaderAt, int64) (*nst.State, error)) (*nst.State, error) {
	info, err := os.Stat(path) // before Open, which would wait for the other end of a pipe
	if err != nil {
		return nil, err
	}
	if err := atomicfile.CheckKind(info); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, info.Size())
}

// read reads the checkpoint, but for the vectors of the state.
func (o *resumeOptions) read() (*resuming, error) {
	s, err := readState(o.path, nst.StatState)
	if err != nil {
		return nil, err
	}
	if made, this := s.Meta[metaProgram], program(); made != this && !o.force {
		return nil, fmt.Errorf("%w: %s, and this is %s", errOtherProgram, made, this)
	}
	r := &resuming{path: o.path, state: s, force: o.force, overwrite: o.overwrite, files: map[string]string{}}
	return r, r.parse(s.Meta)
}

// load reads all of the state. A run that does not go on has nothing to load.
func (r *resuming) load() (err error) {
	if r == nil {
		return nil
	}
	if r.state, err = readState(r.path, nst.ReadState); err != nil {
		return &fileError{"interrupted run", r.path, err}
	}
	return nil
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
