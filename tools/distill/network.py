"""Teacher and student: VGG-19 up to relu5_1 twice, once as it is and once with a quarter of the channels."""

import json
import struct

import numpy as np
import torch
import torch.nn.functional as F

CONVS = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4", "4_1", "4_2", "4_3", "4_4", "5_1")
# Of the student. Nine tenths of a style loss are relu4_1's: it has the most channels, to see the most of the teacher's.
CHANNELS = dict(zip(CONVS, (16, 16, 48, 48, 64, 64, 64, 64, 256, 64, 64, 64, 128)))
MEAN = (103.939, 116.779, 123.68)  # of ImageNet, BGR, 0..255
SPREAD = 58.0  # of its pixels, roughly: the student's weights are of one size for it

TYPES = {"F16": np.float16, "F32": np.float32}


def read(path):
    """{"conv1_1.weight": array} of a safetensors file."""
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        header, body = json.loads(f.read(n)), f.read()
    header.pop("__metadata__", None)
    return {name: np.frombuffer(body[slice(*t["data_offsets"])], TYPES[t["dtype"]]).reshape(t["shape"]).astype(np.float32)
            for name, t in header.items()}


def write(path, tensors, metadata):
    """Writes float16 tensors, in the order of their names: the same numbers give the same bytes."""
    header, body = {"__metadata__": metadata}, b""
    for name in sorted(tensors):
        data = tensors[name].astype(np.float16).tobytes()
        header[name] = {"dtype": "F16", "shape": list(tensors[name].shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    head = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + body)


POOLED = [i + 1 < len(CONVS) and CONVS[i + 1][0] != n[0] for i, n in enumerate(CONVS)]  # before the next convolution


def prepare(x):
    """RGB in 0..1 as the networks see it: BGR, less the mean, over SPREAD."""
    return (x.flip(1) * 255 - torch.tensor(MEAN).view(3, 1, 1)) / SPREAD


def run(x, filters, dtype):
    """The 13 rectified features of pictures x, channels last, the shallowest first."""
    out, block = [], "1"
    h = prepare(x).to(dtype).contiguous(memory_format=torch.channels_last)
    for name, (w, b) in zip(CONVS, filters):
        if name[0] != block:
            h, block = pooled(h), name[0]
        h = F.relu(F.conv2d(h, w.to(dtype).contiguous(memory_format=torch.channels_last), b.to(dtype), padding=1), inplace=True)
        out.append(h)
    return out


def pooled(h):
    """The largest of each two by two; where nothing is learnt, without the note of which that PyTorch takes."""
    if torch.is_grad_enabled():
        return F.max_pool2d(h, 2)
    h = h[:, :, : h.shape[2] // 2 * 2, : h.shape[3] // 2 * 2]
    h = torch.maximum(h[:, :, ::2], h[:, :, 1::2])
    return torch.maximum(h[..., ::2], h[..., 1::2])


def rows(f):
    """Features (n, c, h, w), channels last, as (n, h w, c), without a copy."""
    return f.permute(0, 2, 3, 1).reshape(f.shape[0], -1, f.shape[1])


class Teacher:
    """VGG-19 with fixed weights. Filters are cast once."""

    def __init__(self, path, dtype):
        t = read(path)
        self.filters = [(torch.from_numpy(t[f"conv{n}.weight"]), torch.from_numpy(t[f"conv{n}.bias"])) for n in CONVS]
        self.dtype = dtype
        self.cast = [((w * SPREAD if n == "1_1" else w).to(dtype).contiguous(memory_format=torch.channels_last), b.to(dtype))
                     for n, (w, b) in zip(CONVS, self.filters)]

    @torch.no_grad()
    def __call__(self, x, layers=len(CONVS)):
        """Features of the first layers."""
        return run(x, self.cast[:layers], self.dtype)

    @torch.no_grad()
    def layer(self, x, i, before_relu=False):
        """Features of layer i alone, float32."""
        if not before_relu:
            return run(x, self.cast[: i + 1], self.dtype)[i].float()
        h = prepare(x).to(self.dtype)
        if i > 0:
            h = run(x, self.cast[:i], self.dtype)[i - 1]
            h = F.max_pool2d(h, 2) if CONVS[i][0] != CONVS[i - 1][0] else h
        w, b = self.cast[i]
        return F.conv2d(h, w, b, padding=1).float()


class Student(torch.nn.Module):
    """Filters, and for each tap the map E (C, c) from its features to the teacher's.

    The teacher's features are numbers of hundreds, the student's of one: the maps are learnt in units in which their rows
    have a length of about 1.
    """

    def __init__(self, filters, maps):
        super().__init__()
        self.units = [float(m.norm()) / m.shape[0] ** 0.5 for m in maps]
        self.w = torch.nn.ParameterList([torch.nn.Parameter(w) for w, _ in filters])
        self.b = torch.nn.ParameterList([torch.nn.Parameter(b) for _, b in filters])
        self.unit_maps = torch.nn.ParameterList([torch.nn.Parameter(m / u) for m, u in zip(maps, self.units)])

    def freeze(self, but):
        """Keeps all layers and maps from being taught but those of the indices given."""
        for numbers in (self.w, self.b, self.unit_maps):
            for i, parameter in enumerate(numbers):
                parameter.requires_grad_(i in but)

    def map(self, i):
        return self.unit_maps[i] * self.units[i]

    def forward(self, x, dtype, layers=len(CONVS)):
        return run(x, list(zip(self.w, self.b))[:layers], dtype)

    def tensors(self):
        """What is written: the first filters take pictures in 0..255."""
        out = {}
        for i, name in enumerate(CONVS):
            w = self.w[i].detach().numpy()
            out[f"conv{name}.weight"] = w / SPREAD if name == "1_1" else w
            out[f"conv{name}.bias"] = self.b[i].detach().numpy()
            out[f"map.relu{name}"] = self.map(i).detach().numpy()
        return out

    @torch.no_grad()
    def layers(self, most):
        """Filters and maps of so many layers, or up to the first that has another number of channels than CHANNELS says."""
        n = next((i for i, name in enumerate(CONVS[:most]) if len(self.w[i]) != CHANNELS[name]), most)
        return [(w.clone(), b.clone()) for w, b in list(zip(self.w, self.b))[:n]], [self.map(i).clone() for i in range(n)]

    @staticmethod
    def load(path):
        t = read(path)
        filters = [(torch.from_numpy(t[f"conv{n}.weight"] * (SPREAD if n == "1_1" else 1)), torch.from_numpy(t[f"conv{n}.bias"])) for n in CONVS]
        return Student(filters, [torch.from_numpy(t[f"map.relu{n}"]) for n in CONVS])


def regressed(teacher, batches, given=None, kept=len(CONVS)):
    """The student to start from, found layer by layer by linear regression over batches of pictures, without descent.

    So many layers of the student given, or up to the first of another shape than CHANNELS, are taken as they are.

    Of each layer those of the teacher's channels are taken that, one after the other, explain most of what the chosen ones
    leave open. A filter is what tells such a channel, before its ReLU, best from what the student sees below; the map E what
    tells all channels best from the student's. Features are scaled to a mean square of 1.
    """
    filters, maps = given.layers(kept) if given else ([], [])
    below = [prepare(x) for x in batches]
    for i, name in enumerate(CONVS):
        k = CHANNELS[name]
        if i < len(filters):
            below = [F.relu(F.conv2d(h, *filters[i], padding=1)) for h in below]
            below = [F.max_pool2d(f, 2) if POOLED[i] else f for f in below]
            continue
        wanted = [teacher.layer(x, i) for x in batches]
        chosen = pivots(sum(second(t, t) for t in wanted) / len(wanted), k)
        w, b = fit_filter(below, [teacher.layer(x, i, before_relu=True)[:, chosen] for x in batches])
        seen = [F.relu(F.conv2d(h, w, b, padding=1)) for h in below]
        rms = (sum(second(f, f).diagonal() for f in seen) / len(seen)).sqrt().float() + 1e-6
        w, b, seen = w / rms.view(-1, 1, 1, 1), b / rms, [f / rms.view(-1, 1, 1) for f in seen]
        inner = sum(second(f, f) for f in seen)
        inner += 1e-5 * inner.diagonal().mean() * torch.eye(k, dtype=torch.float64)
        maps.append(torch.linalg.solve(inner, sum(second(f, t) for f, t in zip(seen, wanted))).t().float())
        filters.append((w, b))
        below = [F.max_pool2d(f, 2) if POOLED[i] else f for f in seen]
        print(f"{name}: {100 * residual(seen, wanted, maps[-1]):.0f} % of the features left open", flush=True)
    return Student(filters, maps)


def second(a, b):
    """Sum over pictures and positions of a bᵀ / positions, float64: (ca, cb)."""
    return torch.bmm(rows(a).transpose(1, 2), rows(b)).double().sum(0) / (a.shape[2] * a.shape[3])


def residual(seen, wanted, e):
    left = sum(((rows(f) @ e.t() - rows(t)) ** 2).sum() for f, t in zip(seen, wanted))
    return float((left / sum((t**2).sum() for t in wanted)).sqrt())


def fit_filter(below, wanted):
    """The filters (k, c, 3, 3) and biases (k) that turn features below into wanted ones with the least squared error."""
    inner, outer = 0.0, 0.0
    for h, t in zip(below, wanted):
        x = F.unfold(h, 3, padding=1)
        x = torch.cat([x, torch.ones_like(x[:, :1])], 1).transpose(1, 2).reshape(-1, 9 * h.shape[1] + 1)
        y = rows(t).reshape(-1, t.shape[1])
        inner, outer = inner + (x.t() @ x).double() / len(x), outer + (x.t() @ y).double() / len(x)
    inner += 1e-4 * inner.diagonal().mean() * torch.eye(len(inner), dtype=torch.float64)
    w = torch.linalg.solve(inner, outer).t().float()
    k, c = w.shape[0], below[0].shape[1]
    return w[:, :-1].reshape(k, c, 3, 3).contiguous(), w[:, -1].contiguous()


def pivots(m, n):
    """The first n pivots of Cholesky's decomposition of m."""
    left, chosen = m.clone(), []
    for _ in range(n):
        # The channel that takes most from all: its column squared over its own remainder.
        gain = (left**2).sum(0) / left.diagonal().clamp(min=1e-9 * m.diagonal().max())
        gain[chosen] = -1
        i = int(gain.argmax())
        chosen.append(i)
        left = left - torch.outer(left[:, i], left[i]) / left[i, i].clamp(min=1e-12)
    return chosen
