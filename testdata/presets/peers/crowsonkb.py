"""crowsonkb's style-transfer-pytorch."""

import torch
import torch.nn.functional as F

from .peer import Peer, STYLE, column


class Root(torch.autograd.Function):
    """A matrix root by twelve steps of Newton and Schulz, which are too few for small eigenvalues; and back, by as many
    steps for Lyapunov's equation root X + X root = grad."""

    @staticmethod
    def forward(ctx, m):
        size = (m * m).sum().sqrt()
        one = torch.eye(m.shape[0], dtype=m.dtype)
        y, z = m / size, one
        for _ in range(12):
            half = (3 * one - z @ y) / 2
            y, z = y @ half, half @ z
        root = y * size.sqrt()
        ctx.save_for_backward(root)
        return root

    @staticmethod
    def backward(ctx, grad):
        (root,) = ctx.saved_tensors
        size = (root * root).sum().sqrt()
        a, q, three = root / size, grad / size, 3 * torch.eye(root.shape[0], dtype=root.dtype)
        for _ in range(12):
            rest = three - a @ a
            q = (q @ rest - a.T @ (a.T @ q - q @ a)) / 2
            a = a @ rest / 2
        return q / 2


class Crowsonkb(Peer):
    """crowsonkb/style-transfer-pytorch."""

    name = "crowsonkb"
    convention = "torchvision"
    replicate = True
    weights = dict(zip(STYLE, (256, 64, 16, 4, 1)))

    def enter(self, picture):
        return picture[None].clone()

    def leave(self, v):
        return v[0]

    def shown(self, v):
        return (v - column(0.485, 0.456, 0.406, like=v)) / column(0.229, 0.224, 0.225, like=v)

    def moments(self, f):
        mean = f.mean((1, 2))
        second = torch.einsum("chw,dhw->cd", f, f) / (f.shape[1] * f.shape[2])
        return mean, second - torch.outer(mean, mean) + 1e-4 * torch.eye(len(mean), dtype=f.dtype)

    def target(self, f):
        mean, cov = self.moments(f)
        return mean, cov, Root.apply(cov)

    def content_loss(self, f):
        return 0.015 * torch.nn.MSELoss()(f, self.content)

    def style_loss(self, f, target):
        mean, cov = self.moments(f)
        mean_t, cov_t, root_t = target
        cross = Root.apply(root_t @ cov @ root_t)
        w2 = ((mean - mean_t) ** 2).mean() + torch.diagonal(cov_t + cov - 2 * cross).mean()
        layer = next(l for l in STYLE if self.targets[l] is target)
        return self.weights[layer] / 341 * w2

    def tv(self, v):
        p = F.pad(v, (1, 1, 1, 1), "replicate")
        right = p[..., 1:-1, 2:] - p[..., 1:-1, 1:-1]
        below = p[..., 2:, 1:-1] - p[..., 1:-1, 1:-1]
        falling = p[..., 1:, 1:] - p[..., :-1, :-1]
        rising = p[..., 1:, :-1] - p[..., :-1, 1:]
        sides = (right**2).mean() / 3 + (below**2).mean() / 3
        return 2.0 * (2 * (sides + (falling**2).mean() / 12 + (rising**2).mean() / 12))

    def step(self, v):
        adam = torch.optim.Adam([v], lr=0.02, betas=(0.9, 0.99))

        def step(evaluate):
            adam.zero_grad()
            adam.step(evaluate)
            with torch.no_grad():
                v.clamp_(0, 1)

        return step
