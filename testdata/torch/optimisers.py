"""Write optimisers.safetensors: what torch's L-BFGS and Adam do on small functions.

    /usr/bin/python3 testdata/torch/optimisers.py

All is computed in float64. The functions are written again in
internal/optim/torch_test.go.
"""

import pathlib

import numpy as np
import torch

import model

N = 50
I = torch.arange(N, dtype=torch.float64)


def quadratic(x):
    """Convex, condition number 1000; the minimum is at sin(i+1)."""
    return 0.5 * (10 ** (3 * I / (N - 1)) * (x - torch.sin(I + 1)) ** 2).sum()


def waves(x):
    """Concave where it starts, near the crests of its cosines: pairs are refused."""
    return ((1 + I / N) * (1 - torch.cos(x))).sum() + 0.01 * (x**2).sum()


def bowl(x):
    """The second step of L-BFGS is exact: the slope vanishes at once."""
    return 0.5 * ((x - torch.sin(I + 1)) ** 2).sum()


def rosenbrock(x):
    """The chained banana valley."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def cliff(x):
    """Steep and crooked: a first step of 1 is far too long, so that every line is bracketed and narrowed."""
    return (torch.exp(0.5 * x) + (x + torch.sin(3 * x + I)) ** 2 / (1 + I / N)).sum()


FUNCTIONS = {
    "quadratic": (quadratic, torch.zeros(N, dtype=torch.float64)),
    "bowl": (bowl, torch.zeros(N, dtype=torch.float64)),
    "waves": (waves, 3 + 0.2 * torch.sin(3 * I)),
    "cliff": (cliff, 2 * torch.sin(2 * I)),
    "rosenbrock": (rosenbrock, torch.where(I % 2 == 0, -1.2, 1.0).double()),
}

# (function, optimiser, keyword arguments, steps)
never = dict(max_iter=1, tolerance_grad=-1, tolerance_change=-float("inf"))
RUNS = {
    "quadratic.lbfgs": ("quadratic", torch.optim.LBFGS, dict(lr=1, history_size=100, **never), 40),
    "quadratic.lbfgs3": ("quadratic", torch.optim.LBFGS, dict(lr=1, history_size=3, **never), 40),
    "waves.lbfgs": ("waves", torch.optim.LBFGS, dict(lr=0.5, history_size=5, **never), 12),
    "rosenbrock.lbfgs": ("rosenbrock", torch.optim.LBFGS, dict(lr=0.5, history_size=10, **never), 40),
    "quadratic.adam": ("quadratic", torch.optim.Adam, dict(lr=0.05), 40),
    "waves.adam": ("waves", torch.optim.Adam, dict(lr=0.3, betas=(0.5, 0.9), eps=1e-3), 40),
}

# The evaluations of one long torch step with line search: (function, keyword arguments).
WOLFE = {
    "quadratic.wolfe": ("quadratic", dict(history_size=100)),
    "waves.wolfe": ("waves", dict(history_size=5)),
    "rosenbrock.wolfe": ("rosenbrock", dict(history_size=10)),
    "cliff.wolfe": ("cliff", dict(lr=8, history_size=10)),
}

# One long torch step with tolerances that end it: (function, keyword arguments).
LONG = {
    "gradient": ("quadratic", dict(tolerance_grad=1e-1, tolerance_change=-float("inf"))),
    "change": ("quadratic", dict(tolerance_grad=-1, tolerance_change=1e-2)),
    "slope": ("bowl", dict(tolerance_grad=-1, tolerance_change=1e-3)),
}


def run(name, make, options, steps, dtype=torch.float64):
    """The variables before each step and after the last, the losses there, and how many pairs are held."""
    f, x0 = FUNCTIONS[name]
    x = x0.clone().to(dtype).requires_grad_()
    o = make([x], **options)
    xs, losses, pairs = [], [], []

    def closure():
        o.zero_grad()
        loss = f(x)
        loss.backward()
        xs.append(x.detach().clone().numpy())
        losses.append(loss.item())
        return loss

    for _ in range(steps):
        o.step(closure)
        pairs.append(len(o.state[x].get("old_dirs") or []))
    if options.get("max_iter", 1) == 1:
        closure()
    return np.array(xs), np.array(losses), np.array(pairs, dtype=np.float64)


def main():
    out = {}
    for key, args in RUNS.items():
        xs, losses, pairs = run(*args)
        out[key + ".x"] = xs.astype(np.float32)
        out[key + ".loss"] = losses
        if args[1] is torch.optim.LBFGS:
            out[key + ".pairs"] = pairs
        print(key, *(f"{l:.3g}" for l in losses[:: len(losses) // 10]), "pairs", *pairs[-1:])
    for key, (name, options) in WOLFE.items():
        options = dict(tolerance_grad=-1, tolerance_change=-float("inf"), line_search_fn="strong_wolfe", **options)
        xs, losses, _ = run(key.split(".")[0], torch.optim.LBFGS, dict(max_iter=25, max_eval=40, **options), 1)
        out[key + ".x"] = xs.astype(np.float32)
        out[key + ".loss"] = losses
        single = run(name, torch.optim.LBFGS, dict(max_iter=25, max_eval=40, **options), 1, torch.float32)[1]
        n = min(len(losses), len(single))
        print(key, *(f"{l:.4g}" for l in losses), "evaluations", len(losses), "float32 differs by",
              *(f"{d:.0e}" for d in abs(single[:n] / losses[:n] - 1)))
    for key, (name, options) in LONG.items():
        _, losses, _ = run(name, torch.optim.LBFGS, dict(max_iter=1000, max_eval=2000, **options), 1)
        out["long." + key + ".loss"] = losses
        print("long", key, len(losses), "evaluations, last", losses[-1])
    model.save(pathlib.Path(__file__).parent / "optimisers.safetensors", out, {"variables": str(N)})


if __name__ == "__main__":
    main()
