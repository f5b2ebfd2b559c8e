package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/manifest"
)

// summary prints how all jobs ended.
func (t *console) summary(s *batch.Summary) {
	type failure struct {
		Output string `json:"output"`
		Error  string `json:"error"`
	}
	v := struct {
		Done    int       `json:"done"`
		Skipped int       `json:"skipped"`
		Failed  int       `json:"failed"`
		Left    int       `json:"left"`
		Errors  []failure `json:"errors,omitempty"`
	}{Done: s.Count(batch.Done), Skipped: s.Count(batch.Skipped), Failed: s.Count(batch.Failed), Left: s.Left()}
	words := fmt.Sprintf("%d done, %d skipped (already there), %d failed", v.Done, v.Skipped, v.Failed)
	if v.Left > 0 {
		words += fmt.Sprintf(", %d left to do", v.Left)
	}
	for _, o := range s.Outcomes {
		if o.Status == batch.Failed {
			v.Errors = append(v.Errors, failure{o.Output, message(o.Err)})
			words += sprintf("\nfailed: %s: %s", o.Output, message(o.Err))
		}
	}
	t.put(v, words)
}

// mostStyles is the number of styles up to which the table at the end has a line for each.
const mostStyles = 20

// table prints how the jobs of each style ended, if there are several styles.
func (t *console) table(s *batch.Summary) {
	type row struct {
		done, skipped, failed int
		seconds               float64
	}
	rows := map[string]*row{}
	var order []string
	for _, o := range s.Outcomes {
		if o.Style == "" {
			continue // a line of a job file that makes no sense
		}
		r := rows[o.Style]
		if r == nil {
			r = new(row)
			rows[o.Style], order = r, append(order, o.Style)
		}
		switch o.Status {
		case batch.Done:
			r.done++
			r.seconds += o.Elapsed.Seconds()
		case batch.Skipped:
			r.skipped++
		case batch.Failed:
			r.failed++
		}
	}
	if len(order) < 2 || len(order) > mostStyles || t.json {
		return
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "done\tskipped\tfailed\teach\t  style")
	for _, name := range order {
		r, each := rows[name], "-"
		if r.done > 0 {
			each = seconds(r.seconds / float64(r.done))
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%s\t  %s\n", r.done, r.skipped, r.failed, each, printable(name))
	}
	w.Flush()
	t.put(nil, strings.TrimRight(b.String(), "\n"))
}

// showStatus prints how far the batch in the output folder is.
func (o *batchOptions) showStatus(e *env) error {
	r, err := manifest.Survey(o.dir)
	if err != nil {
		return manifestError(o.dir, err)
	}
	if o.progress == "json" {
		return json.NewEncoder(e.Stdout).Encode(statusJSON(r))
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "shard\tjobs\tskipped\tdone\tfailed\tleft\ttime left\t")
	for _, s := range r.Shards {
		name := s.Shard.String()
		if name == "" {
			name = "all"
		}
		state := "not at work"
		if s.Holder != "" {
			state = "at work: " + s.Holder
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", name, s.Run.Jobs, s.Run.Skipped, s.Done, s.Failed, s.Left, timeLeft(&s), state)
	}
	for _, s := range r.Missing {
		fmt.Fprintf(w, "%s\t\t\t\t\t\t\tnot begun\n", s)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "%d of %d done, %d failed\n", r.Done, max(r.All, r.Done), len(r.Failures))
	for _, f := range r.Failures {
		fmt.Fprintf(e.Stdout, "failed: %s: %s\n", printable(string(f.Output)), printableLines(f.Error))
	}
	t := &console{e: e}
	for _, d := range r.Damaged {
		t.say("line %d of %q is damaged: its job counts as not done", d.Line, d.Path)
	}
	if r.Differs {
		t.say("the shards were not given the same jobs: run one of them again with the same arguments, and see what is left")
	}
	return nil
}

// timeLeft estimates the time that a shard at work still takes.
func timeLeft(s *manifest.ShardReport) string {
	ended := s.Done + s.Failed
	if s.Holder == "" || ended == 0 || s.Left == 0 {
		return "-"
	}
	spent := s.Last.Sub(s.Run.Time).Seconds()
	return (time.Duration(spent/float64(ended)*float64(s.Left)) * time.Second).String()
}

// statusJSON returns a report for programs.
func statusJSON(r *manifest.Report) any {
	type shard struct {
		Shard   string `json:"shard,omitempty"`
		Jobs    int    `json:"jobs"`
		Skipped int    `json:"skipped"`
		Done    int    `json:"done"`
		Failed  int    `json:"failed"`
		Left    int    `json:"left"`
		Holder  string `json:"at_work,omitempty"`
	}
	type failure struct {
		Output manifest.Path `json:"output"`
		Error  string        `json:"error"`
	}
	v := struct {
		All     int       `json:"all"`
		Done    int       `json:"done"`
		Shards  []shard   `json:"shards"`
		Missing []string  `json:"not_begun,omitempty"`
		Failed  []failure `json:"failed,omitempty"`
		Differs bool      `json:"differs,omitempty"`
	}{All: r.All, Done: r.Done, Differs: r.Differs}
	for _, s := range r.Shards {
		v.Shards = append(v.Shards, shard{s.Shard.String(), s.Run.Jobs, s.Run.Skipped, s.Done, s.Failed, s.Left, s.Holder})
	}
	for _, s := range r.Missing {
		v.Missing = append(v.Missing, s.String())
	}
	for _, f := range r.Failures {
		v.Failed = append(v.Failed, failure{f.Output, f.Error})
	}
	return v
}

// merge makes one manifest of those of all shards.
func (o *batchOptions) merge(e *env) error {
	n, err := manifest.Merge(o.dir)
	if err != nil {
		return manifestError(o.dir, err)
	}
	newConsole(e, &o.settings).say("the manifest of %q has %s", o.dir, count(n, "job"))
	return nil
}
