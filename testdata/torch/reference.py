"""Write the reference tensors of the Go tests. README.md says what is in them.

    /usr/bin/python3 testdata/torch/reference.py

All is computed in float64 from float32 weights and pictures; losses.float32
tells how far PyTorch itself gets away from that along a trajectory.
"""

import pathlib

import numpy as np
import torch

import model

SEED = 7
STYLE_SIZE = (80, 72)
SAMPLES = 4096
HERE = pathlib.Path(__file__).parent

# Which picture the losses and gradient of a case are of: the one of 200 that
# margins.py found farthest from the kinks of its network.
IMAGES = {
    ("vgg19", 64, 64, "max"): 181,
    ("vgg19", 64, 64, "avg"): 79,
    ("vgg19", 97, 61, "max"): 169,
    ("vgg19", 97, 61, "avg"): 185,
    ("vgg16", 64, 64, "max"): 56,
    ("vgg16", 64, 64, "avg"): 170,
    ("vgg16", 97, 61, "max"): 75,
    ("vgg16", 97, 61, "avg"): 160,
}
CASES = list(IMAGES)


def tensor(a, dtype=torch.float64):
    return torch.from_numpy(a).to(dtype)


def losses_at(network, w, h, pool, dtype=torch.float64, weights=None, content=0):
    """The loss of the case and its content picture, by number."""
    weights = weights or model.seeded_weights(network, SEED, dtype)
    content = tensor(model.picture(w, h, content), dtype)
    style = tensor(model.picture(*STYLE_SIZE, 1), dtype)
    return model.Loss(content, style, weights, network, pool), content


def sample(t):
    """t flattened where it is large: values i*n//4096 for i in 0..4095."""
    if t.size <= SAMPLES:
        return t
    return t.reshape(-1)[np.arange(SAMPLES) * t.size // SAMPLES]


def case(network, w, h, pool):
    """Tensors and metadata of one case: features, losses and gradient of its picture."""
    loss, _ = losses_at(network, w, h, pool)
    image = IMAGES[network, w, h, pool]
    x = tensor(model.picture(w, h, image)).requires_grad_()
    total, terms, seen = loss.terms(x)
    total.backward()

    meta = {"network": network, "width": str(w), "height": str(h), "pool": pool, "seed": str(SEED),
            "content": "0", "style": "1", "image": str(image), "style_width": str(STYLE_SIZE[0]), "style_height": str(STYLE_SIZE[1]), "convention": "caffe"}
    out = {"loss.total": np.array([total.item()]), "gradient": x.grad.numpy().astype(np.float32)}
    for name, term in terms.items():
        out["loss." + name] = np.array([term.item()])
    for name, f in seen.items():
        f = f.detach().numpy()
        out["features." + name] = sample(f).astype(np.float32)
        out["sums." + name] = np.array([f.sum(), (f**2).sum()])
        meta["shape." + name] = ",".join(map(str, f.shape))
    return out, meta


def trajectory(make, size, pool, start, steps=10, dtype=torch.float64, weights=None):
    """steps+1 losses and the last picture of an optimiser whose variable is v = 255 (x - mean), mean the network's."""
    loss, content = losses_at("vgg19", size, size, pool, dtype, weights, content=start)
    mean = torch.tensor(model.CAFFE_MEAN[::-1], dtype=dtype).view(3, 1, 1) / 255
    v = (255 * (content - mean)).requires_grad_()
    optimiser = make([v])
    seen = []

    def closure():
        optimiser.zero_grad()
        total, _, _ = loss.terms(v / 255 + mean)
        total.backward()
        seen.append(total.item())
        return total

    for _ in range(steps):
        optimiser.step(closure)
    closure()
    return np.array(seen), (v.detach() / 255 + mean).numpy()


# name: optimiser, size of the picture, pooling, number of the content picture that it starts from.
#
# The first step of torch's L-BFGS moves all pixels by 1 in sum: a few units in the last place of each where there are
# many. The curvature that it then measures is so much a matter of rounding that float32 programs part by percents, PyTorch
# and itself with another rounding too. A small picture takes longer steps, and steady.py finds, of 90, those from
# which PyTorch stays near itself whatever its rounding. Adam steps by 1 level for the same reason.
TRAJECTORIES = {
    "adam": (lambda p: torch.optim.Adam(p, lr=1), 64, "max", 0),
    # With max_iter=1 one step is one evaluation; the state goes on from step to step.
    "lbfgs": (lambda p: torch.optim.LBFGS(p, lr=1, max_iter=1, history_size=100,
                                          tolerance_grad=-1, tolerance_change=0), 16, "avg", 58),
}


def main():
    for network, w, h, pool in CASES:
        out, meta = case(network, w, h, pool)
        name = f"{network}-{w}x{h}-{pool}.safetensors"
        model.save(HERE / name, out, meta)
        print(name, "total", out["loss.total"][0])
    for name, (make, size, pool, start) in TRAJECTORIES.items():
        losses, last = trajectory(make, size, pool, start)
        single, _ = trajectory(make, size, pool, start, dtype=torch.float32)
        model.save(HERE / f"trajectory-{name}.safetensors",
                   {"losses": losses, "losses.float32": single, "picture": last.astype(np.float32)},
                   {"network": "vgg19", "width": str(size), "height": str(size), "pool": pool, "seed": str(SEED),
                    "content": str(start), "style": "1", "image": str(start), "style_width": str(STYLE_SIZE[0]),
                    "style_height": str(STYLE_SIZE[1]), "convention": "caffe", "variable": "255 (x - mean)",
                    "optimiser": name})
        print(name, *(f"{l:.8g}" for l in losses), "float32 differs by",
              *(f"{d:.0e}" for d in abs(single - losses) / losses))


if __name__ == "__main__":
    main()
