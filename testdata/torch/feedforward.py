"""Write feedforward.safetensors: the operations of networks that paint in one pass, and ten steps of teaching one.
README.md says what is in it.

    /usr/bin/python3 testdata/torch/feedforward.py

All is computed in float64; train.losses.float32 tells how far PyTorch itself gets away from that.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

import model
from reference import HERE, SEED, tensor

# The operations. Each takes what it is differentiated by.


def mirror_conv(stride):
    """A convolution (k, c, 3, 3) with reflection padding."""
    return lambda x, w: F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), w, stride=stride)


def instance_norm(relu):
    """Ulyanov et al. (2016); affine (2, c) has the scales, then the shifts."""

    def f(x, affine):
        y = F.instance_norm(x, weight=affine[0], bias=affine[1], eps=1e-5)
        return F.relu(y) if relu else y

    return f


def upsample(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def sigmoid(x, bias):
    return torch.sigmoid(x + bias.view(1, -1, 1, 1))


def orient(x, orientation):
    """Bit 0 mirrors left and right, bit 1 top and bottom; bit 2 then exchanges rows and columns."""
    if orientation & 1:
        x = x.flip(-1)
    if orientation & 2:
        x = x.flip(-2)
    return x.transpose(-1, -2) if orientation & 4 else x


# name: the operation, and the shapes of its inputs. Most sizes are odd, and no whole blocks of 16 channels.
OPERATIONS = {
    "conv": (mirror_conv(1), (1, 17, 11, 13), (35, 17, 3, 3)),
    "conv-picture": (mirror_conv(1), (1, 3, 13, 9), (20, 3, 3, 3)),
    "conv-two-rows": (mirror_conv(1), (1, 5, 2, 7), (6, 5, 3, 3)),
    "conv-stride2": (mirror_conv(2), (1, 17, 11, 13), (35, 17, 3, 3)),
    "conv-stride2-even": (mirror_conv(2), (1, 8, 12, 10), (12, 8, 3, 3)),
    "norm": (instance_norm(False), (1, 19, 11, 13), (2, 19)),
    "norm-relu": (instance_norm(True), (1, 19, 11, 13), (2, 19)),
    "upsample": (upsample, (1, 19, 5, 7)),
    "picture": (lambda x, w, bias: sigmoid(mirror_conv(1)(x, w), bias), (1, 20, 9, 13), (3, 20, 3, 3), (3,)),
    **{f"orient{o}": ((lambda x, o=o: orient(x, o)), (1, 3, 11, 11)) for o in range(8)},
}


def numbers(shape, stream):
    """Random numbers from -1.5 to 2.5 as float32, for their mean is not 0, as that of features; filters are smaller."""
    u = model.uniform(int(np.prod(shape)), SEED, stream).reshape(shape)
    size = 1 / math.sqrt(np.prod(shape[1:])) if shape[2:] == (3, 3) else 1
    return (size * (4 * u - 1.5)).astype(np.float32)


def operations():
    """NAME.x0 and .x1, the inputs; NAME.y, the output; NAME.dy, a gradient to it; NAME.d0 and .d1, those to the inputs."""
    out = {}
    for i, (name, (f, *shapes)) in enumerate(OPERATIONS.items()):
        given = [numbers(s, 3000 + 10 * i + j) for j, s in enumerate(shapes)]
        inputs = [tensor(v).requires_grad_() for v in given]
        y = f(*inputs)
        dy = numbers(y.shape, 3009 + 10 * i)
        gradients = torch.autograd.grad(y, inputs, tensor(dy))
        out.update({f"{name}.x{j}": v for j, v in enumerate(given)})
        out.update({f"{name}.d{j}": v.numpy().astype(np.float32) for j, v in enumerate(gradients)})
        out.update({f"{name}.y": y.detach().numpy().astype(np.float32), f"{name}.dy": dy})
    return out


# The network: Architecture of internal/feedforward.

WIDTHS, BLOCKS, STYLES = (8, 12, 20), 2, 2


def layers():
    """[(name, in, out, stride, kind)], kind being what the layer does besides its convolution."""
    full, half, quarter = WIDTHS
    blocks = [(f"block{i + 1}.{p}", quarter, quarter, 1, kind) for i in range(BLOCKS) for p, kind in (("a", "relu"), ("b", "residual"))]
    return [("conv1", 3, full, 1, "relu"), ("conv2", full, half, 2, "relu"), ("conv3", half, quarter, 2, "relu"), *blocks,
            ("up1", quarter, half, 1, "up"), ("up2", half, full, 1, "up"), ("out", full, 3, 1, "picture")]


def shapes():
    """[(name, shape)] of the parameters as they lie in a vector: those that styles share, then those of each style."""
    shared, norms = [], []
    for name, c, k, _, kind in layers():
        shared.append((name, (k, c, 3, 3)))
        if kind == "picture":
            shared.append(("bias", (k,)))
        else:
            norms.append((name, (2, k)))
    return shared + [(f"{s}.{name}", shape) for s in range(STYLES) for name, shape in norms]


def first_parameters():
    """Filters and bias as PyTorch draws them; scales near 1 and shifts near 0, so that no two styles are the same."""
    parts, bound = [], 0
    for i, (_, shape) in enumerate(shapes()):
        u = 2 * model.uniform(int(np.prod(shape)), SEED, 4000 + i).reshape(shape) - 1
        if len(shape) == 2:
            parts.append(0.2 * u + np.array([[1], [0]]))
            continue
        if len(shape) == 4:
            bound = 1 / math.sqrt(9 * shape[1])
        parts.append(bound * u)
    return np.concatenate([p.reshape(-1) for p in parts]).astype(np.float32)


def moving():
    """Which parameters matter: not the shifts at the end of residual blocks, which the next normalisation takes away."""
    parts = []
    for name, shape in shapes():
        parts.append(np.ones(shape, bool))
        if len(shape) == 2 and name.endswith(".b"):
            parts[-1][1] = False
    return np.concatenate([p.reshape(-1) for p in parts])


def named(vector):
    """The parameters of a vector, by name."""
    out, at = {}, 0
    for name, shape in shapes():
        n = int(np.prod(shape))
        out[name] = vector[at:at + n].view(shape)
        at += n
    return out


def paint(x, p, style):
    """The picture (3, h, w) that the network makes of x."""
    y = before = x[None]
    for name, _, _, stride, kind in layers():
        z = upsample(y) if kind == "up" else y
        z = mirror_conv(stride)(z, p[name])
        if kind == "picture":
            return sigmoid(z, p["bias"])[0]
        z = instance_norm(kind != "residual")(z, p[f"{style}.{name}"])
        before, y = y, before + z if kind == "residual" else z


# The lesson: ten steps with slim, the network that comes with nst, as the loss network.
#
# The first steps of Adam move every parameter by the learning rate, whatever the size of its gradient, and the network has
# many kinks: at the default rate of 2e-3, float32 and float64 part by up to 0.5 % in a loss. So the rate is a tenth of that.
# With four of eleven choices of the photographs, a kink is within rounding even so: the gradient of PyTorch's own float32 is
# 1e-3 off, or that of plain Go. These photographs stay clear of it: the motion differs by 7e-5.

SIZE, BATCH, STEPS, RATE = 64, 2, 10, 2e-4
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 1, 10, 0.5
CONTENT, STYLE = "relu4_2", {"relu1_1": 0.1, "relu2_1": 0.2, "relu3_1": 0.3, "relu4_1": 0.4}  # layers, and shares of the term
PHOTOS = range(66, 74)  # numbers of the photographs


def style_pictures():
    """Noise, and a mosaic of 4x4 pixels."""
    return model.picture(80, 72, 1), model.picture(24, 16, 2).repeat(4, 1).repeat(4, 2)


def plan():
    """For each step: the photographs, their styles, the orientation, and the learning rate of a cosine."""
    photos = np.array([[PHOTOS[(BATCH * s + i) % len(PHOTOS)] for i in range(BATCH)] for s in range(STEPS)], float)
    styles = np.array([[(s + i * (s // 2)) % STYLES for i in range(BATCH)] for s in range(STEPS)], float)
    orientations = np.array([(3 * s + 1) % 8 for s in range(STEPS)], float)
    rates = np.array([RATE * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * s / STEPS))) for s in range(STEPS)])
    return photos, styles, orientations, rates


class Lesson:
    def __init__(self, dtype=torch.float64):
        self.dtype = dtype
        tensors, _ = model.load(HERE.parent.parent / "vgg" / "slim.safetensors")
        slim = {name: tensor(v.astype(np.float32), dtype) for name, v in tensors.items()}
        self.filters = {name: (slim[f"conv{name}.weight"], slim[f"conv{name}.bias"]) for name, _, _ in model.conv_shapes("vgg19", CONTENT)}
        self.maps = {layer: slim[f"map.{layer}"] for layer in (*STYLE, CONTENT)}
        self.photos = {n: tensor(model.picture(SIZE, SIZE, n), dtype) for n in PHOTOS}
        styles = [tensor(s, dtype) for s in style_pictures()]
        with torch.no_grad():
            self.content = np.mean([(self.features(x, [CONTENT])[CONTENT] ** 2).mean().item() for x in self.photos.values()])
            self.grams = [[self.statistics(orient(s, o)) for s in styles] for o in range(8)]

    def features(self, x, layers):
        """The features of the teacher that slim predicts, by layer."""
        seen = model.features(x, self.filters, "vgg19", taps=layers)
        return {l: torch.einsum("kc,chw->khw", self.maps[l], f) for l, f in seen.items()}

    def statistics(self, x):
        return {l: model.gram(f) for l, f in self.features(x, STYLE).items()}

    def terms(self, p, photo, style, orientation):
        """Content, style and total variation of a painted photograph, each relative to what it is compared with."""
        picture = paint(self.photos[photo], p, style)
        seen = self.features(orient(picture, orientation), (*STYLE, CONTENT))
        with torch.no_grad():
            wanted = self.features(orient(self.photos[photo], orientation), [CONTENT])[CONTENT]
        content = ((seen[CONTENT] - wanted) ** 2).mean() / self.content
        targets = self.grams[orientation][style]
        style = sum(share * ((model.gram(seen[l]) - targets[l]) ** 2).mean() / (targets[l] ** 2).mean() for l, share in STYLE.items())
        return torch.stack([content, style, model.tv(picture) / 255**2])

    def teach(self):
        """The terms of each step, before it; the gradient of the first step; and the parameters after the last."""
        vector = tensor(first_parameters(), self.dtype).requires_grad_()
        adam = torch.optim.Adam([vector])
        seen, gradient = [], None
        for photos, styles, orientation, rate in zip(*plan()):
            p = named(vector)
            terms = sum(self.terms(p, int(n), int(s), int(orientation)) for n, s in zip(photos, styles)) / BATCH
            adam.zero_grad()
            (terms * torch.tensor([CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT], dtype=self.dtype)).sum().backward()
            adam.param_groups[0]["lr"] = rate
            if gradient is None:
                gradient = vector.grad.clone().numpy()
            adam.step()
            seen.append(terms.detach().numpy())
        return np.array(seen, float), gradient, vector.detach().numpy()


def main():
    lesson = Lesson()
    losses, gradient, last = lesson.teach()
    single, rough, near = Lesson(torch.float32).teach()
    photos, styles, orientations, rates = plan()
    first, moves = first_parameters(), moving()
    print(losses)
    print("float32 differs by", *(f"{d:.0e}" for d in abs(single / losses - 1).max(0)),
          f"gradient {abs(rough - gradient).max() / abs(gradient).max():.0e}",
          f"motion {np.linalg.norm((near - last)[moves]) / np.linalg.norm((last - first)[moves]):.0e}")
    model.save(HERE / "feedforward.safetensors", {
        **operations(),
        "train.photos": photos, "train.styles": styles, "train.orientations": orientations, "train.rates": rates,
        "train.content": np.array([lesson.content]),
        "train.losses": losses, "train.losses.float32": single,
        "train.first": first, "train.gradient": gradient.astype(np.float32), "train.last": last.astype(np.float32),
    }, {"operations": " ".join(OPERATIONS), "widths": ",".join(map(str, WIDTHS)), "blocks": str(BLOCKS), "size": str(SIZE),
        "weights": f"{CONTENT_WEIGHT},{STYLE_WEIGHT},{TV_WEIGHT}", "shares": ",".join(map(str, STYLE.values()))})


if __name__ == "__main__":
    main()
