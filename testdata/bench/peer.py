"""Time one iteration of nst and of PyTorch in turn: make bench-peer.

    peer.py BENCH [--sizes 256,512,1024] [--threads 2] [--runs 7] [--cpu avx512,avx2] [--forms nchw,channels_last]

BENCH is main.go, built. Every program is a process of its own that stays; in each round each is asked once, so that a
machine that slows down slows all. Printed: median seconds, mean seconds of processor time, the ratio of PyTorch's
fastest form in float32 to nst, peak memory of the processes. PyTorch's bfloat16 and nst's mixed and bf16, on a
processor that has them, are rows of their own, since they compute with fewer bits; their ratio is that of PyTorch's
bfloat16. Without AVX-512 PyTorch has no fast bfloat16, and it is left out. On a processor with AVX-512 PyTorch is also
measured without it, as it runs where there is AVX2 alone: nst's avx2 has both ratios. Exits 0 with a reason where there
is no PyTorch.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
WARM = 2  # iterations that do not count; torch.compile compiles in the first


# What keeps oneDNN, PyTorch's own kernels and MKL from instructions beyond AVX2.
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


class Peer:
    """A process that runs an iteration for each line it is sent."""

    def __init__(self, name, command, env=None):
        self.name, self.seconds, self.peak, self.loss = name, [], 0, 0.0
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **(env or {})})
        if not self.process.stdout.readline().startswith("ready"):
            sys.exit(f"{name} did not start")

    def iterate(self, count=True):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, peak, self.loss = (float(v) for v in self.process.stdout.readline().split())
        if count:
            self.seconds.append(seconds)
        self.peak = peak
        time.sleep(0.05)  # let idle threads of one go to sleep before the next is asked

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def processor(p):
    """Seconds of processor time that a process has used so far, in all of its threads."""
    fields = pathlib.Path(f"/proc/{p.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(args, size):
    torch = [sys.executable, str(HERE / "torch_iteration.py"), str(size), str(args.threads)]
    theirs = [Peer(f"PyTorch {form}", torch + [form]) for form in args.forms.split(",")]
    narrow = [Peer(f"PyTorch {form}, AVX2", torch + [form], AVX2) for form in args.narrow.split(",") if form]
    ours = [Peer(f"nst {cpu}", [args.bench, str(size), str(args.threads)], {"NST_CPU": cpu}) for cpu in args.cpu.split(",")]
    halves = [Peer(f"nst {p}", [args.bench, str(size), str(args.threads), p]) for p in args.precisions.split(",") if p]
    for run in range(WARM + args.runs):
        for p in theirs + narrow + ours + halves:
            if run == WARM:
                p.used = -processor(p)
            p.iterate(count=run >= WARM)
    for p in theirs + narrow + ours + halves:
        p.used = (p.used + processor(p)) / args.runs
        p.close()
    full = [p for p in theirs if not p.name.endswith("bfloat16")]
    best, least = fastest(full), min(p.used for p in full)
    reduced = [p for p in theirs if p not in full]
    for p in theirs + narrow + ours + halves:
        median = statistics.median(p.seconds)
        line = f"{size:5d}  {p.name:28s} {median:8.3f} s  ({min(p.seconds):.3f} to {max(p.seconds):.3f})  processor {p.used:6.3f} s  {p.peak / 2**20:5.0f} MB"
        if p in ours:
            line += f"   {statistics.median(best.seconds) / median:5.2f} times faster, {least / p.used:.2f} by processor time, {p.peak / best.peak:.2f} of the memory"
            if narrow and p.name == "nst avx2":
                line += f"; {statistics.median(fastest(narrow).seconds) / median:5.2f} times faster than PyTorch with AVX2"
        elif p in halves and reduced:
            line += f"   {statistics.median(reduced[0].seconds) / median:5.2f} times faster than PyTorch's bfloat16"
        print(line, flush=True)
        if p not in ours + full + narrow:
            continue
        if abs(p.loss - best.loss) > 1e-3 * abs(best.loss):
            sys.exit(f"{p.name} computes a loss of {p.loss}, {best.name} {best.loss}: not the same work")


def fastest(peers):
    """The peer with the least median seconds."""
    return min(peers, key=lambda p: statistics.median(p.seconds))


def matmul_speed(torch, threads):
    """GFLOP/s of a matrix product of PyTorch, on which its Gram matrices depend."""
    torch.set_num_threads(threads)
    a = torch.rand(1024, 1024)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - began)
    return 2 * 1024**3 / min(seconds) / 1e9


def has(flag):
    """Whether the processor has what /proc/cpuinfo calls so."""
    try:
        return flag in pathlib.Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--sizes", default="256,512,1024")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--cpu", default="avx512,avx2" if has("avx512dq") else "avx2")
    parser.add_argument("--precisions", default="mixed,bf16" if has("avx512_bf16") else "", help="of nst, besides fp32")
    parser.add_argument("--forms", help="of PyTorch; all by default: nchw, channels_last, bfloat16 with AVX-512, and compile where there is a C++ compiler")
    parser.add_argument("--narrow", default="nchw,channels_last" if has("avx512f") else "", help="forms of PyTorch without AVX-512")
    args = parser.parse_args()
    if "avx2" not in args.cpu.split(","):
        args.narrow = ""
    try:
        import torch
    except ImportError:
        print("bench-peer: skipped: no PyTorch for", sys.executable)
        return
    if args.forms is None:
        args.forms = "nchw,channels_last"
        if has("avx512dq"):  # without it oneDNN multiplies bfloat16 a hundred times slower than float32
            args.forms += ",bfloat16"
        if int(torch.__version__.split(".")[0]) >= 2 and shutil.which(os.environ.get("CXX", "g++")):
            args.forms += ",compile"
    print(f"PyTorch multiplies matrices at {matmul_speed(torch, args.threads):.0f} GFLOP/s (below 50 a thread it lacks a fast BLAS: install libopenblas0)")
    print(f"loss and pixel gradient of VGG-19 to relu5_1, {args.threads} threads, median of {args.runs}; PyTorch {torch.__version__}")
    for size in args.sizes.split(","):
        measure(args, int(size))


if __name__ == "__main__":
    main()
