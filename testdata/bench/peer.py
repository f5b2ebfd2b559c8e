"""Time one iteration of nst and of PyTorch in turn: make bench-peer.

    peer.py BENCH [--sizes 256,512,1024] [--threads 2] [--runs 7] [--cpu avx512,avx2]

BENCH is main.go, built. Every program is a process of its own that stays; in each round each is asked once, so that a
machine that slows down slows all. Printed: median seconds, ratio of PyTorch's better layout to nst, peak memory of the
processes. Exits 0 with a reason where there is no PyTorch.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent


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


def measure(args, size):
    torch = [sys.executable, str(HERE / "torch_iteration.py"), str(size), str(args.threads)]
    peers = [Peer(f"PyTorch {layout}", torch + [layout]) for layout in ("nchw", "channels_last")]
    peers += [Peer(f"nst {cpu}", [args.bench, str(size), str(args.threads)], {"NST_CPU": cpu}) for cpu in args.cpu.split(",")]
    for run in range(args.runs + 1):  # the first is a warm-up
        for p in peers:
            p.iterate(count=run > 0)
    for p in peers:
        p.close()
    best = min(peers[:2], key=lambda p: statistics.median(p.seconds))
    for p in peers:
        median = statistics.median(p.seconds)
        line = f"{size:5d}  {p.name:22s} {median:8.3f} s  ({min(p.seconds):.3f} to {max(p.seconds):.3f})  {p.peak / 2**20:6.0f} MB"
        if p.name.startswith("nst"):
            line += f"   {statistics.median(best.seconds) / median:5.2f} times faster, {p.peak / best.peak:.2f} of the memory"
        print(line, flush=True)
        if abs(p.loss - best.loss) > 1e-3 * abs(best.loss):
            sys.exit(f"{p.name} computes a loss of {p.loss}, {best.name} {best.loss}: not the same work")


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--sizes", default="256,512,1024")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--cpu", default="avx512,avx2")
    args = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("bench-peer: skipped: no PyTorch for", sys.executable)
        return
    print(f"PyTorch multiplies matrices at {matmul_speed(torch, args.threads):.0f} GFLOP/s (below 50 a thread it lacks a fast BLAS: install libopenblas0)")
    print(f"loss and pixel gradient of VGG-19 to relu5_1, {args.threads} threads, median of {args.runs}; PyTorch {torch.__version__}")
    for size in args.sizes.split(","):
        measure(args, int(size))


if __name__ == "__main__":
    main()
