"""ProGamerGov's neural-style-pt."""

import torch

from .peer import Peer


class ProGamerGov(Peer):
    """ProGamerGov/neural-style-pt."""

    name = "neural-style-pt"

    def enter(self, picture):
        x = (picture * 255)[torch.LongTensor([2, 1, 0])].clone()
        for channel, mean in zip(x, (103.939, 116.779, 123.68)):
            channel -= mean
        return x.unsqueeze(0)

    def leave(self, v):
        x = v.squeeze(0).clone()
        for channel, mean in zip(x, (103.939, 116.779, 123.68)):
            channel += mean
        return x[torch.LongTensor([2, 1, 0])] / 255

    def start(self):
        noise = torch.randn(self.content_picture.shape, generator=torch.Generator().manual_seed(2)).mul(0.001)
        return self.leave(noise.unsqueeze(0).to(self.content_picture))

    def target(self, f):
        c, h, w = f.shape
        g = f.reshape(c, h * w) @ f.reshape(c, h * w).T
        return g.div(c * h * w)

    def content_loss(self, f):
        return torch.nn.MSELoss()(f, self.content) * 5e0

    def style_loss(self, f, target):
        return 1e2 * torch.nn.MSELoss()(self.target(f), target)

    def tv(self, v):
        return 1e-3 * (torch.sum(torch.abs(torch.diff(v, dim=2))) + torch.sum(torch.abs(torch.diff(v, dim=3))))

    def step(self, v):
        return torch.optim.LBFGS([v], max_iter=1000, tolerance_change=-1, tolerance_grad=-1).step
