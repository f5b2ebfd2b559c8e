package batch

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nst/cmd/nst/internal/manifest"
)

// ShardsVariable is the environment variable with the number of shards, where a scheduler
// tells a task only which one it is.
const ShardsVariable = "NST_SHARDS"

// ParseShard reads a shard such as 2/4. The error says what is wanted.
func ParseShard(s string) (manifest.Shard, error) {
	index, count, ok := strings.Cut(s, "/")
	i, errI := strconv.Atoi(index)
	n, errN := strconv.Atoi(count)
	if !ok || errI != nil || errN != nil {
		return manifest.Shard{}, fmt.Errorf("must be two numbers, such as 2/4 for the second of four")
	}
	return checkShard(i, n)
}

// mostShards is the largest number of shards.
const mostShards = 100_000

func checkShard(i, n int) (manifest.Shard, error) {
	switch {
	case n < 1 || n > mostShards:
		return manifest.Shard{}, fmt.Errorf("the number of shards must be 1 to %d, not %d", mostShards, n)
	case i < 1 || i > n:
		return manifest.Shard{}, fmt.Errorf("there are shards 1 to %d, not %d", n, i)
	}
	return manifest.Shard{Index: i, Count: n}, nil
}

// ShardOfTask returns the shard of a task of a Slurm array, of an indexed Job of Kubernetes, or
// of an array job of AWS Batch, and the variable that told it. Without a scheduler it is the
// whole batch. The error names the variable that does not make sense.
//
// The variables are documented in sbatch(1) (SLURM_ARRAY_TASK_ID, _MIN, _MAX, _STEP and
// _COUNT), in "Indexed Job for Parallel Processing" of Kubernetes (JOB_COMPLETION_INDEX, from
// 0), and in "AWS Batch job environment variables" (AWS_BATCH_JOB_ARRAY_INDEX, from 0, and
// AWS_BATCH_JOB_ARRAY_SIZE). Kubernetes does not tell the number of tasks: it is in
// [ShardsVariable].
func ShardOfTask(getenv func(string) string) (s manifest.Shard, by string, err error) {
	number := func(name string) int {
		n, errN := strconv.Atoi(getenv(name))
		if errN != nil && err == nil {
			err = fmt.Errorf("%s is %q: must be a whole number", name, getenv(name))
		}
		return n
	}
	index, count := 0, 0
	switch {
	case getenv("SLURM_ARRAY_TASK_ID") != "":
		by = "SLURM_ARRAY_TASK_ID"
		step := 1
		if getenv("SLURM_ARRAY_TASK_STEP") != "" {
			step = max(1, number("SLURM_ARRAY_TASK_STEP"))
		}
		first, last := number("SLURM_ARRAY_TASK_MIN"), number("SLURM_ARRAY_TASK_MAX")
		index, count = (number(by)-first)/step+1, number("SLURM_ARRAY_TASK_COUNT")
		if err == nil && (last-first)/step+1 != count {
			err = fmt.Errorf("the array has %d tasks from %d to %d: the tasks must follow each other, or say --shard I/N", count, first, last)
		}
	case getenv("JOB_COMPLETION_INDEX") != "":
		by = "JOB_COMPLETION_INDEX"
		index, count = number(by)+1, number(ShardsVariable)
	case getenv("AWS_BATCH_JOB_ARRAY_INDEX") != "":
		by = "AWS_BATCH_JOB_ARRAY_INDEX"
		size := "AWS_BATCH_JOB_ARRAY_SIZE"
		if getenv(size) == "" {
			size = ShardsVariable
		}
		index, count = number(by)+1, number(size)
	default:
		return s, "", nil
	}
	if err == nil {
		s, err = checkShard(index, count)
	}
	if err != nil {
		return manifest.Shard{}, by, err
	}
	return s, by, nil
}

// Split returns the jobs of a shard, in order. The same jobs give the same shards on every
// machine. Every job, the most costly first, goes to the shard with the least cost so far
// (Graham 1969: no shard has more than 4/3 of the least possible cost of the largest).
func Split(jobs []Job, s manifest.Shard) []Job {
	if s.Count == 0 {
		return jobs
	}
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(jobs[b].Cost, jobs[a].Cost) })
	costs := make([]float64, s.Count)
	var own []int
	for _, i := range order {
		least := 0
		for k, c := range costs {
			if c < costs[least] {
				least = k
			}
		}
		costs[least] += max(jobs[i].Cost, 1e-9)
		if least == s.Index-1 {
			own = append(own, i)
		}
	}
	slices.Sort(own)
	out := make([]Job, len(own))
	for k, i := range own {
		out[k] = jobs[i]
	}
	return out
}

// PlanHash returns a hash of the outputs and settings of jobs: shards of one batch agree in it.
func PlanHash(jobs []Job) string {
	h := sha256.New()
	for _, j := range jobs {
		fmt.Fprintf(h, "%s\x00%s\x00", j.Rel, j.Settings)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
