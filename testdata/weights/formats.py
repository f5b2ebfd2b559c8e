#!/usr/bin/env python3
"""Writes the fixtures that need newer packages than make.py does: vgg.Tiny to conv3_1.

Made with numpy 2.4, scipy 1.17, h5py 3.16, Keras 3.15 (numpy backend) and onnx 1.23.
Names of formats limit it to these: formats.py mat npz.
"""

import os
import pickle
import struct
import sys

import numpy as np

from tiny import CUT, HERE, NET

FIVE = [layer for layer in NET if layer[2] <= CUT]


def path(name):
    return os.path.join(HERE, name)


def hwio(w, rgb=False):
    w = w.transpose(2, 3, 1, 0)
    return w[:, :, ::-1] if rgb and w.shape[2] == 3 else w


def mat():
    """Networks of MatConvNet: of today and, without compression, from before 1.0-beta8."""
    import scipy.io

    def cells(values):
        out = np.empty((1, len(values)), object)
        out[0, :] = values
        return out

    new, old = [], []
    for block, conv, _, w, b in FIVE:
        name, f = f"conv{block}_{conv}", hwio(w, rgb=True)
        pad = np.array([[1.0, 1, 1, 1]])
        new.append({"weights": cells([f, b[:, None]]), "pad": pad, "type": "conv", "name": name, "stride": np.array([[1.0, 1]])})
        old.append({"type": "conv", "name": name, "filters": f.astype(np.float64), "biases": b[None, :], "pad": pad})
        for layers in (new, old):
            layers.append({"type": "relu", "name": f"relu{block}_{conv}"})
    new.append({"weights": cells([np.zeros((7, 7, 6, 2), np.float32), np.zeros((1, 2), np.float32)]), "type": "conv", "name": "fc6"})
    meta = {"normalization": {"averageImage": np.array([123.68, 116.779, 103.939])}, "classes": {"name": cells(["n01", "n02"])}}
    scipy.io.savemat(path("matconvnet.mat"), {"layers": cells(new), "meta": meta}, do_compression=True)
    scipy.io.savemat(path("matconvnet-old.mat"), {"layers": cells(old)})


def npz():
    """Dictionaries of arrays: named as in vgg16_weights.npz, without names, pickled as vgg19.npy."""
    named, plain, pickled = {}, [], {}
    for block, conv, _, w, b in FIVE:
        name = f"conv{block}_{conv}"
        named[name + "_W"], named[name + "_b"] = np.asfortranarray(hwio(w)), b
        plain += [w.astype(np.float64), b]
        pickled[name] = [np.ascontiguousarray(hwio(w)), b]
    np.savez_compressed(path("named.npz"), fc6_W=np.zeros((4, 4), np.float32), **named)
    np.savez(path("plain.npz"), *plain)
    np.save(path("pickled.npy"), pickled, allow_pickle=True)
    with open(path("python2.npy"), "wb") as f:
        np.lib.format.write_array_header_1_0(f, {"descr": "|O", "fortran_order": False, "shape": ()})
        Python2(f, 2).dump(np.array(pickled, object))


class Python2(pickle._Pickler):
    """Pickles texts and bytes as Python 2 did."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_bytes(self, obj):
        b = obj.encode() if isinstance(obj, str) else obj
        self.write(b"U" + bytes([len(b)]) + b if len(b) < 256 else b"T" + struct.pack("<I", len(b)) + b)
        self.memoize(obj)

    dispatch[bytes] = dispatch[str] = save_bytes


if __name__ == "__main__":
    for name in sys.argv[1:] or ["mat", "npz"]:
        globals()[name]()
