#!/usr/bin/env python3
"""Writes the fixtures that need newer packages than make.py does: vgg.Tiny to conv3_1.

Made with numpy 2.4, scipy 1.17, h5py 3.16, Keras 3.15 (its numpy backend
needs jax) and onnx 1.23.
Names of formats limit it to these: formats.py mat npz.
"""

import json
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


def field(number, value):
    """A field of a Protocol Buffers message: an integer, or bytes."""

    def varint(n):
        out = b""
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def caffe():
    """NetParameters of caffe.proto: as of 2014 (V1LayerParameter), and of today."""
    old = new = field(1, b"VGG")
    for block, conv, _, w, b in FIVE:
        name = f"conv{block}_{conv}".encode()
        shaped = [b"".join(field(i + 1, d) for i, d in enumerate((1,) * (4 - a.ndim) + a.shape)) + field(5, a.tobytes()) for a in (w, b)]
        old += field(2, field(2, b"below") + field(3, name) + field(4, name) + field(5, 4) + b"".join(field(6, x) for x in shaped))
        old += field(2, field(4, b"relu") + field(5, 18))
        dims = [field(7, field(1, bytes(a.shape))) + field(8, a.astype("<f8").tobytes()) for a in (w, b)]
        new += field(100, field(1, name) + field(2, b"Convolution") + b"".join(field(7, x) for x in dims))
    fc = field(5, np.zeros(6, np.float32).tobytes()) + field(7, field(1, 2) + field(1, 3))
    new += field(100, field(1, b"fc6") + field(2, b"InnerProduct") + field(7, fc))
    for name, b in ("v1.caffemodel", old), ("v2.caffemodel", new):
        with open(path(name), "wb") as f:
            f.write(b)


def normalised(s, w, b):
    """A convolution without bias and a batch normalisation that together are w and b."""
    k = np.arange(len(b))
    gamma, mean, var = 0.5 + 0.1 * ((k + s) % 7), 0.05 * k - 0.1, 0.25 + 0.5 * ((k + 2 * s) % 3)
    scale = gamma / np.sqrt(var + 1e-5)
    parts = w / scale[:, None, None, None], gamma, b + mean * scale, mean, var
    return [x.astype(np.float32) for x in parts]


