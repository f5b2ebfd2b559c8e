"""jcjohnson's neural-style, in Lua."""

import torch

from .peer import Peer, column


class GradientOnly(torch.autograd.Function):
    """½Σ(dx² + dy²) over the pixels with a neighbour on the right and one below, by its gradient."""

    @staticmethod
    def forward(ctx, v):
        x_diff = v[..., :-1, :-1] - v[..., :-1, 1:]
        y_diff = v[..., :-1, :-1] - v[..., 1:, :-1]
        ctx.save_for_backward(x_diff, y_diff)
        return 0.5 * (x_diff.square().sum() + y_diff.square().sum())

    @staticmethod
    def backward(ctx, up):
        x_diff, y_diff = ctx.saved_tensors
        n, c, h, w = x_diff.shape
        g = x_diff.new_zeros(n, c, h + 1, w + 1)
        g[..., :-1, :-1] += x_diff + y_diff
        g[..., :-1, 1:] -= x_diff
        g[..., 1:, :-1] -= y_diff
        return g * up


class JCJohnson(Peer):
    """jcjohnson/neural-style, in Lua: torch.optim.LBFGS has its rules."""

    name = "neural-style"

    def enter(self, picture):
        bgr = picture.index_select(0, torch.tensor([2, 1, 0]))
        return bgr.mul(256.0)[None] - column(103.939, 116.779, 123.68, like=picture)

    def leave(self, v):
        img = v[0] + column(103.939, 116.779, 123.68, like=v)[0]
        return img.index_select(0, torch.tensor([2, 1, 0])).div(256.0)

    def start(self):
        noise = torch.randn(self.content_picture.shape, generator=torch.Generator().manual_seed(1)) * 0.001
        return self.leave(noise[None].to(self.content_picture))

    def target(self, f):
        flat = f.reshape(f.shape[0], -1)
        return torch.mm(flat, flat.t()) / f.nelement()

    def content_loss(self, f):
        return 5e0 * ((f - self.content) ** 2).sum() / f.nelement()

    def style_loss(self, f, target):
        g = self.target(f)
        return 1e2 * ((g - target) ** 2).sum() / g.nelement()

    def tv(self, v):
        return 1e-3 * GradientOnly.apply(v)

    def step(self, v):
        return torch.optim.LBFGS([v], max_iter=1000, tolerance_grad=-1, tolerance_change=-1).step
