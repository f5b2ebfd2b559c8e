"""What the networks look at while one learns from the other: crops of pictures, altered in many ways.

The optimiser of a style transfer visits pictures that no camera takes, so the crops are scaled, turned, recoloured, blended
and soiled, and a share of them comes from folders of half painted pictures.
"""

import pathlib

import numpy as np
import torch
from PIL import Image

SUFFIXES = {".jpg", ".jpeg", ".png"}


def thumbnail(picture):
    """16x16 grey levels of unit variance: what two copies of one picture have in common."""
    t = np.asarray(picture.convert("L").resize((16, 16), Image.BOX), dtype=np.float64)
    return (t - t.mean()) / (t.std() + 1e-6)


class Folder:
    """The pictures of a folder and those below it, without those that resemble one to be kept apart."""

    def __init__(self, path, apart=()):
        self.pictures, self.left_out = [], []
        for file in files(path):
            picture = Image.open(file).convert("RGB")
            t = thumbnail(picture)
            if any((t * other).mean() > 0.75 for other in apart):
                self.left_out.append(file.name)
                continue
            self.pictures.append(picture)


def files(folder):
    return [f for f in sorted(pathlib.Path(folder).rglob("*")) if f.suffix.lower() in SUFFIXES]


def thumbnails(folder):
    """What keeps the pictures of a folder apart from those of others."""
    return [thumbnail(Image.open(f).convert("RGB")) for f in files(folder)]


def longest(file, size):
    """A whole picture, its longest side size pixels: (1, 3, h, w) in 0..1."""
    return scaled(Image.open(file).convert("RGB"), size)


def scaled(picture, size):
    k = size / max(picture.size)
    picture = picture.resize((round(picture.width * k), round(picture.height * k)), Image.LANCZOS)
    return torch.from_numpy(np.asarray(picture, dtype=np.float32).transpose(2, 0, 1)[None] / 255)


def crop(rng, picture, size):
    """A square of a picture at 0.5 to 1.6 times its scale, turned or mirrored: (size, size, 3) in 0..1."""
    w, h = picture.size
    side = int(min(size / np.exp(rng.uniform(np.log(0.5), np.log(1.6))), w, h))
    x, y = rng.integers(0, w - side + 1), rng.integers(0, h - side + 1)
    a = picture.resize((size, size), Image.BICUBIC if side < size else Image.LANCZOS, (x, y, x + side, y + side))
    a = np.asarray(a, dtype=np.float32) / 255
    if rng.random() < 0.5:
        a = a[:, ::-1]
    if rng.random() < 0.2:
        a = np.rot90(a, rng.integers(1, 4))
    return a


def recolour(rng, a):
    """Gamma, gain and offset of each channel, and more or less saturation."""
    a = np.maximum(a, 0) ** np.exp(rng.normal(0, 0.25))
    grey = a.mean(-1, keepdims=True)
    a = grey + (a - grey) * rng.choice([0, rng.uniform(0.3, 1.8)], p=[0.1, 0.9])
    return a * np.exp(rng.normal(0, 0.2, 3)) + rng.normal(0, 0.08, 3)


def soil(rng, a):
    """Noise of independent pixels, or of larger spots."""
    n = a.shape[0]
    m = int(rng.choice([n, n // 2, n // 4]))
    spots = rng.normal(0, 1, (m, m, 3)).astype(np.float32) * rng.uniform(0.02, 0.25)
    return a + np.kron(spots, np.ones((n // m, n // m, 1), dtype=np.float32))


class Pairs:
    """Painted pictures with their styles, from files of lines PAINTED<TAB>STYLE, without those that resemble one to be kept apart."""

    def __init__(self, lists, apart, seed):
        self.rng, self.pairs, kept = np.random.default_rng(seed), [], {}
        for line in dict.fromkeys(line for file in lists for line in open(file)):
            names = line.rstrip("\n").split("\t")
            if not all(pathlib.Path(n).exists() for n in names):
                continue
            for n in names:
                kept[n] = kept[n] if n in kept else Image.open(n).convert("RGB")
            if not any((thumbnail(kept[n]) * other).mean() > 0.75 for n in names for other in apart):
                self.pairs.append([kept[n] for n in names])

    def batch(self, n, size):
        """n/2 painted pictures, then their styles: (n, 3, size, size) in 0..1. All are seen nearly whole, as they were painted."""
        chosen = [self.pairs[i] for i in self.rng.integers(len(self.pairs), size=n // 2)]
        return np.stack([self.square(pair[i], size) for i in (0, 1) for pair in chosen]).transpose(0, 3, 1, 2)

    def square(self, picture, size):
        """The largest square of a picture, somewhere in it, scaled."""
        side = min(picture.size)
        x, y = (self.rng.integers(0, v - side + 1) for v in picture.size)
        a = np.asarray(picture.resize((size, size), Image.LANCZOS, (x, y, x + side, y + side)), dtype=np.float32) / 255
        return a[:, ::-1] if self.rng.random() < 0.5 else a


class Crops:
    """An endless supply: folders with the share of each."""

    def __init__(self, folders, seed):
        self.folders, self.rng = folders, np.random.default_rng(seed)

    def one(self, size):
        rng = self.rng
        present = [(f, share) for f, share in self.folders if f.pictures]
        shares = np.array([share for _, share in present])
        folder = present[rng.choice(len(present), p=shares / shares.sum())][0]
        a = crop(rng, folder.pictures[rng.integers(len(folder.pictures))], size)
        if rng.random() < 0.5:
            a = recolour(rng, a)
        if rng.random() < 0.1:
            other = self.one(size)
            a = a + (other - a) * rng.uniform(0.2, 0.8)
        if rng.random() < 0.15:
            a = soil(rng, a)
        if rng.random() < 0.02:
            a = np.broadcast_to(a.mean((0, 1)), a.shape) + rng.normal(0, 0.3 * rng.random() ** 2, a.shape)
        return np.clip(a, 0, 1).astype(np.float32)

    def batch(self, n, size):
        """(n, 3, size, size) in 0..1, RGB."""
        return np.stack([self.one(size) for _ in range(n)]).transpose(0, 3, 1, 2)
