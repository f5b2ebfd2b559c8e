"""Gatys' own notebook, in PyTorch."""

import torch

from .peer import Peer, column


class Gatys(Peer):
    """leongatys/PytorchNeuralStyleTransfer."""

    name = "gatys"

    def enter(self, picture):
        bgr = picture[[2, 1, 0]][None]
        return (bgr - column(0.40760392, 0.45795686, 0.48501961, like=bgr)) * 255

    def leave(self, v):
        return (v / 255 + column(0.40760392, 0.45795686, 0.48501961, like=v))[0][[2, 1, 0]]

    def target(self, f):
        c, h, w = f.shape
        f = f.view(1, c, h * w)
        return torch.bmm(f, f.transpose(1, 2)) / (h * w)

    def content_loss(self, f):
        return 1e0 * torch.nn.MSELoss()(f, self.content)

    def style_loss(self, f, target):
        return 1e3 / f.shape[0] ** 2 * torch.nn.MSELoss()(self.target(f), target)

    def step(self, v):
        return torch.optim.LBFGS([v]).step
