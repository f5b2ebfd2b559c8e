"""Write losses.safetensors: the losses of small features and their gradients. README.md says what is in it.

    /usr/bin/python3 testdata/torch/losses.py

All is computed in float64, by autograd, but for the gradient of the root in W2 and the normalised gradient.
"""

import numpy as np
import torch

import model
from reference import HERE, SEED
from terms import gram, gram_loss, mean_gram, meanstd_loss, moments, w2_loss

SHAPE, STYLE_SHAPE = (19, 11, 13), (19, 7, 10)  # channels, rows, columns
STRENGTH = 3


def numbers(shape, stream):
    """Random numbers as features have them: about half of them 0."""
    u = model.uniform(int(np.prod(shape)), SEED, stream).reshape(shape)
    return np.maximum(2 * u - 1, 0).astype(np.float32)


def main():
    f, content, style = numbers(SHAPE, 2000), numbers(SHAPE, 2001), numbers(STYLE_SHAPE, 2002)
    guide = numbers(SHAPE[1:], 2003)
    out = {"features": f, "content": content, "style": style, "guide": guide}
    style, t = torch.from_numpy(style).double(), torch.from_numpy(guide).double()
    cases = {"content": lambda x: ((x - torch.from_numpy(content).double()) ** 2).mean()}
    for name, statistic, distance in ("gram", gram, gram_loss), ("meanstd", moments, meanstd_loss), ("w2", mean_gram, w2_loss):
        target = statistic(style)
        out[f"{name}.target"] = torch.cat([v.reshape(-1) for v in (target if isinstance(target, tuple) else (target,))]).numpy().astype(np.float32)
        for prefix, g in ("", None), ("guided-", t):
            cases[prefix + name] = lambda x, s=statistic, d=distance, g=g, target=target: d(s(x, g), target)
    for name, case in cases.items():
        x = torch.from_numpy(f).double().requires_grad_()
        loss = case(x)
        (gradient,) = torch.autograd.grad(loss, x)
        out[f"{name}.loss"], out[f"{name}.gradient"] = np.array([loss.item()]), gradient.numpy().astype(np.float32)
        if name == "gram":
            out["normalised.gradient"] = (STRENGTH * gradient / (gradient.abs().sum() + 1e-8)).numpy().astype(np.float32)
    model.save(HERE / "losses.safetensors", out, {"strength": str(STRENGTH)})


if __name__ == "__main__":
    main()