def onnx():
    """As exporters write it: weights that are renamed, in float_data and Constants; normalisations."""
    import onnx as o
    from onnx import helper, numpy_helper

    def model(name, build):
        nodes, weights, x = [], [], "input"
        for s, (block, conv, _, w, b) in enumerate(FIVE):
            x = build(s, f"{block}_{conv}", w, b, x, nodes, weights)
        fc = numpy_helper.from_array(np.zeros((2, 6), np.float32), "classifier.weight")
        nodes.append(helper.make_node("Gemm", [x, "classifier.weight"], ["output"]))
        value = lambda n: helper.make_tensor_value_info(n, o.TensorProto.FLOAT, None)
        graph = helper.make_graph(nodes, "vgg", [value("input")], [value("output")], [*weights, fc])
        o.save(helper.make_model(graph, producer_name="formats.py"), path(name))

    def plain(s, at, w, b, x, nodes, weights):
        names = [f"onnx::Conv_{7 * s}", f"bias{s}"]
        weights.append(numpy_helper.from_array(w, names[0]))
        bias = helper.make_tensor("", o.TensorProto.FLOAT, b.shape, b)
        nodes.append(helper.make_node("Constant", [], [names[1]], value=bias))
        nodes.append(helper.make_node("Conv", [x, *names], [f"conv{at}"], pads=[1, 1, 1, 1], kernel_shape=[3, 3]))
        nodes.append(helper.make_node("Relu", [f"conv{at}"], [f"relu{at}"]))
        return f"relu{at}"

    def bn(s, at, w, b, x, nodes, weights):
        names = [f"vgg0_{part}{s}" for part in ("weight", "gamma", "beta", "mean", "var")]
        weights += [numpy_helper.from_array(a, n) for a, n in zip(normalised(s, w, b), names)]
        nodes.append(helper.make_node("Conv", [x, names[0]], [f"conv{at}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("BatchNormalization", [f"conv{at}", *names[1:]], [f"bn{at}"], epsilon=1e-5))
        return f"bn{at}"

    model("plain.onnx", plain)
    model("bn.onnx", bn)


def bn():
    """vgg_bn of torchvision, as safetensors."""
    tensors, i, last = {}, 0, 1
    for s, (block, _, _, w, b) in enumerate(FIVE):
        i, last = i + (block != last), block  # a pooling
        w, *parts = normalised(s, w, b)
        tensors[f"features.{i}.weight"], tensors[f"features.{i}.bias"] = w, np.zeros_like(b)
        for name, a in zip(("weight", "bias", "running_mean", "running_var"), parts):
            tensors[f"features.{i + 1}.{name}"] = a
        i += 3
    header, at = {}, 0
    for n, a in tensors.items():
        header[n] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    text = json.dumps(header).encode()
    with open(path("bn.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for a in tensors.values()))


def hdf5():
    """Keras's files as h5py can write them: chunks and compression, old and new formats."""
    import h5py

    def write(name, chunks, **options):
        with h5py.File(path(name), "w", **options) as f:
            for i in range(12):  # more members than a header holds
                f.create_group(f"dropout_{i}")
            for s, (block, conv, _, w, b) in enumerate(FIVE):
                g = f.create_group(f"block{block}_conv{conv}")
                g.create_dataset("kernel:0", data=hwio(w), **chunks[s % len(chunks)])
                g.create_dataset("bias:0", data=b)

    packed = {"compression": "gzip", "shuffle": True}
    write("chunked.h5", [{"chunks": (2, 3, 2, 4), **packed}, {"chunks": (1, 2, 3, 3), "fletcher32": True}, {}, {}, {}])
    write("latest.h5", [{"chunks": (3, 3, 2, 3), **packed}, {"chunks": (3, 3, 4, 4), **packed}, {"chunks": (2, 2, 4, 4)}], libver="latest")


def mat73():
    """A network of MatConvNet as MATLAB's save -v7.3 writes it."""
    import h5py

    name = path("v73.mat")
    with h5py.File(name, "w", userblock_size=512) as f:
        refs = f.create_group("#refs#")

        def put(value):
            key = f"r{len(refs)}"
            if isinstance(value, dict):
                g = refs.create_group(key)
                for k, v in value.items():
                    if isinstance(v, list):
                        g.create_dataset(k, data=[[put(x)] for x in v], dtype=h5py.ref_dtype)
                    else:
                        g.create_dataset(k, data=v)
                return g.ref
            packed = {"chunks": value.shape, "compression": "gzip"} if value.ndim == 4 and len(refs) < 20 else {}
            return refs.create_dataset(key, data=value, **packed).ref

        text = lambda s: np.frombuffer(s.encode("utf-16le"), np.uint16)[:, None]
        layers = []
        for block, conv, _, w, b in FIVE:
            weights = [np.ascontiguousarray(hwio(w, rgb=True).T), b[None, :]]
            layers.append({"name": text(f"conv{block}_{conv}"), "type": text("conv"), "weights": weights})
        layers.append({"name": text("relu"), "type": text("relu")})
        f.create_dataset("layers", data=[[put(x)] for x in layers], dtype=h5py.ref_dtype)
    with open(name, "r+b") as f:
        f.write(b"MATLAB 7.3 MAT-file, as by formats.py".ljust(124) + b"\x00\x02IM")


def keras3():
    """A model of Keras 3, whose layers are conv2d, conv2d_1 ... whatever their names are."""
    os.environ["KERAS_BACKEND"] = "numpy"
    import keras

    x = inputs = keras.Input((32, 32, 3))
    last = 1
    for block, conv, _, w, _ in FIVE:
        if block != last:
            x, last = keras.layers.MaxPooling2D(name=f"block{last}_pool")(x), block
        x = keras.layers.Conv2D(len(w), 3, padding="same", activation="relu", name=f"block{block}_conv{conv}")(x)
    model = keras.Model(inputs, x)
    for block, conv, _, w, b in FIVE:
        model.get_layer(f"block{block}_conv{conv}").set_weights([hwio(w), b])
    model.save(path("keras3.keras"))


class Python2(pickle._Pickler):
    """Pickles texts and bytes as Python 2 did."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_bytes(self, obj):
        b = obj.encode() if isinstance(obj, str) else obj
        self.write(b"U" + bytes([len(b)]) + b if len(b) < 256 else b"T" + struct.pack("<I", len(b)) + b)
        self.memoize(obj)

    dispatch[bytes] = dispatch[str] = save_bytes


if __name__ == "__main__":
    for name in sys.argv[1:] or ["mat", "npz", "caffe", "onnx", "bn", "hdf5", "mat73", "keras3"]:
        globals()[name]()
