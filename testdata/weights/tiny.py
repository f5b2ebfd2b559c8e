"""The numbers of vgg.Seeded(Tiny(), ..., SEED), for the scripts beside it."""

import math
import os

import numpy as np

SEED = 7
HERE = os.path.dirname(os.path.abspath(__file__))
CHANNELS, CONVS = [4, 4, 6, 6, 6], [2, 2, 4, 4, 4]


def mix64(z):
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)


def uniform(n, stream, bound):
    """The numbers of fillUniform in vgg/seeded.go."""
    with np.errstate(over="ignore"):
        start = mix64(np.uint64(SEED) ^ np.uint64(stream + 1) * np.uint64(0xD1B54A32D192ED03))
        z = mix64(start + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    u = (z >> np.uint64(40)).astype(np.float64) / (1 << 24)
    return ((2 * u - 1) * bound).astype(np.float32)


def network():
    """(block, conv, index in nn.Sequential, weight, bias) of each convolution."""
    out, index, c = [], 0, 3
    for block, k in enumerate(CHANNELS):
        for conv in range(CONVS[block]):
            s = len(out)
            w = uniform(k * c * 9, 2 * s, math.sqrt(6 / (9 * c))).reshape(k, c, 3, 3)
            out.append((block + 1, conv + 1, index, w, uniform(k, 2 * s + 1, 0.1)))
            index, c = index + 2, k
        index += 1
    return out


NET = network()
CUT = 10  # index of conv3_1, where most files end, to stay small
