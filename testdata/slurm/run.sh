#!/bin/bash
# Runs a batch as an array of a Slurm of its own, which it starts and stops. One task is killed
# and requeued. The results must be those of one process without a scheduler.
#
#   make test-slurm          (Debian: slurm-wlm, munge; as root)
#
# Nothing is installed or left: the daemons have their keys, sockets, ports and files in a
# temporary folder.
set -euo pipefail
nst=$(realpath "$1")
here=$(realpath "$(dirname "$0")/../..")
for program in munged slurmctld slurmd sbatch; do
	PATH=$PATH:/usr/sbin command -v $program >/dev/null || { echo "test-slurm: skipped, there is no $program (Debian: slurm-wlm, munge)"; exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "test-slurm: skipped, slurmd needs root"; exit 0; }
PATH=$PATH:/usr/sbin

dir=$(mktemp -d)
host=$(hostname -s)
pids=()
stop() {
	trap - EXIT
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	if [ "${1:-0}" != 0 ]; then tail -n 30 "$dir"/*.log "$dir"/task-*.txt 2>/dev/null || true; fi
	rm -rf "$dir"
	exit "${1:-0}"
}
trap 'stop $?' EXIT
fail() { echo "test-slurm: $*" >&2; exit 1; }

# until_true N COMMAND...: waits at most N seconds.
until_true() {
	local n=$(($1 * 5)); shift
	until "$@" >/dev/null 2>&1; do
		n=$((n - 1)); [ $n -gt 0 ] || fail "waited too long for: $*"
		sleep 0.2
	done
}

chmod 755 "$dir"
mkdir "$dir"/state "$dir"/spool
head -c 1024 /dev/urandom > "$dir/munge.key"
chmod 600 "$dir/munge.key"
cat > "$dir/slurm.conf" <<CONF
ClusterName=nst
SlurmctldHost=$host
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
SlurmctldPort=26817
SlurmdPort=26818
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
JobRequeue=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$dir/slurm.conf

munged --foreground --force --num-threads=2 --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
	--pid-file="$dir/munge.pid" --seed-file="$dir/munge.seed" --log-file="$dir/munge.log" > /dev/null 2>&1 &
pids+=($!)
until_true 20 test -S "$dir/munge.socket"
slurmctld -D -c > "$dir/slurmctld.log" 2>&1 &
pids+=($!)
slurmd -D -c -N "$host" > "$dir/slurmd.log" 2>&1 &
pids+=($!)
until_true 60 sh -c 'sinfo -h -o %T | grep -qx idle'

cd "$dir"
mkdir in bin
ln -s "$nst" bin/nst
export PATH=$dir/bin:$PATH NST_HOME=$dir/home
for i in $(seq 12); do cp "$here"/testdata/images/content/lakeside.jpg "in/p$i.jpg"; done
cp "$here"/testdata/images/style/flow.jpg "$here"/testdata/images/style/mosaic.jpg .
args="in --style flow.jpg --style mosaic.jpg --network slim --size 64 --iterations 40"

job=$(sbatch --parsable --cpus-per-task=1 --mem=500M --output="$dir/task-%a.txt" \
	"$here/deploy/slurm.sbatch" $args --out-dir shards)
echo "array $job of 4 tasks"

# Task 2 is killed when it has a picture, in the middle of its work.
until_true 120 grep -q '"status":"done"' shards/nst-batch.2-of-4.jsonl
victim=$(sed -n 's/.*"shard":"2\/4".*"pid":\([0-9]*\).*/\1/p' shards/nst-batch.2-of-4.jsonl | tail -n 1)
kill -9 "$victim"
before=$(grep -c '"status":"done"' shards/nst-batch.2-of-4.jsonl)
echo "killed task 2 (pid $victim) after $before of 6 pictures"
[ "$before" -lt 6 ] || fail "task 2 had ended already"
until_true 60 sh -c "scontrol -o show job ${job}_2 | grep -q 'JobState=FAILED'"
nst batch --status --out-dir shards
scontrol requeue "${job}_2"
until_true 300 sh -c "! squeue -h -j $job | grep -q ."
nst batch --status --out-dir shards
grep -q "shard 2/4, by SLURM_ARRAY_TASK_ID" task-2.txt || fail "task 2 did not take its shard"
[ "$(grep -c 'shard 2/4' task-2.txt)" = 2 ] || fail "task 2 was not run twice"

nst batch --merge --out-dir shards
nst batch $args --out-dir single -q
for f in single/*.jpg single/*.png; do
	[ -e "$f" ] && { cmp "$f" "shards/$(basename "$f")" || fail "$f differs"; }
done
[ "$(ls single | wc -l)" = "$(ls shards | wc -l)" ] || fail "the folders have other files: $(ls shards)"
facts() { # what a manifest says, without times and numbers of files
	grep '"status":"done"' "$1" | sed 's/.*"output":"\([^"]*\)","index":\([0-9]*\).*"settings":"\([0-9a-f]*\)","picture":{"sha256":"\([0-9a-f]*\)".*/\2 \1 \3 \4/' | sort -n
}
[ "$(facts single/nst-batch.jsonl)" = "$(facts shards/nst-batch.jsonl)" ] || fail "the manifests differ"
again=$(nst batch $args --out-dir shards 2>&1 | tail -n 1)
[ "$again" = "0 done, 24 skipped (already there), 0 failed" ] || fail "after the merge: $again"
echo "test-slurm: 24 pictures of 4 tasks, one killed and requeued, are those of one process"
