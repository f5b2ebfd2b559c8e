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


def waves(rng, n, length):
    """Stripes of -1 to 1, so many pixels apart, in some direction and a little bent: (n, n)."""
    y, x = np.mgrid[:n, :n] / n
    angle, bend = rng.uniform(0, np.pi), rng.uniform(0, 0.06)
    along = x * np.cos(angle) + y * np.sin(angle) + bend * np.sin(2 * np.pi * (rng.uniform(0.5, 3) * (y - x) + rng.random()))
    return np.sin(2 * np.pi * n / length * along)


def local(grey, radius):
    """Grey levels around each pixel, on average."""
    n = grey.shape[0]
    small = Image.fromarray(grey.astype(np.float32)).resize((max(2, n // radius),) * 2, Image.BOX)
    return np.asarray(small.resize((n, n), Image.BICUBIC))


def inked(rng, grey):
    """Where a picture would be black if drawn with ink: by its own light and dark, in lines, or in dots."""
    n = grey.shape[0]
    around = local(grey, int(rng.integers(8, 40)))
    level = rng.normal(0, 0.05) + (around if rng.random() < 0.5 else grey.mean())
    kind = rng.integers(3)
    if kind == 0:
        return grey < level
    screen = waves(rng, n, rng.uniform(4, 16))
    if kind == 1:
        screen = (screen + waves(rng, n, rng.uniform(4, 16))) / 2
    return grey - level + rng.uniform(0.1, 0.4) * screen < 0


def tiled(rng, a):
    """A picture in flat pieces around points at random, with joints between them or without."""
    n = a.shape[0]
    step = int(rng.integers(5, 28))
    m = n // step + 3
    points = (np.stack(np.mgrid[:m, :m], -1) - 1 + rng.uniform(-0.5, 0.5, (m, m, 2)) * rng.random()) * step
    y, x = np.mgrid[:n, :n]
    nearest, second = np.full((n, n), np.inf), np.full((n, n), np.inf)
    colour = np.zeros((n, n, 3))
    for i in (0, 1, 2):
        for j in (0, 1, 2):
            p = points[np.minimum(y // step + i, m - 1), np.minimum(x // step + j, m - 1)]
            far = np.hypot(p[..., 0] - y, p[..., 1] - x)
            near = far < nearest
            at = np.clip(p.astype(int), 0, n - 1)
            colour = np.where(near[..., None], a[at[..., 0], at[..., 1]], colour)
            second = np.where(near, nearest, np.minimum(second, far))
            nearest = np.where(near, far, nearest)
    joint = (second - nearest < rng.uniform(0.5, 3)) & (rng.random() < 0.7)
    return np.where(joint[..., None], rng.choice([0, 1, rng.random()]), colour)


def graphic(rng, a):
    """A picture as a print, a drawing or a mosaic has it: few colours, hard edges, lines."""
    a = np.clip(a, 0, 1)
    kind = rng.integers(4)
    if kind == 0:
        return tiled(rng, a)
    grey = a @ np.array([0.3, 0.59, 0.11])
    if kind == 1:  # few levels, with outlines
        levels = rng.integers(2, 7)
        out = np.round(a * (levels - 1)) / (levels - 1)
        edge = np.hypot(*np.gradient(local(grey, 2))) > rng.uniform(0.03, 0.12)
        return np.where(edge[..., None] & (rng.random() < 0.6), 0.1 * rng.random(3), out)
    ink, paper = (0.15 * rng.random(3), 1 - 0.2 * rng.random(3)) if rng.random() < 0.6 else (rng.random(3), rng.random(3))
    if kind == 3 and rng.random() < 0.5:
        paper = local(a[..., 0], 4)[..., None] * paper
    return np.where(inked(rng, grey)[..., None], ink, paper)


def drawing(rng, picture, size):
    """A crop as graphic draws it, with hard edges or soft ones."""
    if rng.random() < 0.5:
        return graphic(rng, crop(rng, picture, size))
    a = graphic(rng, crop(rng, picture, 2 * size))
    return a.reshape(size, 2, size, 2, 3).mean((1, 3))


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
    """An endless supply: folders with the share of each, a part drawn anew as graphic does."""

    def __init__(self, folders, seed, drawn=0.0):
        self.folders, self.rng, self.drawn = folders, np.random.default_rng(seed), drawn

    def one(self, size):
        rng = self.rng
        present = [(f, share) for f, share in self.folders if f.pictures]
        shares = np.array([share for _, share in present])
        folder = present[rng.choice(len(present), p=shares / shares.sum())][0]
        picture = folder.pictures[rng.integers(len(folder.pictures))]
        if rng.random() < self.drawn:
            a = drawing(rng, picture, size)
        else:
            a = crop(rng, picture, size)
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
