"""anishathalye's neural-style, in TensorFlow."""

import math

import torch

from .peer import Peer, STYLE, column


class TFAdam:
    """Adam as TensorFlow has it, with epsilon beside the root that is not corrected."""

    def __init__(self, v, rate, beta1, beta2, epsilon):
        self.v, self.settings, self.t = v, (rate, beta1, beta2, epsilon), 0
        self.mean, self.square = torch.zeros_like(v), torch.zeros_like(v)

    def step(self, evaluate):
        rate, beta1, beta2, epsilon = self.settings
        self.v.grad = None
        evaluate()
        g, self.t = self.v.grad, self.t + 1
        self.mean += (g - self.mean) * (1 - beta1)
        self.square += (g * g - self.square) * (1 - beta2)
        corrected = rate * math.sqrt(1 - beta2**self.t) / (1 - beta1**self.t)
        with torch.no_grad():
            self.v -= corrected * self.mean / (self.square.sqrt() + epsilon)


class Anishathalye(Peer):
    """anishathalye/neural-style. Its network takes channels as RGB and its filters have them so."""

    name = "anishathalye"

    def enter(self, picture):
        return picture[None] * 255 - column(123.68, 116.779, 103.939, like=picture)

    def leave(self, v):
        return (v + column(123.68, 116.779, 103.939, like=v))[0] / 255

    def shown(self, v):
        return v.flip(1)  # the filters here are in the order BGR

    def start(self):
        noise = torch.randn(self.content_picture.shape, generator=torch.Generator().manual_seed(33)) * 0.256
        return self.leave(noise[None].to(self.content_picture))

    def target(self, f):
        rows = f.permute(1, 2, 0).reshape(-1, f.shape[0])  # positions, channels
        return rows.T @ rows / rows.numel()

    def content_loss(self, f):
        l2 = (f - self.content).pow(2).sum() / 2
        return 1.0 * 5 * (2 * l2 / self.content.numel())

    def style_loss(self, f, target):
        l2 = (self.target(f) - target).pow(2).sum() / 2
        return 500 * (1 / len(STYLE)) * 2 * l2 / target.numel()

    def tv(self, v):
        n, c, h, w = v.shape
        down = (v[:, :, 1:, :] - v[:, :, : h - 1, :]).pow(2).sum() / 2
        across = (v[:, :, :, 1:] - v[:, :, :, : w - 1]).pow(2).sum() / 2
        return 100 * 2 * (down / (c * (h - 1) * w) + across / (c * h * (w - 1)))

    def step(self, v):
        return TFAdam(v, 1e1, 0.9, 0.999, 1e-8).step
