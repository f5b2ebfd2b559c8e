"""Teacher and student: VGG-19 up to relu5_1 twice, once as it is and once with a quarter of the channels."""

import json
import struct
import subprocess

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
DIVIDED = [2 ** (int(n[0]) - 1) for n in CONVS]  # sides of a picture over those of the features


def prepare(x):
    """RGB in 0..1 as the networks see it: BGR, less the mean, over SPREAD."""
    return (x.flip(1) * 255 - torch.tensor(MEAN).view(3, 1, 1)) / SPREAD


def run(x, filters):
    """The 13 rectified features of pictures x, the shallowest first."""
    out, h = [], prepare(x)
    for i, (w, b) in enumerate(filters):
        h = F.relu(F.conv2d(h, w, b, padding=1))
        out.append(h)
        if POOLED[i]:
            h = F.max_pool2d(h, 2)
    return out


def planes(f):
    """Features (n, c, h, w) as (n, c, h w)."""
    return f.flatten(2)


class Teacher:
    """VGG-19 with fixed weights. The program teacher is asked where it is for many pictures: it is several times faster than PyTorch."""

    def __init__(self, program, path):
        t = read(path)
        self.filters = [(torch.from_numpy(t[f"conv{n}.weight"] * (SPREAD if n == "1_1" else 1)), torch.from_numpy(t[f"conv{n}.bias"])) for n in CONVS]
        self.command, self.process = [program, "-weights", path], None

    def seen(self, x, asked):
        """Features of pictures x, {layer: (n, C, p)}, for asked {layer: s}, of every s-th row and column."""
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        n, _, h, w = x.shape
        asked = dict(sorted(asked.items()))
        out = {i: torch.empty(n, len(self.filters[i][1]), -(-(h // DIVIDED[i]) // s) * -(-(w // DIVIDED[i]) // s)) for i, s in asked.items()}
        question = np.array([h, w, len(asked), *asked.keys(), *asked.values()], "<i4").tobytes()
        for k in range(n):
            self.process.stdin.write(question + x[k].numpy().tobytes())
            self.process.stdin.flush()
            for i in asked:
                answer = memoryview(out[i][k].numpy()).cast("B")
                if self.process.stdout.readinto(answer) != len(answer):
                    raise EOFError("the teacher's program has ended")
        return out


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

    def forward(self, x, layers=len(CONVS)):
        return run(x, list(zip(self.w, self.b))[:layers])

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


@torch.no_grad()
def regressed(teacher, batches, given=None, kept=len(CONVS)):
    """The student to start from, found layer by layer by linear regression over batches of pictures, without descent.

    So many layers of the student given, or up to the first of another shape than CHANNELS, are taken as they are.

    Of each layer those of the teacher's channels are taken that, one after the other, explain most of what the chosen ones
    leave open. A filter is what tells such a channel, before its ReLU, best from what the student sees below; the map E what
    tells all channels best from the student's. Features are scaled to a mean square of 1.
    """
    filters, maps = given.layers(kept) if given else ([], [])
    below = [prepare(x) for x in batches]
    taught = below  # the same for the teacher
    for i, name in enumerate(CONVS):
        before = [F.conv2d(h, *teacher.filters[i], padding=1) for h in taught]
        wanted = [F.relu(t) for t in before]
        if i < len(filters):
            seen = [F.relu(F.conv2d(h, *filters[i], padding=1)) for h in below]
        else:
            w, b, seen = fit_layer(below, before, pivots(sum(second(t, t) for t in wanted) / len(wanted), CHANNELS[name]))
            filters.append((w, b))
            maps.append(fit_map(seen, wanted))
            print(f"{name}: {100 * residual(seen, wanted, maps[-1]):.0f} % of the features left open", flush=True)
        below, taught = ([F.max_pool2d(f, 2) if POOLED[i] else f for f in fs] for fs in (seen, wanted))
    return Student(filters, maps)


def fit_layer(below, before, chosen):
    """Filters and biases for the teacher's channels chosen, before their ReLU, and the features that they give of those below."""
    w, b = fit_filter(below, [t[:, chosen] for t in before])
    seen = [F.relu(F.conv2d(h, w, b, padding=1)) for h in below]
    rms = (sum(second(f, f).diagonal() for f in seen) / len(seen)).sqrt().float() + 1e-6
    return w / rms.view(-1, 1, 1, 1), b / rms, [f / rms.view(-1, 1, 1) for f in seen]


def fit_map(seen, wanted):
    """The map E (C, c) that turns features seen into wanted ones with the least squared error."""
    inner = sum(second(f, f) for f in seen)
    inner += 1e-5 * inner.diagonal().mean() * torch.eye(len(inner), dtype=torch.float64)
    return torch.linalg.solve(inner, sum(second(f, t) for f, t in zip(seen, wanted))).t().float()


def second(a, b):
    """Sum over pictures and positions of a bᵀ / positions, float64: (ca, cb)."""
    return torch.bmm(planes(a), planes(b).transpose(1, 2)).double().sum(0) / (a.shape[2] * a.shape[3])


def residual(seen, wanted, e):
    left = sum(((e @ planes(f) - planes(t)) ** 2).sum() for f, t in zip(seen, wanted))
    return float((left / sum((t**2).sum() for t in wanted)).sqrt())


def fit_filter(below, wanted):
    """The filters (k, c, 3, 3) and biases (k) that turn features below into wanted ones with the least squared error."""
    inner, outer = 0.0, 0.0
    for h, t in zip(below, wanted):
        x = F.unfold(h, 3, padding=1)
        x = torch.cat([x, torch.ones_like(x[:, :1])], 1).transpose(1, 2).reshape(-1, 9 * h.shape[1] + 1)
        y = planes(t).transpose(1, 2).reshape(-1, t.shape[1])
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
