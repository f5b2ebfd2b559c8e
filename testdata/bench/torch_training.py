"""Take a step of a training with PyTorch for each line read: train.go's network, losses and batch.

    torch_training.py SIZE THREADS {nchw|channels_last|compile} FIRST

Answers like train.go: seconds, peak memory of the process in bytes, loss. FIRST is the file of the first parameters. compile is
torch.compile of channels_last, which needs PyTorch 2 and a C++ compiler. Triangular roots stand for slim's maps to the
features of its teacher, as in nst: the losses are the same, and cost less.
"""

import pathlib
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

TESTDATA = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(TESTDATA / "torch"))
import model  # noqa: E402

WIDTHS, BLOCKS, BATCH, RATE = (16, 32, 64), 4, 2, 2e-3
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 1, 10, 0.5
CONTENT, STYLE = "relu4_2", ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
STYLE_SIZE = (384, 288)


def layers():
    """[(in, out, stride, kind)] of all layers but the last."""
    full, half, quarter = WIDTHS
    return [(3, full, 1, "relu"), (full, half, 2, "relu"), (half, quarter, 2, "relu"),
            *[(quarter, quarter, 1, kind) for _ in range(BLOCKS) for kind in ("relu", "residual")],
            (quarter, half, 1, "up"), (half, full, 1, "up")]


class Painter(torch.nn.Module):
    """The network, with the parameters of a vector as nst lays them out."""

    def __init__(self, vector):
        super().__init__()
        at = 0

        def take(*shape):
            nonlocal at
            at += int(np.prod(shape))
            return torch.nn.Parameter(torch.from_numpy(vector[at - int(np.prod(shape)):at].reshape(shape).copy()))

        self.filters = torch.nn.ParameterList([take(k, c, 3, 3) for c, k, _, _ in layers()] + [take(3, WIDTHS[0], 3, 3)])
        self.bias = take(3)
        norms = [take(2, k) for _, k, _, _ in layers()]
        self.scales = torch.nn.ParameterList([torch.nn.Parameter(n[0].detach().clone()) for n in norms])
        self.shifts = torch.nn.ParameterList([torch.nn.Parameter(n[1].detach().clone()) for n in norms])
        if at != len(vector):
            sys.exit(f"FIRST has {len(vector)} parameters, want {at}")

    def forward(self, x):
        for w, scale, shift, (_, _, stride, kind) in zip(self.filters, self.scales, self.shifts, layers()):
            y = F.interpolate(x, scale_factor=2.0, mode="nearest") if kind == "up" else x
            y = F.conv2d(F.pad(y, (1, 1, 1, 1), "reflect"), w, stride=stride)
            y = F.group_norm(y, len(scale), scale, shift, 1e-5)  # instance normalisation, faster than F.instance_norm
            if kind == "residual":
                x = before + y
            else:
                before, x = x, F.relu(y)
        return torch.sigmoid(F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), self.filters[-1], self.bias))


class Slim(torch.nn.Module):
    """The loss network and the terms of the objective."""

    def __init__(self, memory):
        super().__init__()
        tensors, _ = model.load(TESTDATA.parent / "vgg" / "slim.safetensors")
        tensors = {name: torch.from_numpy(v.astype(np.float32)) for name, v in tensors.items()}
        self.filters = [(name, tensors[f"conv{name}.weight"].contiguous(memory_format=memory), tensors[f"conv{name}.bias"])
                        for name, _, _ in model.conv_shapes("vgg19", CONTENT)]
        self.roots = {l: root(tensors[f"map.{l}"]) for l in (*STYLE, CONTENT)}
        self.mean = torch.tensor(model.CAFFE_MEAN).view(1, 3, 1, 1)

    def features(self, x):
        h, out, block = 255 * x.flip(1) - self.mean, {}, "1"
        for name, w, b in self.filters:
            if name[0] != block:
                h, block = F.max_pool2d(h, 2), name[0]
            h = F.relu(F.conv2d(h, w, b, padding=1))
            out["relu" + name] = h
        return out

    def gram(self, layer, f):
        m = f.flatten(2)
        return self.roots[layer] @ (m @ m.transpose(1, 2) / m.shape[2]) @ self.roots[layer].t()

    def grams(self, x):
        seen = self.features(x)
        return [self.gram(l, seen[l]) for l in STYLE]

    def loss(self, picture, turned, wanted, content, targets):
        seen = self.features(turned)
        r = self.roots[CONTENT]
        c = (F.conv2d(seen[CONTENT] - wanted, r[:, :, None, None]) ** 2).mean() / content
        s = sum(((self.gram(l, seen[l]) - a) ** 2).mean() / (a**2).mean() for l, a in zip(STYLE, targets)) / len(STYLE)
        tv = ((picture[..., 1:] - picture[..., :-1]) ** 2).mean() + ((picture[..., 1:, :] - picture[..., :-1, :]) ** 2).mean()
        return CONTENT_WEIGHT * c + STYLE_WEIGHT * s + TV_WEIGHT * tv


def root(w):
    """The upper triangular R with RᵀR = WᵀW c/k for w (k, c)."""
    w = w.double()
    return torch.linalg.cholesky(w.t() @ w * w.shape[1] / w.shape[0]).t().float().contiguous()


def orient(x, orientation):
    if orientation & 1:
        x = x.flip(-1)
    if orientation & 2:
        x = x.flip(-2)
    return x.transpose(-1, -2) if orientation & 4 else x


def main():
    size, threads, form, first = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    torch.set_num_threads(threads)
    memory = torch.contiguous_format if form == "nchw" else torch.channels_last
    painter, slim = Painter(np.fromfile(first, "<f4")).to(memory_format=memory), Slim(memory)
    photos = torch.from_numpy(np.stack([model.picture(size, size, i) for i in range(BATCH)])).contiguous(memory_format=memory)
    with torch.no_grad():
        f = slim.features(photos[:1])[CONTENT]
        content = (F.conv2d(f, slim.roots[CONTENT][:, :, None, None]) ** 2).mean()
        style = torch.from_numpy(model.picture(*STYLE_SIZE, 2))[None]
        targets = [slim.grams(orient(style, o)) for o in range(8)]
    paint, see, loss = painter, slim.features, slim.loss
    if form == "compile":
        paint, see, loss = torch.compile(painter), torch.compile(slim.features), torch.compile(slim.loss)
    adam = torch.optim.Adam(painter.parameters(), RATE, foreach=True)

    print("ready torch", torch.__version__, form, flush=True)
    for step, _ in enumerate(sys.stdin):
        began = time.perf_counter()
        with torch.no_grad():
            wanted = see(orient(photos, step % 8).contiguous(memory_format=memory))[CONTENT]
        picture = paint(photos)
        total = loss(picture, orient(picture, step % 8).contiguous(memory_format=memory), wanted, content, targets[step % 8])
        adam.zero_grad()
        total.backward()
        adam.step()
        value = total.item()
        seconds = time.perf_counter() - began
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, value, flush=True)


if __name__ == "__main__":
    main()
