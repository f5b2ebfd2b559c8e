"""Choose the picture of each case: the one whose features stay clear of kinks.

    /usr/bin/python3 testdata/torch/margins.py [N]

The gradient of a ReLU network jumps where an activation crosses zero or the
largest value of a pooling window changes place. Among a million activations one
is within float32 rounding of such a kink as a rule, and then two correct float32
programs differ by percents in the gradient. This script draws N pictures a case
(default 200) and prints the one with the widest margin, for IMAGES in
reference.py. A margin is counted in rounding errors: 1e-7 of the layer's root
mean square for each convolution so far, as measured with torch itself.
"""

import sys

import torch
import torch.nn.functional as F

import model
import reference


def margin(x, weights, network, pool, rescale=False, replicate=False):
    """The smallest distance to a kink of picture x (3, H, W), in rounding errors."""
    h, block, least = model.caffe(x)[None], "1", float("inf")
    for depth, (name, _, _) in enumerate(model.conv_shapes(network)):
        noise = 1e-7 * (depth + 1)
        if name[0] != block:
            block = name[0]
            if pool == "max":
                least = min(least, gap(h[0]) / noise)
            h = {"max": F.max_pool2d, "avg": F.avg_pool2d, "l2": model.l2_pool2d}[pool](h, 2)
            h = h * (model.RESCALE[pool] if rescale else 1)
        if replicate and depth == 0:
            z = F.conv2d(F.pad(h, (1, 1, 1, 1), "replicate"), *weights[name])
        else:
            z = F.conv2d(h, *weights[name], padding=1)
        least = min(least, (z.abs().min() / rms(z)).item() / noise)
        h = F.relu(z)
    return least


def gap(f):
    """The smallest lead of a maximum over the runner-up, of (C, H, W), over the rms of maxima."""
    windows = F.unfold(f[:, None], 2, stride=2).transpose(1, 2)  # (C, windows, 4)
    top = windows.topk(2).values
    lead = (top[..., 0] - top[..., 1])[top[..., 0] > 0]
    return (lead.min() / rms(top[..., 0])).item()


def rms(t):
    return t.pow(2).mean().sqrt()


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    fast, exact = ({net: model.seeded_weights(net, reference.SEED, t) for net in model.CONVS}
                   for t in (torch.float32, torch.float64))
    for net, w, h, pool in reference.CASES:
        def of(s, weights=fast, dtype=torch.float32):
            return margin(reference.tensor(model.picture(w, h, s), dtype), weights[net], net, pool)

        best = sorted(range(2, 2 + n), key=of)[-5:]
        s = max(best, key=lambda s: of(s, exact, torch.float64))
        print(f"    ({net!r}, {w}, {h}, {pool!r}): {s},  # margin {of(s, exact, torch.float64):.0f}", flush=True)


if __name__ == "__main__":
    with torch.no_grad():
        main()
