"""The method written down a second time, in PyTorch, as plainly as possible.

The other scripts of this folder import it. It holds the numbers that both
languages draw (the twins of vgg/seeded.go and internal/reftest/picture.go), a
VGG without classifier, the loss terms, and a writer and reader of safetensors.
"""

import json
import struct

import numpy as np
import torch
import torch.nn.functional as F

CONVS = {"vgg19": (2, 2, 4, 4, 4), "vgg16": (2, 2, 3, 3, 3)}
CHANNELS = (64, 128, 256, 512, 512)

CONTENT_LAYERS = ("relu4_2",)
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1")


# Random numbers: SplitMix64 streams.


def mix64(z):
    """The output function of SplitMix64 for an array of uint64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(n, seed, stream):
    """Numbers 0..n-1 of a stream: float64 multiples of 2**-24 in [0, 1)."""
    key = np.array([seed ^ ((stream + 1) * 0xD1B54A32D192ED03 & (2**64 - 1))], dtype=np.uint64)
    counter = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mix64(mix64(key) + counter) >> np.uint64(40)).astype(np.float64) / 2**24


def picture(w, h, s, seed=7):
    """Planar RGB picture number s, (3, h, w) float32 in [0, 1): noise on a ramp.

    0.5 u + 0.25 x/w + 0.25 y/h in float64, rounded once; u from stream 1000+s.
    """
    u = uniform(3 * h * w, seed, 1000 + s).reshape(3, h, w)
    x = (np.arange(w) / w)[None, None, :]
    y = (np.arange(h) / h)[None, :, None]
    return (0.5 * u + 0.25 * x + 0.25 * y).astype(np.float32)


# The network.


def conv_shapes(network, last="relu5_1"):
    """[(name, K, C)] of the convolutions up to the one under layer last."""
    out, c = [], 3
    for b, (k, n) in enumerate(zip(CHANNELS, CONVS[network]), 1):
        for i in range(1, n + 1):
            out.append((f"{b}_{i}", k, c))
            if f"relu{b}_{i}" == last:
                return out
            c = k
    raise ValueError(f"{network} has no layer {last}")


def seeded_weights(network, seed, dtype=torch.float64):
    """{"1_1": (weight (K, C, 3, 3), bias (K))}: the numbers of vgg.Seeded."""
    weights = {}
    for i, (name, k, c) in enumerate(conv_shapes(network)):
        bound = np.sqrt(6 / (9 * c))
        w = ((2 * uniform(k * c * 9, seed, 2 * i) - 1) * bound).astype(np.float32)
        b = ((2 * uniform(k, seed, 2 * i + 1) - 1) * 0.1).astype(np.float32)
        weights[name] = (torch.from_numpy(w).reshape(k, c, 3, 3).to(dtype), torch.from_numpy(b).to(dtype))
    return weights


def convention(bgr, scale, mean, std):
    """What prepares x (3, H, W), RGB in [0, 1], for a network; mean and std in its channel order."""

    def prepare(x):
        m, s = (torch.tensor(v, dtype=torch.float32).to(x.dtype).view(3, 1, 1) for v in (mean, std))
        return ((x.flip(0) if bgr else x) * scale - m) / s

    return prepare


CAFFE_MEAN = (103.939, 116.779, 123.68)  # BGR, of 0..255
caffe = convention(True, 255, CAFFE_MEAN, (1, 1, 1))


def l2_pool2d(x, n):
    """The root of the sum of the squares of each n x n window."""
    return F.lp_pool2d(x, 2, n)


# What keeps activations at their size where the maximum is replaced.
RESCALE = {"max": 1, "avg": 2, "l2": 0.78}


def features(x, weights, network, pool="max", prepare=caffe, taps=TAPS, rescale=False, replicate=False):
    """{"relu1_1": (C, H, W), ...} of picture x (3, H, W) in [0, 1] RGB.

    rescale multiplies what is pooled, replicate continues the picture by its nearest pixel in the first convolution.
    """
    if not taps:
        return {}
    pooling = {"max": F.max_pool2d, "avg": F.avg_pool2d, "l2": l2_pool2d}[pool]
    out, h = {}, prepare(x)[None]
    block = "1"
    for name, _, _ in conv_shapes(network, max(taps)):
        if name[0] != block:
            h, block = pooling(h, 2) * (RESCALE[pool] if rescale else 1), name[0]
        w, b = weights[name]
        if replicate and name == "1_1":
            h = F.conv2d(F.pad(h, (1, 1, 1, 1), "replicate"), w, b)
        else:
            h = F.conv2d(h, w, b, padding=1)
        h = F.relu(h)
        if "relu" + name in taps:
            out["relu" + name] = h[0]
    return out


# The loss terms.


def gram(f):
    """F Fᵀ / (HW) of features (C, H, W): (C, C)."""
    m = f.reshape(f.shape[0], -1)
    return m @ m.t() / m.shape[1]


def tv(x):
    """Mean squared difference of neighbours, in 8-bit levels: across plus down."""
    dx = 255 * (x[:, :, 1:] - x[:, :, :-1])
    dy = 255 * (x[:, 1:, :] - x[:, :-1, :])
    return (dx**2).mean() + (dy**2).mean()


class Loss:
    """total = content + style_weight sum_l style_l / C_l² + tv_weight tv."""

    def __init__(self, content, style, weights, network, pool="max", prepare=caffe,
                 content_layers=CONTENT_LAYERS, style_layers=STYLE_LAYERS,
                 content_weight=1.0, style_weight=1000.0, tv_weight=1.0):
        taps = {*content_layers, *style_layers}
        self.see = lambda x: features(x, weights, network, pool, prepare, taps)
        with torch.no_grad():
            seen = self.see(content)
            self.content = {l: seen[l] for l in content_layers}
            seen = self.see(style)
            self.style = {l: gram(seen[l]) for l in style_layers}
        self.weights = content_weight, style_weight, tv_weight

    def terms(self, x):
        """(total, {"content.relu4_2": loss, ..., "tv": loss}, features), unweighted terms."""
        seen = self.see(x)
        terms, total = {}, 0
        wc, ws, wt = self.weights
        for l, p in self.content.items():
            terms["content." + l] = ((seen[l] - p) ** 2).mean()
            total = total + wc * terms["content." + l]
        for l, a in self.style.items():
            terms["style." + l] = ((gram(seen[l]) - a) ** 2).mean()
            total = total + ws * terms["style." + l] / a.shape[0] ** 2
        terms["tv"] = tv(x)
        return total + wt * terms["tv"], terms, seen


# safetensors: u64 length of the header, header (JSON), data; little endian.

DTYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}


def save(path, tensors, meta):
    """Write {name: numpy array of float16, float32 or float64} and {name: str}."""
    header, offset = {"__metadata__": meta}, 0
    names = {np.dtype(t): n for n, t in DTYPES.items()}
    blobs = []
    for name in sorted(tensors, key=lambda n: (-tensors[n].dtype.itemsize, n)):
        t = np.ascontiguousarray(tensors[name])
        end = offset + t.nbytes
        header[name] = {"dtype": names[t.dtype], "shape": list(t.shape), "data_offsets": [offset, end]}
        blobs.append(t.tobytes())
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load(path):
    """Read what save wrote, or any file of the same three types: tensors, meta."""
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(n))
        data = f.read()
    meta = header.pop("__metadata__", {})
    tensors = {}
    for name, h in header.items():
        a, b = h["data_offsets"]
        tensors[name] = np.frombuffer(data[a:b], dtype=DTYPES[h["dtype"]]).reshape(h["shape"])
    return tensors, meta
