#!/bin/sh
# What to run first on a machine with an NVIDIA card: is the program right there, and how
# fast? `make gpu-kit` puts it beside all that it needs, in build/gpu-kit; that folder can
# be carried to a machine that has the driver and nothing else. PyTorch and
# compute-sanitizer are taken where they are there. Everything is said on stdout;
# the exit code tells whether the card computes what it should.
set -u
here=$(cd "$(dirname "$0")" && pwd)
PYTHON=${PYTHON:-python3}
failed=0
title() { printf '\n== %s\n' "$*"; }
must() { "$@" || { echo "FAILED: $*"; failed=1; }; }

title machine
if command -v nvidia-smi >/dev/null; then nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv; fi
"$here/nst" info

title selftest
must "$here/nst" gpu selftest

title "whole gradient of VGG-19 against the processor (wanted: fp32 1e-5, tf32 1e-3, by length)"
for precision in fp32 tf32; do
	for size in 64 97; do must "$here/bench" gpu check $size $precision; done
done

title "evaluations: loss and gradient"
for size in 512 1024; do
	for precision in tf32 fp32; do must "$here/bench" gpu time $size $precision; done
done

title "PyTorch, the same evaluations"
if "$PYTHON" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
	"$PYTHON" "$here/torch_iteration.py" 512 1024
else
	echo "left out: $PYTHON has no PyTorch with CUDA"
fi

title "iterations, with the optimiser"
must "$here/nst" gpu bench

title compute-sanitizer
if command -v compute-sanitizer >/dev/null; then
	for tool in memcheck racecheck initcheck; do
		must compute-sanitizer --tool $tool --error-exitcode 9 "$here/bench" gpu check 33 tf32
	done
	must compute-sanitizer --tool memcheck --error-exitcode 9 "$here/nst" gpu selftest
else
	echo "left out: there is no compute-sanitizer"
fi

[ $failed = 0 ] && echo && echo "all is well" || { echo; echo "something has FAILED"; exit 1; }
