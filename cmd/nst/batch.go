package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
)

// batchOptions are the arguments and flags of nst batch.
type batchOptions struct {
	settings
	contents []string // files, folders, patterns
	styles   []string // likewise; with --apply also names and networks
	dir      string
	format   string         // png, jpg
	flags    *cobra.Command // what was given
}

// newBatchCmd returns nst batch. If runF is not nil, it runs instead
// of the work.
func newBatchCmd(e *env, runF func(context.Context, *batchOptions) error) *cobra.Command {
	o := &batchOptions{settings: defaults(), format: "png"}
	cmd := &cobra.Command{
		Use:   "batch CONTENT... --style STYLE [--style ...] --out-dir DIR",
		Short: "Paint many pictures in many styles",
		Long: `batch paints every CONTENT in every STYLE. Each is a picture, a folder or a
pattern such as 'in/*.jpg'. With --apply it paints in one pass of a network, and
STYLE may be a name that nst styles list shows, or MODEL or MODEL:NAME.

The results are CONTENT-STYLE.png in DIR, which is created if necessary. The file
nst-batch.jsonl in DIR is the manifest: it says what was done from which files
with which settings. The same command again skips what is done and has not
changed. It does what is missing or damaged, what has other settings or another
picture of the same name now, and what failed. A picture that cannot be read does
not stop the others. The last lines count the pictures that were painted, skipped
or failed. The exit code is 1 if any failed or is left to do.

--time limits each picture, not the batch; --total-time is for the batch.`,
		Annotations: map[string]string{moreKey: `Files: what exists in DIR and is not of this batch, or was changed after it was
painted, is replaced only with --overwrite, which paints all again. Ctrl-C saves
the current picture as DIR/partial/CONTENT-STYLE.png, which is removed when the
picture is done. If a result appears in DIR while its picture is being painted,
both are kept: the new one is in DIR/conflict. Only one process can be at work in
DIR, or one for each shard.

Jobs: --list and --jobs-file take the place of CONTENT, or add to it. In a job
file each line has a content and may have a style, the name of its output in DIR,
a mask of what to protect, and settings, by the names of their flags. If two
results would have one name, the first keeps it; --name with
{index} gives every job a name of its own.

Shards: --shard 2/4 does the second part of four, which has a manifest of its own.
In a Slurm array, an indexed Job of Kubernetes or an array job of AWS Batch, nst
takes the shard of its task. --status shows how far all are, --merge makes one
manifest of theirs. docs/cluster.md explains it.

More examples:
  nst batch in/ -r --style art/ --out-dir out --name '{style}/{content}.{ext}'
  nst batch holiday/ --style starry-night --apply --out-dir out
  find . -name '*.jpg' | nst batch --list - --style s.jpg --out-dir out
  nst batch --jobs-file jobs.csv --out-dir out --dry-run
  nst batch --status --out-dir out`},
		Example: `  nst batch holiday/ --style painting.jpg --out-dir painted
  nst batch 'in/*.jpg' --style a.jpg --style b.jpg --out-dir out --format jpg
  nst batch a.png b.png --style s.png --out-dir out --size 256 --progress plain`,
		Args: arguments(0, -1, "CONTENT..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.contents, o.flags = args, cmd
			if err := o.check(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			switch {
			case o.many.status:
				return o.showStatus(e)
			case o.many.merge:
				return o.merge(e)
			}
			return runBatch(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.styles, "style", nil, "the style: a `STYLE`, a picture, a folder or a pattern; may be repeated")
	folderFlag(cmd, &o.dir, "out-dir", "folder `DIR` for the results, created if necessary")
	words(cmd, &o.format, imgio.Formats(), "format", "format of the results")
	bindFlags(cmd, e, &o.settings, inBatch, nil)
	return cmd
}

// check returns an error for every value that is wrong by itself.
func (o *batchOptions) check(cmd *cobra.Command) error {
	m := &o.many
	use := func(format string, a ...any) error { return &usageError{cmd, fmt.Errorf(format, a...)} }
	reports := m.status || m.merge
	switch {
	case o.dir == "":
		return use("--out-dir is missing")
	case reports && (len(o.contents) > 0 || len(o.styles) > 0 || m.list != "" || m.jobFile != "" || m.status && m.merge):
		return use("--status and --merge take --out-dir only")
	case reports:
		return nil
	case len(o.contents) == 0 && m.list == "" && m.jobFile == "":
		return use("want CONTENT..., --list or --jobs-file")
	case len(o.styles) == 0 && m.jobFile == "":
		return use("--style is missing")
	case m.list == standard && m.jobFile == standard:
		return use("--list and --jobs-file cannot both read standard input")
	}
	errs := []error{o.checkSettings(cmd), o.checkMany()}
	errs = append(errs, o.checkStorage(cmd, formatName(o.format)))
	return errors.Join(errs...)
}

// checkMany checks the flags of jobs.
func (o *batchOptions) checkMany() error {
	m := &o.many
	var errs []error
	if err := batch.Template(m.name).Check(o.format); err != nil {
		errs = append(errs, &valueError{"--name", fmt.Sprintf("%q", m.name), err.Error()})
	}
	if m.jobs < 0 || m.jobs > 1024 {
		errs = append(errs, &valueError{"--jobs", m.jobs, "must be 0 to 1024"})
	}
	if m.time < 0 {
		errs = append(errs, &valueError{"--total-time", m.time, "must be 0 (no limit) or more"})
	}
	if m.shard != "" && m.shard != noShard {
		if _, err := batch.ParseShard(m.shard); err != nil {
			errs = append(errs, &valueError{"--shard", m.shard, err.Error()})
		}
	}
	if o.saveEvery < 0 {
		errs = append(errs, &valueError{"--save-every", o.saveEvery, "must be 0 (never) or more"})
	}
	return errors.Join(errs...)
}

// noShard is the value of --shard for the whole batch, whatever the scheduler says.
const noShard = "off"

// checkSettings checks the settings of pictures, and those of --apply for what has an effect.
func (o *batchOptions) checkSettings(cmd *cobra.Command) error {
	if !o.many.apply {
		return o.settings.check(cmd)
	}
	o.takeOnePass(cmd)
	errs := []error{o.checkPass(cmd)}
	for _, r := range rowsOf(inBatch) {
		if f := cmd.Flags().Lookup(r.name); f.Changed && !inOnePass(&r) {
			errs = append(errs, &valueError{"--" + r.name, f.Value, "has no effect with --apply"})
		}
	}
	return errors.Join(errs...)
}

// takeOnePass takes the settings of one pass from the flags of the same names.
func (o *batchOptions) takeOnePass(cmd *cobra.Command) {
	o.pass = defaultPass()
	if x, err := parseNumber(o.strength); err == nil {
		o.pass.strength = x
	}
	if cmd.Flags().Changed("size") {
		o.pass.size = o.Size
	}
	o.pass.device = o.Compute.Device
}

// inOnePass reports whether a flag of batch has an effect with --apply.
func inOnePass(r *flagRow) bool {
	switch r.name {
	case "strength", "size", "device", "protect":
		return true
	}
	return r.in&inApply != 0 && r.group != groupRegions && r.name != "style-blend" || r.group == groupJobs
}

// errNotTogether means that only one card can be used at a time.
var errNotTogether = errors.New("there are several cards, and the driver shares memory with one at a time only")

// devices lists the device of each painter: all cards if there are several and none is
// named. If only one can be used at a time, auto takes the first.
func (o *batchOptions) devices() ([]string, error) {
	cards, together := nst.UsableCards()
	switch p := o.Compute.Precision; {
	case p == nst.PrecisionMixed || p == nst.PrecisionBF16: // of the processor
		return []string{o.Compute.Device}, nil
	case len(cards) < 2 || o.Compute.Device != nst.DeviceAuto && o.Compute.Device != nst.DeviceCUDA:
		return []string{o.Compute.Device}, nil
	case !together && o.Compute.Device == nst.DeviceCUDA:
		return nil, errNotTogether
	case !together:
		cards = cards[:1]
	}
	var all []string
	for _, n := range cards {
		all = append(all, fmt.Sprintf("%s:%d", o.Compute.Device, n))
	}
	return all, nil
}
