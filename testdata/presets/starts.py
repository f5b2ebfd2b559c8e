"""Choose STEADY of compare.py: for a program, the noise on which rounding matters least.

    starts.py WEIGHTS PRESET [WIDTH [SEEDS]]

Takes five steps of PRESET's program from the content with noise of WIDTH (default 0.2) and each of SEEDS seeds (default
20): in float64, in float32, and four times in float32 with filters that are off by 2e-6, which is what a convolution by
Winograd's algorithm may round otherwise. Prints the largest relative
difference of a loss to float64's, smallest first.
"""

import pathlib
import sys
import tempfile

import torch

import compare
import peers


def shaken(filters, seed):
    """The filters, off by 2e-6; with seed 0 as they are."""
    g = torch.Generator().manual_seed(seed)
    off = 2e-6 if seed else 0
    return {name: tuple(t * (1 + off * torch.randn(t.shape, generator=g)) for t in pair) for name, pair in filters.items()}


def spread(which, tensors, pictures, seed, width):
    """The largest difference from that noise, or the first above 1e-3."""
    content, style = (compare.read(pictures[k], torch.float64) for k in ("content", "style"))
    start = compare.noisy(content, seed, width).float()
    exact = peers.run(which(compare.filters(tensors, torch.float64), content, style), start.double(), compare.EVALUATIONS)
    single, most = compare.filters(tensors, torch.float32), 0.0
    for shake in range(5):
        run = peers.run(which(shaken(single, shake), content.float(), style.float()), start, compare.EVALUATIONS)
        most = max([most] + [compare.off(x, w) for x, w in zip(run, exact)])
        if most > 1e-3:
            break
    return most


def main():
    weights, preset = sys.argv[1:3]
    width = float(sys.argv[3]) if len(sys.argv) > 3 else 0.2
    seeds = int(sys.argv[4]) if len(sys.argv) > 4 else 20
    which = next(p for p in peers.PEERS if p.name == preset)
    with tempfile.TemporaryDirectory() as out:
        out = pathlib.Path(out)
        tensors = compare.networks(weights, out)[which.convention][1]
        pictures = compare.draw(out, compare.STEADY_SIZE)
        found = sorted((spread(which, tensors, pictures, seed, width), seed) for seed in range(seeds))
    for most, seed in found[:5]:
        print(f"{seed}: {most:.1e}")


if __name__ == "__main__":
    main()
