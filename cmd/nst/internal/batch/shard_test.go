package batch_test

import (
	"strings"
	"testing"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/manifest"
)

// TestSplit looks that shards are a partition, the same each time, and balanced.
func TestSplit(t *testing.T) {
	var jobs []batch.Job
	sum := 0.0
	for i := range 101 {
		cost := float64(1 + i*i%17)
		sum += cost
		jobs = append(jobs, batch.Job{Index: i, Cost: cost})
	}
	for _, n := range []int{1, 2, 7, 200} {
		seen := map[int]int{}
		for i := 1; i <= n; i++ {
			part := batch.Split(jobs, manifest.Shard{Index: i, Count: n})
			cost := 0.0
			for k, j := range part {
				seen[j.Index]++
				cost += j.Cost
				if k > 0 && part[k-1].Index > j.Index {
					t.Errorf("%d/%d is not in order", i, n)
				}
			}
			if n < 10 && cost > 1.1*sum/float64(n)+1 {
				t.Errorf("%d/%d has cost %v of %v", i, n, cost, sum)
			}
		}
		if len(seen) != len(jobs) {
			t.Errorf("%d shards have %d jobs of %d", n, len(seen), len(jobs))
		}
		for i, times := range seen {
			if times != 1 {
				t.Errorf("job %d is in %d shards of %d", i, times, n)
			}
		}
	}
	if got := batch.Split(make([]batch.Job, 4), manifest.Shard{Index: 2, Count: 2}); len(got) != 2 {
		t.Errorf("jobs without cost: %d of 4 are in the second half", len(got))
	}
}

func TestShardOfTask(t *testing.T) {
	for _, tt := range []struct {
		env, want, by string
		ok            bool
	}{
		{"", "", "", true},
		{"SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_STEP=1", "4/4", "SLURM_ARRAY_TASK_ID", true},
		{"SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_STEP=4", "2/3", "SLURM_ARRAY_TASK_ID", true},
		{"SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_STEP=1", "", "SLURM_ARRAY_TASK_ID", false},
		{"SLURM_ARRAY_TASK_ID=7", "", "SLURM_ARRAY_TASK_ID", false},
		{"JOB_COMPLETION_INDEX=0 NST_SHARDS=4", "1/4", "JOB_COMPLETION_INDEX", true},
		{"JOB_COMPLETION_INDEX=0", "", "JOB_COMPLETION_INDEX", false},
		{"JOB_COMPLETION_INDEX=4 NST_SHARDS=4", "", "JOB_COMPLETION_INDEX", false},
		{"AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=10", "2/10", "AWS_BATCH_JOB_ARRAY_INDEX", true},
		{"AWS_BATCH_JOB_ARRAY_INDEX=1 NST_SHARDS=3", "2/3", "AWS_BATCH_JOB_ARRAY_INDEX", true},
		{"AWS_BATCH_JOB_ARRAY_INDEX=x NST_SHARDS=3", "", "AWS_BATCH_JOB_ARRAY_INDEX", false},
	} {
		env := map[string]string{}
		for _, pair := range strings.Fields(tt.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		s, by, err := batch.ShardOfTask(func(name string) string { return env[name] })
		if s.String() != tt.want || by != tt.by || (err == nil) != tt.ok {
			t.Errorf("%s: %v, %q, %v", tt.env, s, by, err)
		}
	}
	for text, ok := range map[string]bool{"1/1": true, "4/4": true, "0/4": false, "5/4": false, "1/0": false, "1": false, "a/b": false, "1/9999999": false} {
		if _, err := batch.ParseShard(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
