"""Write terms.safetensors: every further term of the objective and its gradient. README.md says what is in it.

    /usr/bin/python3 testdata/torch/terms.py

All is computed in float64, by autograd but for the gradient of the root in W2
and for normalised gradients, which are written out.
"""

import numpy as np
import torch
import torch.nn.functional as F

import margins
import model
from reference import HERE, SEED, STYLE_SIZE, tensor

WIDTH, HEIGHT = 64, 48
LAYERS = model.STYLE_LAYERS
SAMPLES = 2048
EPS = 1e-4  # on the diagonal of a covariance
STEPS = 12  # of Newton and Schulz


# Statistics of features f (C, H, W), every position with the weight t².


def guide(f, a, b):
    """A guide (H, W) for features f: quarters, some of them 0."""
    y, x = torch.meshgrid(*(torch.arange(n) for n in f.shape[1:]), indexing="ij")
    return ((a * y + b * x) % 5 / 4).to(f.dtype)


def weighted(f, t):
    """f as a matrix (C, n) and the weights of its n positions, of sum 1."""
    w = torch.ones_like(f[0]) if t is None else t**2
    return f.reshape(f.shape[0], -1), (w / w.sum()).reshape(-1)


def gram(f, t=None):
    m, w = weighted(f, t)
    return (m * w) @ m.t()


def moments(f, t=None):
    m, w = weighted(f, t)
    mean = (m * w).sum(1)
    var = (m**2 * w).sum(1) - mean**2
    # A dead channel has no derivative at 0; torch would say NaN.
    alive = var > 0
    return mean, torch.where(alive, torch.where(alive, var, 1.0).sqrt(), 0.0)


def mean_gram(f, t=None):
    m, w = weighted(f, t)
    return (m * w).sum(1), gram(f, t)


# Distances between a statistic and its target.


def gram_loss(got, want):
    return ((got - want) ** 2).mean()


def meanstd_loss(got, want):
    return sum(((g - w) ** 2).mean() for g, w in zip(got, want))


class Root(torch.autograd.Function):
    """The root of a symmetric matrix by STEPS steps of Newton and Schulz, and their solution of Lyapunov's equation back."""

    @staticmethod
    def forward(ctx, a):
        size, eye = a.norm(), torch.eye(len(a), dtype=a.dtype)
        y, z = a / size, eye
        for _ in range(STEPS):
            t = (3 * eye - z @ y) / 2
            y, z = y @ t, t @ z
        root = y * size.sqrt()
        ctx.save_for_backward(root)
        return root

    @staticmethod
    def backward(ctx, grad):
        (root,) = ctx.saved_tensors
        a, q, eye = root / root.norm(), grad / root.norm(), torch.eye(len(root), dtype=root.dtype)
        for _ in range(STEPS):
            e = 3 * eye - a @ a
            q = (q @ e - a.t() @ (a.t() @ q - q @ a)) / 2
            a = a @ e / 2
        return q / 2


def exact_root(a):
    """The root by eigenvalues, differentiable where they differ."""
    values, vectors = torch.linalg.eigh(a)
    return vectors @ values.clamp(min=0).sqrt().diag() @ vectors.t()


def covariance(mean, second):
    return second - torch.outer(mean, mean) + EPS * torch.eye(len(mean), dtype=mean.dtype)


def w2_loss(got, want, root=Root.apply):
    cov, target = covariance(*got), covariance(*want)
    half = root(target).detach()
    cross = root(half @ cov @ half)
    return ((got[0] - want[0]) ** 2).mean() + torch.diagonal(target + cov - 2 * cross).mean()


STYLES = {"gram": (gram, gram_loss), "meanstd": (moments, meanstd_loss), "w2": (mean_gram, w2_loss)}

# name: statistic, whether guided, pooling, padding by the nearest pixel. The avg and l2 cases are rescaled.
CASES = {
    "meanstd": ("meanstd", False, "max", False),
    "guided-meanstd": ("meanstd", True, "max", False),
    "guided-gram": ("gram", True, "max", False),
    "w2": ("w2", False, "max", False),
    "guided-w2": ("w2", True, "max", False),
    "avg": ("gram", False, "avg", False),
    "l2": ("gram", False, "l2", False),
    "replicate": ("gram", False, "max", True),
    "crowsonkb": ("w2", False, "l2", True),
}

# The picture of each network, found by widest; margins.py says why.
IMAGES = {("max", False): 173, ("avg", False): 142, ("l2", False): 112, ("max", True): 150, ("l2", True): 167}


