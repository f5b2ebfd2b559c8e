"""Compare `nst score --json` with PyTorch: real weights, real pictures.

    nst score content.png style.png a.png b.png --size 256 --json > score.jsonl
    /usr/bin/python3 testdata/torch/real.py --weights vgg19.safetensors --size 256 \\
        content.png style.png score.jsonl

WEIGHTS is a native file of nst (`nst weights import`). The pictures scored are
those that score.jsonl names. Every picture must have --size pixels along its
longest side, so that nothing is resampled. Prints the relative difference of
each term; exits with 1 where one is above --tolerance, and with 0 and the reason
where PyTorch or the weights are missing.
"""

import argparse
import json
import pathlib
import sys

try:
    import numpy as np
    import torch
    from PIL import Image

    import model
except ImportError as e:
    print(f"real.py: skipped: {e}")
    sys.exit(0)


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("content")
    p.add_argument("style")
    p.add_argument("score", help="output of nst score --json, or - for standard input")
    p.add_argument("--weights", required=True)
    p.add_argument("--size", type=int, required=True)
    p.add_argument("--pool", choices=("max", "avg"), default="max")
    p.add_argument("--tolerance", type=float, default=1e-4)
    return p.parse_args()


def read_weights(path):
    """Filters as float64, the network's name and what prepares a picture for it."""
    tensors, meta = model.load(path)
    weights = {}
    for name in tensors:
        if name.endswith(".weight"):
            conv = name[: -len(".weight")]
            w, b = (torch.from_numpy(tensors[f"{conv}.{part}"].astype(np.float64)) for part in ("weight", "bias"))
            weights[conv.removeprefix("conv")] = w, b
    # nst holds these numbers as float32.
    scale, mean, std = (np.array(meta[k].split(","), dtype=np.float32).tolist() for k in ("scale", "mean", "std"))
    return weights, meta["network"], model.convention(meta["channels"] == "BGR", scale[0], mean, std)


def read_picture(path, size):
    """(3, H, W) float64 in [0, 1]."""
    picture = Image.open(path)
    if picture.mode not in ("RGB", "L", "P"):
        sys.exit(f"real.py: {path} is {picture.mode}, want a picture without transparency")
    if max(picture.size) != size:
        sys.exit(f"real.py: {path} is {picture.size[0]}x{picture.size[1]}, its longest side must be {size}")
    levels = np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
    return torch.from_numpy((levels.astype(np.float32) / np.float32(255)).astype(np.float64))


def compare(score, terms):
    """[(term, by nst, by torch, relative difference)]; the total is over nst's weights."""
    rows, total = [], 0.0
    entries = [(f"{kind}.{e['layer']}", e) for kind in ("content", "style") for e in score[kind] or ()]
    for name, e in entries + [("tv", score["tv"])]:
        want = terms[name].item()
        total += e["weight"] * want
        rows.append((name, e["loss"], want))
    rows.append(("total", score["total"], total))
    return [(n, got, want, abs(got - want) / abs(want) if got != want else 0.0) for n, got, want in rows]


def main():
    a = arguments()
    if not pathlib.Path(a.weights).is_file():
        print(f"real.py: skipped: no weights at {a.weights}")
        return 0
    weights, network, prepare = read_weights(a.weights)
    content, style = (read_picture(p, a.size) for p in (a.content, a.style))
    with sys.stdin if a.score == "-" else open(a.score) as f:
        scores = [json.loads(line) for line in f if line.strip()]
    if not scores:
        sys.exit(f"real.py: {a.score} holds no score")

    worst = 0.0
    for score in scores:
        loss = model.Loss(content, style, weights, network, a.pool, prepare,
                          [e["layer"] for e in score["content"] or ()], [e["layer"] for e in score["style"] or ()])
        with torch.no_grad():
            _, terms, _ = loss.terms(read_picture(score["image"], a.size))
        print(score["image"])
        for name, got, want, rel in compare(score, terms):
            print(f"  {name:16} nst {got:<14.8g} torch {want:<14.8g} differ by {rel:.1e}")
            worst = max(worst, rel if rel == rel else float("inf"))
    print(f"largest difference {worst:.1e}, tolerance {a.tolerance:.0e}")
    return 0 if worst <= a.tolerance else 1


if __name__ == "__main__":
    sys.exit(main())
