package main

import (
	"time"

	"github.com/spf13/pflag"

	"nst/cmd/nst/internal/batch"
)

// manySettings are the flags of many jobs.
type manySettings struct {
	recursive bool
	list      string // a file of names; standard is standard input
	jobFile   string // likewise, of jobs
	name      string // the template of the names of results
	apply     bool   // paint in one pass
	jobs      int    // at a time; 0 leaves the choice
	shard     string // I/N, or off; empty asks the scheduler
	time      time.Duration
	failFast  bool
	dryRun    bool
	status    bool
	merge     bool
}

func defaultMany() manySettings { return manySettings{name: string(batch.DefaultTemplate)} }

// batchRows are the flags of many jobs.
func batchRows() []flagRow {
	text := func(of func(*manySettings) *string, kind string) func(*settings) pflag.Value {
		return func(s *settings) pflag.Value { return &textValue{of(&s.many), kind} }
	}
	flip := func(of func(*manySettings) *bool) func(*settings) pflag.Value {
		return func(s *settings) pflag.Value { return &switchValue{on: of(&s.many), plain: true} }
	}
	rows := []flagRow{
		{
			name: "apply", everyday: true,
			usage: "paint in one pass of a network, as nst apply does: STYLE may be a name or a MODEL then",
			bind:  flip(func(m *manySettings) *bool { return &m.apply }),
		},
		{
			name: "recursive", short: "r", everyday: true,
			usage: "also take the pictures in folders within folders; DIR gets the same folders",
			bind:  flip(func(m *manySettings) *bool { return &m.recursive }),
		},
		{
			name: "dry-run", everyday: true,
			usage: "print what would be done, with time and memory, and do nothing",
			bind:  flip(func(m *manySettings) *bool { return &m.dryRun }),
		},
		{
			name:  "list",
			usage: "read more CONTENTs from FILE, one a line or separated by zero bytes; - is standard input",
			bind:  text(func(m *manySettings) *string { return &m.list }, "FILE"),
		},
		{
			name:  "jobs-file",
			usage: "read jobs from FILE, CSV or JSON Lines: content, style, output, protect, and settings such as strength; - is standard input",
			bind:  text(func(m *manySettings) *string { return &m.jobFile }, "FILE"),
		},
		{
			name:  "name",
			usage: "name of each result in DIR, with {content}, {style}, {index} and {ext}",
			bind:  text(func(m *manySettings) *string { return &m.name }, "TEMPLATE"),
		},
		{
			name:  "jobs",
			usage: "number of pictures that are painted at a time, as far as the memory suffices; they share the threads; 0 is one for each thread up to 512 pixels and one above that, or one for each card",
			bind:  func(s *settings) pflag.Value { return &wholeValue[int]{&s.many.jobs} },
		},
		{
			name:  "total-time",
			usage: "begin no picture that would not be done after this time, such as 2h; --time is for each picture",
			bind:  func(s *settings) pflag.Value { return &durationValue{&s.many.time} },
		},
		{
			name:  "fail-fast",
			usage: "stop after the first picture that fails",
			bind:  flip(func(m *manySettings) *bool { return &m.failFast }),
		},
		{
			name:  "shard",
			usage: "do part I of N, such as 2/4; off does all", fallback: "that of the task of Slurm, Kubernetes or AWS Batch",
			bind: text(func(m *manySettings) *string { return &m.shard }, "I/N"),
		},
		{
			name:  "status",
			usage: "print how far the batch in DIR is, with all its shards",
			bind:  flip(func(m *manySettings) *bool { return &m.status }),
		},
		{
			name:  "merge",
			usage: "make one manifest of those of all shards in DIR",
			bind:  flip(func(m *manySettings) *bool { return &m.merge }),
		},
	}
	for i := range rows {
		rows[i].group, rows[i].in = groupJobs, inBatch
	}
	return rows
}