class Case:
    def __init__(self, name, dtype=torch.float64):
        style, self.guided, self.pool, self.replicate = CASES[name]
        self.statistic, self.distance = STYLES[style]
        self.dtype = dtype
        self.weights = model.seeded_weights("vgg19", SEED, dtype)
        with torch.no_grad():
            self.targets = self.statistics(tensor(model.picture(*STYLE_SIZE, 1), dtype), 3, 2)

    def features(self, x):
        return model.features(x, self.weights, "vgg19", self.pool, taps=LAYERS,
                              rescale=self.pool != "max", replicate=self.replicate)

    def statistics(self, x, a, b):
        return {l: self.statistic(f, guide(f, a, b) if self.guided else None) for l, f in self.features(x).items()}

    def losses(self, x):
        """{layer: loss} of picture x."""
        got = self.statistics(x, 1, 2)
        return {l: self.distance(got[l], self.targets[l]) for l in LAYERS}

    def gradient(self, image, factors=None):
        """The losses, the factors that make each weigh 1 in the sum (or those given), and the gradient of the sum."""
        x = tensor(model.picture(WIDTH, HEIGHT, image), self.dtype).requires_grad_()
        losses = self.losses(x)
        factors = factors or {l: 1 / v.item() for l, v in losses.items()}
        sum(factors[l] * v for l, v in losses.items()).backward()
        return {l: v.item() for l, v in losses.items()}, factors, x.grad.numpy()


def widest(pool, replicate, n=200):
    """The picture among n that is farthest from the kinks of a network."""
    weights = model.seeded_weights("vgg19", SEED, torch.float32)
    with torch.no_grad():
        return max(range(2, 2 + n), key=lambda i: margins.margin(
            tensor(model.picture(WIDTH, HEIGHT, i), torch.float32), weights, "vgg19", pool, pool != "max", replicate))


def normalised(image, strength):
    """The gradient of Gram losses where each layer's own is divided by its L1 norm, times strength."""
    case = Case("avg")
    x = tensor(model.picture(WIDTH, HEIGHT, image)).requires_grad_()
    features = case.features(x)
    total = 0
    for l, f in features.items():
        loss = gram_loss(gram(f), case.targets[l])
        (g,) = torch.autograd.grad(loss, f, retain_graph=True)
        total = total + (f * (strength * g / (g.abs().sum() + 1e-8)).detach()).sum()
    (g,) = torch.autograd.grad(total, x)
    return g.numpy()


# Total variation of x (3, H, W) in [0, 1].


def absolute(x):
    x = 255 * x
    return (x[:, :, 1:] - x[:, :, :-1]).abs().mean() + (x[:, 1:] - x[:, :-1]).abs().mean()


def absolute_sum(x):
    x = 255 * x
    return (x[:, :, 1:] - x[:, :, :-1]).abs().sum() + (x[:, 1:] - x[:, :-1]).abs().sum()


def quadratic_sum(x):
    x = 255 * x
    dx, dy = x[:, :-1, :-1] - x[:, :-1, 1:], x[:, :-1, :-1] - x[:, 1:, :-1]
    return (dx**2 + dy**2).sum() / 2


def nine_point(x):
    p = F.pad(x[None], (1, 1, 1, 1), "replicate")[0]
    here, right, below = p[:, 1:-1, 1:-1], p[:, 1:-1, 2:], p[:, 2:, 1:-1]
    down, up = p[:, 1:, 1:] - p[:, :-1, :-1], p[:, 1:, :-1] - p[:, :-1, 1:]
    return 2 * (((right - here) ** 2).mean() / 3 + ((below - here) ** 2).mean() / 3
                + (down**2).mean() / 12 + (up**2).mean() / 12)


FORMS = {"quadratic": model.tv, "absolute": absolute, "absolute-sum": absolute_sum, "quadratic-sum": quadratic_sum,
         "nine-point": nine_point}
TV_SIZE = (17, 13)


def sample(g):
    return g.reshape(-1)[np.arange(SAMPLES) * g.size // SAMPLES].astype(np.float32)


def main():
    out = {}
    for name, (style, _, pool, replicate) in CASES.items():
        image = IMAGES[pool, replicate]
        losses, factors, gradient = Case(name).gradient(image)
        out[f"{name}.losses"] = np.array([losses[l] for l in LAYERS])
        out[f"{name}.factors"] = np.array([factors[l] for l in LAYERS])
        out[f"{name}.gradient"] = sample(gradient)
        single, _, rough = Case(name, torch.float32).gradient(image, factors)
        print(name, "losses", *(f"{v:.6g}" for v in losses.values()), "float32 differs by",
              *(f"{abs(single[l] - v) / v:.0e}" for l, v in losses.items()),
              f"gradient {abs(rough - gradient).max() / abs(gradient).max():.0e}", flush=True)
    image = IMAGES["avg", False]
    out["normalised.gradient"] = sample(normalised(image, 3))
    for name, form in FORMS.items():
        x = tensor(model.picture(*TV_SIZE, 0)).requires_grad_()
        loss = form(x)
        loss.backward()
        out[f"tv.{name}.loss"] = np.array([loss.item()])
        out[f"tv.{name}.gradient"] = x.grad.numpy().astype(np.float32)
    meta = {f"image.{pool}.{replicate}": str(i) for (pool, replicate), i in IMAGES.items()}
    model.save(HERE / "terms.safetensors", out, meta)


if __name__ == "__main__":
    main()
