"""Time one step of a training of nst and of PyTorch in turn: make bench-train.

    train.py BENCH [--size 256] [--threads 2] [--steps 11] [--forms nchw,channels_last] [--cpu avx512,avx2]

BENCH is train.go, built. The network, the losses and the batch are those of nst train by default: 16, 32 and 64 channels, four
blocks, slim, two pictures. As in peer.py, the programs are processes that take turns. Printed: median seconds, mean seconds
of processor time, ratio of PyTorch's fastest form to nst in both, peak memory. Exits 0 with a reason where there is no PyTorch.

On a busy machine the threads of PyTorch wait for each other, and spin meanwhile. There, compare processor times with
--threads 1, or at least set OMP_WAIT_POLICY=passive.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

from peer import WARM, Peer, processor

HERE = pathlib.Path(__file__).parent


def measure(args, first):
    # nst comes first: it writes the parameters that PyTorch starts from.
    ours = [Peer(f"nst {cpu}", [args.bench, "train", str(args.size), str(args.threads), first], {"NST_CPU": cpu}) for cpu in args.cpu.split(",")]
    script = [sys.executable, str(HERE / "torch_training.py"), str(args.size), str(args.threads)]
    theirs = [Peer(f"PyTorch {form}", script + [form, first]) for form in args.forms.split(",")]
    for step in range(WARM + args.steps):
        for p in theirs + ours:
            if step == WARM:
                p.used = -processor(p)
            p.iterate(count=step >= WARM)
            if step == 0 and abs(p.loss - theirs[0].loss) > 1e-3 * abs(theirs[0].loss):
                sys.exit(f"{p.name} computes a loss of {p.loss}, {theirs[0].name} {theirs[0].loss}: not the same work")
    for p in theirs + ours:
        p.used = (p.used + processor(p)) / args.steps
        p.close()
    best, least = min(theirs, key=lambda p: statistics.median(p.seconds)), min(p.used for p in theirs)
    for p in theirs + ours:
        median = statistics.median(p.seconds)
        line = f"{p.name:22s} {median:7.3f} s  ({min(p.seconds):.3f} to {max(p.seconds):.3f})  processor {p.used:6.3f} s  {p.peak / 2**20:5.0f} MB"
        if p in ours:
            line += f"   {statistics.median(best.seconds) / median:5.2f} times faster, {least / p.used:.2f} by processor time, {p.peak / best.peak:.2f} of the memory"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=11)
    parser.add_argument("--forms", default="nchw,channels_last", help="of PyTorch; compile needs PyTorch 2 and a C++ compiler")
    parser.add_argument("--cpu", default="avx512,avx2")
    args = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("bench-train: skipped: no PyTorch for", sys.executable)
        return
    print(f"a step of a training at {args.size} px, {args.threads} threads, median of {args.steps}; PyTorch {torch.__version__}; "
          f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as d:
        measure(args, str(pathlib.Path(d) / "first"))


if __name__ == "__main__":
    main()
