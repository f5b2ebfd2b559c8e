#!/bin/sh
# Counts the instructions of the NEON kernels and of their twins in plain Go: each runs once, on
# the same values, in an emulated processor that traces every instruction. No arm64 machine is
# needed, only qemu-user (Debian: qemu-user).
#
#	count.sh BINARY
#
# BINARY is a test binary of internal/engine/kernel for arm64. Below version 8, QEMU calls
# -one-insn-per-tb -singlestep.
set -e
single=-one-insn-per-tb
qemu-aarch64 -help | grep -q -e "$single" || single=-singlestep
NST_TEST_ONCE=neon qemu-aarch64 $single -d exec,nochain -D /dev/stdout "$1" -test.run '^TestOnce$' 2>/dev/null | awk '
# Every twin and what it calls, by the group of its routine.
function group(s) {
	if (s ~ /^(gemm|store4)/) return "product"
	if (s ~ /^gram/) return "Gram matrix"
	if (s ~ /^(winoIn|inLine|\(\*patchOf\))/) return "transform of inputs"
	if (s ~ /^(winoOut|outLine|outTile)/) return "transform of outputs"
	if (s ~ /^(winoFilter|filterLine|winoGrad|gradLine|winoWeights|weightLine)/) return "transforms of filters and their gradient"
	if (s ~ /^(first|pack|taps)/) return "first layer and its gradient"
	if (s ~ /^(pool|unpool|mask|sign)/) return "pooling and masks"
	if (s ~ /^(moments|products|addProducts|affine|normGrad|upsample|quads|sigmoid)/) return "layers of one-pass networks"
	if (s ~ /^(dot|diff2|axpy|scale|sub|diffGrad|adam|clamp|tvGrad)/) return "vectors"
	return ""
}
/^Trace/ && $NF ~ /engine\/kernel\./ {
	s = $NF
	sub(/.*engine\/kernel\./, "", s)
	if (s ~ /NEON/ || s ~ /Go(\.|$)/ || s ~ /^(store4|inLine|outLine|outTile|\(\*patchOf\)|filterLine|gradLine|weightLine|addProducts|poolMaxWindow|masked|normGradAt)/)
		count[s]++
}
END {
	for (s in count) if ((g = group(s)) != "") {
		side = s ~ /NEON/ ? "neon" : "go"
		n[g, side] += count[s]; n["together", side] += count[s]; groups[g]
	}
	print "| kernels | plain Go | NEON | ratio |\n| --- | --- | --- | --- |"
	for (g in groups) row(g)
	row("together")
}
function row(g) { printf "| %s | %d | %d | %.1f |\n", g, n[g, "go"], n[g, "neon"], n[g, "go"] / n[g, "neon"] }
'
