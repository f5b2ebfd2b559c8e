#!/bin/sh
# Tests the kernels without a card: builds them as host code, once as they are and once for
# each planted fault, which must be found; rebuilds the PTX and compares; and where there is
# a ptxas, of CUDA 11.8 or later, lets it assemble the PTX. Run by make.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

$CXX $CXXFLAGS -o "$out/test" test/main.cpp
"$out/test" ../nst.ptx

for fault in WAIT BARRIER REUSE; do
	$CXX $CXXFLAGS -O0 -DFAULT_$fault -o "$out/fault" test/main.cpp
	if "$out/fault" pipeline >"$out/log" 2>&1; then
		echo "FAIL planted fault $fault was not found"
		exit 1
	fi
	echo "planted fault $fault found: $(grep -c FAIL "$out/log") wrong results"
done

if command -v "$CLANG" >/dev/null; then
	$CLANG $PTXFLAGS -S -o "$out/nst.ptx" nst.cu
	cmp "$out/nst.ptx" ../nst.ptx || { echo "FAIL nst.ptx is not what its source compiles to; run: make ptx"; exit 1; }
	echo "nst.ptx is what its source compiles to"
else
	echo "ptx: not rebuilt, there is no $CLANG (Debian: clang-16)"
fi

if command -v "$PTXAS" >/dev/null; then
	for arch in sm_80 sm_86 sm_90; do
		"$PTXAS" -arch=$arch -v -o "$out/cubin" ../nst.ptx 2>"$out/log" || { cat "$out/log"; exit 1; }
		spilled=$(sed -n 's/.* \([0-9]*\) bytes spill stores.*/\1/p' "$out/log" | sort -n | tail -1)
		echo "ptxas $arch: $spilled bytes of registers spilled at most"
		[ "$spilled" -le 64 ] || { echo "FAIL a kernel needs too many registers"; exit 1; }
	done
else
	echo "ptxas: skipped, there is none (CUDA's assembler; it needs no card)"
fi
