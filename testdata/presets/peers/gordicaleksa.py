"""gordicaleksa's pytorch-neural-style-transfer."""

import torch

from .peer import Peer, STYLE, column


class Gordicaleksa(Peer):
    """gordicaleksa/pytorch-neural-style-transfer."""

    name = "gordicaleksa"
    convention = "torchvision"

    def enter(self, picture):
        return picture.mul(255).unsqueeze(0) - column(123.675, 116.28, 103.53, like=picture)

    def leave(self, v):
        return (v + column(123.675, 116.28, 103.53, like=v)).squeeze(0) / 255

    def target(self, f):
        f = f.flatten(1)
        return f.matmul(f.transpose(0, 1)) / f.numel()

    def content_loss(self, f):
        return 1e5 * torch.nn.MSELoss(reduction="mean")(f, self.content)

    def style_loss(self, f, target):
        return 3e4 * torch.nn.MSELoss(reduction="sum")(self.target(f), target) / len(STYLE)

    def tv(self, v):
        return 1e0 * ((v[:, :, :, :-1] - v[:, :, :, 1:]).abs().sum() + (v[:, :, :-1, :] - v[:, :, 1:, :]).abs().sum())

    def step(self, v):
        return torch.optim.LBFGS([v], max_iter=1000, line_search_fn="strong_wolfe").step
