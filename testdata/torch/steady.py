"""Choose the start of the L-BFGS trajectory: the one on which rounding matters least.

    /usr/bin/python3 testdata/torch/steady.py [N]

Runs the ten steps from each of N pictures (default 90) in float64, in float32, and ten times in float32 with weights that are
off by 2e-6, which is what a convolution by Winograd's algorithm may round otherwise. Prints the largest relative difference of a
loss to float64's, smallest first, for TRAJECTORIES in reference.py.
"""

import sys

import numpy as np
import torch

import model
import reference


def shaken(seed):
    """The weights in float32, off by 2e-6."""
    g = torch.Generator().manual_seed(seed)
    weights = model.seeded_weights("vgg19", reference.SEED, torch.float32)
    return {name: tuple(t * (1 + 2e-6 * torch.randn(t.shape, generator=g)) for t in pair) for name, pair in weights.items()}


def spread(start, make, size, pool):
    """The largest relative difference of the float32 runs from picture number start, or the first above 1e-3."""
    exact, _ = reference.trajectory(make, size, pool, start)
    most = 0.0
    for seed in range(11):
        run, _ = reference.trajectory(make, size, pool, start, dtype=torch.float32, weights=shaken(seed) if seed else None)
        most = max(most, np.max(abs(run - exact) / exact))
        if most > 1e-3:
            break
    return most


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 90
    make, size, pool, _ = reference.TRAJECTORIES["lbfgs"]
    found = sorted((spread(s, make, size, pool), s) for s in range(n))
    for d, s in found[:5]:
        print(f"{s}: {d:.1e}")


if __name__ == "__main__":
    main()
