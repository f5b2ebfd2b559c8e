"""What the programs share: the network, and what each has to say of itself."""

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
