"""Write seeded.safetensors: what seven programs make of random weights and pictures.

    /usr/bin/python3 testdata/presets/reference.py

The weights and pictures are those of testdata/torch, which Go draws too. All is computed in float64.
"""

import pathlib
import sys

import numpy as np
import torch

import peers

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "torch"))
import model  # noqa: E402

WIDTH, HEIGHT, STYLE = 64, 48, (56, 64)
EVALUATIONS = 6
PEERS = peers.PEERS
SEED = 7


# The first step of torch's L-BFGS moves all pixels by 1 in sum, and what it then finds of the curvature is largely a
# matter of rounding. These are, of a dozen pictures to start from, ones on which PyTorch in float32 keeps close to float64.
CONTENT = {"gatys": 13, "pastiche": 13, "gordicaleksa": 4}


def pictures(dtype, content=0, image=2):
    sizes = (WIDTH, HEIGHT, content), (*STYLE, 1), (WIDTH, HEIGHT, image)
    return [torch.from_numpy(model.picture(w, h, i)).to(dtype) for w, h, i in sizes]


def make(peer, dtype):
    content, style, image = pictures(dtype, CONTENT.get(peer.name, 0))
    return peer(model.seeded_weights("vgg19", SEED, dtype), content, style), image


def main():
    out = {}
    for which in PEERS:
        peer, image = make(which, torch.float64)
        with torch.no_grad():
            terms = {k: v.item() for k, v in peer.terms(peer.enter(image)).items()}
        start = peer.start().numpy().astype(np.float32)
        # Both start from what a float32 program can hold.
        losses = np.array(peers.run(peer, torch.from_numpy(start).double(), EVALUATIONS))
        single = np.array(peers.run(make(which, torch.float32)[0], torch.from_numpy(start), EVALUATIONS))
        name = which.name
        for k, v in terms.items():
            out[f"{name}.{k}"] = np.array([v])
        out[f"{name}.losses"], out[f"{name}.losses.float32"] = losses, single
        if not torch.equal(peer.start(), peer.content_picture):
            out[f"{name}.start"] = start
        print(name, *(f"{l:.6g}" for l in losses), "float32 differs by", *(f"{d:.0e}" for d in abs(single / losses - 1)), flush=True)
    meta = {"width": str(WIDTH), "height": str(HEIGHT), "style_width": str(STYLE[0]), "style_height": str(STYLE[1]),
            **{p.name: str(CONTENT.get(p.name, 0)) for p in PEERS}, "style": "1", "image": "2"}
    model.save(pathlib.Path(__file__).parent / "seeded.safetensors", out, meta)


if __name__ == "__main__":
    main()
