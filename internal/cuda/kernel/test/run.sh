#!/bin/sh
# Tests the kernels without a card: builds them as host code, once as they are and once for
# each planted fault, which must be found; rebuilds the PTX and compares. Run by make.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

$CXX $CXXFLAGS -o "$out/test" test/main.cpp
"$out/test" ../nst.ptx

for fault in WAIT BARRIER REUSE; do
	$CXX $CXXFLAGS -DFAULT_$fault -o "$out/fault" test/main.cpp
	if "$out/fault" conv3_forward gram >"$out/log" 2>&1; then
		echo "FAIL planted fault $fault was not found"
		exit 1
	fi
	echo "planted fault $fault found: $(grep -c FAIL "$out/log") failures"
done

if command -v "$CLANG" >/dev/null; then
	$CLANG $PTXFLAGS -S -o "$out/nst.ptx" nst.cu
	cmp "$out/nst.ptx" ../nst.ptx || { echo "FAIL nst.ptx is not what its source compiles to; run: make ptx"; exit 1; }
	echo "nst.ptx is what its source compiles to"
else
	echo "ptx: not rebuilt, there is no $CLANG (Debian: clang-16)"
fi
