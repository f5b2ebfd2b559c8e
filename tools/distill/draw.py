"""Draws pictures as pictures.graphic does, for paint.sh to take as styles: draw.py OUT COUNT SEED FOLDER..."""

import pathlib
import sys

import numpy as np
from PIL import Image

import pictures


def main():
    out, count, seed, *folders = sys.argv[1:]
    rng = np.random.default_rng(int(seed))
    files = [f for folder in folders for f in pictures.files(folder)]
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    for i in range(int(count)):
        picture = Image.open(files[rng.integers(len(files))]).convert("RGB")
        a = np.clip(pictures.drawing(rng, picture, 320), 0, 1)
        Image.fromarray((255 * a).astype(np.uint8)).save(pathlib.Path(out) / f"{i:03}.png")


if __name__ == "__main__":
    main()
