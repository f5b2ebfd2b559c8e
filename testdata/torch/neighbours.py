"""Write neighbours.safetensors: the loss of neighbours of small features, and its gradient. README.md says what is in it.

    /usr/bin/python3 testdata/torch/neighbours.py

All is computed in float64, by autograd.
"""

import numpy as np
import torch

import model
from losses import SHAPE, STYLE_SHAPE, numbers
from reference import HERE


def centred_target(style):
    """The mean of style features (c, s), then the features less it, of norm 1: (1+s, c)."""
    mean = style.mean(1, keepdim=True)
    rest = style - mean
    return torch.cat([mean, rest / rest.norm(dim=0, keepdim=True)], 1).T


def nearest(x, weights, target):
    """The number of the feature of the largest centred cosine, for features (c, n)."""
    mean = (x * weights).sum(1, keepdim=True)
    d = x - mean
    return ((target[1:] @ d) / d.norm(dim=0, keepdim=True)).argmax(0)


def distance(x, weights, target, matches):
    """The weighted mean of 1 - cos(f - mean of the style, s)."""
    cosine = torch.nn.functional.cosine_similarity(x - target[:1].T, target[1:][matches].T, dim=0, eps=0)
    return ((1 - cosine) * weights).sum()


def main():
    f, style, guide = numbers(SHAPE, 2000), numbers(STYLE_SHAPE, 2002), numbers(SHAPE[1:], 2003)
    out = {"features": f, "style": style, "guide": guide}
    c = SHAPE[0]
    target = centred_target(torch.from_numpy(style).double().reshape(c, -1))
    out["target"] = target.numpy().astype(np.float32)
    squares = torch.from_numpy(guide).double().reshape(-1) ** 2
    even = torch.full_like(squares, 1 / len(squares))
    for name, weights in ("neighbours", even), ("guided-neighbours", squares / squares.sum()):
        x = torch.from_numpy(f).double().reshape(c, -1).requires_grad_()
        matches = nearest(x.detach(), weights, target)
        loss = distance(x, weights, target, matches)
        (gradient,) = torch.autograd.grad(loss, x)
        out[f"{name}.matches"] = matches.numpy().astype(np.float32).reshape(SHAPE[1:])
        out[f"{name}.loss"] = np.array([loss.item()])
        out[f"{name}.gradient"] = gradient.numpy().astype(np.float32).reshape(SHAPE)
    model.save(HERE / "neighbours.safetensors", out, {})


if __name__ == "__main__":
    main()
