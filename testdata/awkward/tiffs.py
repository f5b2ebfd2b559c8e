"""TIFF files for make.py: by tifffile, libtiff's tools, Pillow and a writer of our own."""

import struct
import subprocess

import numpy as np
import tifffile
from PIL import Image


def write(path, tags, chunks, order="<", counts=True, next_offset=0):
    """write stores a TIFF file of the given tags {tag: (type, values)} and chunks."""
    sizes = {1: "B", 3: "H", 4: "I", 5: "II", 7: "B", 11: "f"}
    tags = dict(tags)
    tags[273] = (4, [0] * len(chunks))
    if counts:
        tags[279] = (4, [len(c) for c in chunks])
    n = len(tags)
    end = 8 + 2 + 12 * n + 4
    bodies = {}
    for tag, (kind, values) in tags.items():
        bodies[tag] = len(values) * struct.calcsize("<" + sizes[kind])
    at = end
    places = {}
    for tag in sorted(tags):
        if bodies[tag] > 4:
            places[tag] = at
            at += bodies[tag] + bodies[tag] % 2
    offsets = []
    for c in chunks:
        offsets.append(at)
        at += len(c)
    tags[273] = (4, offsets)
    out = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8))
    out += struct.pack(order + "H", n)
    long = bytearray()
    for tag in sorted(tags):
        kind, values = tags[tag]
        if kind == 5:
            values = [v for pair in values for v in pair]
        fmt = {5: "I"}.get(kind, sizes[kind])
        body = struct.pack(order + str(len(values)) + fmt, *values)
        count = len(values) // (2 if kind == 5 else 1)
        out += struct.pack(order + "HHI", tag, kind, count)
        if tag in places:
            out += struct.pack(order + "I", places[tag])
            long += body + b"\0" * (len(body) % 2)
        else:
            out += body.ljust(4, b"\0")
    out += struct.pack(order + "I", next_offset) + long
    for c in chunks:
        out += c
    open(path, "wb").write(out)


def reverse_bits(data):
    return bytes(int(f"{b:08b}"[::-1], 2) for b in data)


def base(w, h, bits, photometric, compression=1, **more):
    samples = len(bits)
    tags = {256: (4, [w]), 257: (4, [h]), 258: (3, bits), 259: (3, [compression]), 262: (3, [photometric]),
            277: (3, [samples]), 278: (4, [h])}
    tags.update({int(k[1:]): v for k, v in more.items()})
    return tags


def run(*command):
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make(case, photo, tmp):
    """make calls case(name, want, ...) for each file; want is None for what Pillow reads."""
    h, w, _ = photo.shape
    grey = np.asarray(Image.fromarray(photo).convert("L"))
    bilevel = grey > 110
    alpha = np.linspace(0, 255, w * h).reshape(h, w).astype(np.uint8)
    rgba = np.dstack([photo, alpha])
    deep = photo.astype(np.uint16) * 257
    noise = np.random.default_rng(1).integers(0, 256, deep.shape, dtype=np.uint16)
    deep = np.clip(deep.astype(np.int32) + noise - 128, 0, 65535).astype(np.uint16)
    down = (deep.astype(np.float64) / 257)

    def tf(name, data, want, **options):
        tifffile.imwrite(case.path(name), data, metadata=None, software=False, **options)
        case(name, want)

    rgb = dict(photometric="rgb")
    flat = lambda m: m * (alpha[..., None] / 255) + 255 - alpha[..., None]
    on_white, grey_on_white = flat(photo), flat(grey[..., None])[..., 0]
    # Layouts.
    tf("tiff-planar.tif", np.moveaxis(photo, 2, 0), photo, planarconfig="separate", **rgb)
    tf("tiff-planar-lzw-strips.tif", np.moveaxis(photo, 2, 0), photo, planarconfig="separate", compression="lzw", predictor=True, rowsperstrip=7, **rgb)
    tf("tiff-planar-tiles.tif", np.moveaxis(photo, 2, 0), photo, planarconfig="separate", tile=(16, 32), **rgb)
    tf("tiff-tiles.tif", photo, photo, tile=(16, 16), compression="zlib", predictor=True, **rgb)
    tf("tiff-big-endian.tif", deep, down, byteorder=">", compression="lzw", predictor=True, **rgb)
    tf("tiff-bigtiff.tif", photo, photo, bigtiff=True, **rgb)
    tf("tiff-bigtiff-big-endian.tif", photo, photo, bigtiff=True, byteorder=">", rowsperstrip=5, **rgb)
    tf("tiff-packbits.tif", photo, photo, compression="packbits", **rgb)
    tf("tiff-zstd.tif", photo, photo, compression="zstd", predictor=True, **rgb)
    tf("tiff-webp-lossless.tif", photo, photo, compression="webp", compressionargs={"lossless": True, "level": 100}, **rgb)
    tf("tiff-webp-rgba.tif", rgba, on_white, compression="webp", compressionargs={"lossless": True, "level": 100}, extrasamples=["unassalpha"], **rgb)
    # Depths.
    tf("tiff-int16.tif", (deep // 2).astype(np.int16), down, **rgb)
    tf("tiff-int8.tif", (photo // 2).astype(np.int8), (photo // 2) * (255 / 127), **rgb)
    tf("tiff-uint32.tif", deep.astype(np.uint32) * 65537, down, **rgb)
    tf("tiff-uint32-grey.tif", grey.astype(np.uint32) * 16843009, grey, photometric="minisblack", compression="zlib", predictor=True)
    half = (deep / 65535).astype(np.float16)
    tf("tiff-float16.tif", half, half.astype(np.float64) * 255, **rgb)
    tf("tiff-float16-predictor.tif", half, half.astype(np.float64) * 255, compression="zlib", predictor=True, **rgb)
    tf("tiff-float32.tif", deep.astype(np.float32) / 65535, down, **rgb)
    tf("tiff-float32-predictor.tif", deep.astype(np.float32) / 65535, down, compression="zlib", predictor=True, **rgb)
    tf("tiff-float32-predictor-be.tif", deep.astype(np.float32) / 65535, down, compression="zlib", predictor=True, byteorder=">", **rgb)
    tf("tiff-float64-grey.tif", grey.astype(np.float64) / 255, grey, photometric="minisblack")
    tf("tiff-float-outside.tif", (photo.astype(np.float32) - 64) / 128, np.clip((photo.astype(np.float64) - 64) / 128, 0, 1) * 255, **rgb)
    four, two = photo >> 4, photo >> 6
    tf("tiff-4bit-grey.tif", grey >> 4, (grey >> 4) * 17, photometric="minisblack", bitspersample=4)
    tf("tiff-2bit-grey.tif", grey >> 6, (grey >> 6) * 85, photometric="minisblack", bitspersample=2)
    tf("tiff-2bit-white-is-zero.tif", 3 - (grey >> 6), (grey >> 6) * 85, photometric="miniswhite", bitspersample=2)
    packed = b"".join(pack(row.reshape(-1), 4) for row in four)
    write(case.path("tiff-4bit-rgb.tif"), base(w, h, [4, 4, 4], 2), [packed])
    case("tiff-4bit-rgb.tif", four * 17)
    packed = b"".join(pack(row.reshape(-1), 12) for row in deep >> 4)
    write(case.path("tiff-12bit-rgb.tif"), base(w, h, [12, 12, 12], 2), [packed])
    case("tiff-12bit-rgb.tif", (deep >> 4) / 4095 * 255)
    # Extra samples and colour models.
    tf("tiff-rgba.tif", rgba, on_white, extrasamples=["unassalpha"], **rgb)
    over = lambda c, a: c.astype(float) + 255 - a[..., None]
    pre = (photo.astype(float) * alpha[..., None] / 255).round().astype(np.uint8)
    tf("tiff-rgba-associated.tif", np.dstack([pre, alpha]), over(pre, alpha), extrasamples=["assocalpha"], **rgb)
    tf("tiff-rgbx.tif", rgba, photo, extrasamples=["unspecified"], **rgb)
    tf("tiff-rgb-two-extra.tif", np.dstack([photo, grey, alpha]), photo, extrasamples=["unspecified", "unspecified"], **rgb)
    tf("tiff-rgba-planar.tif", np.moveaxis(rgba, 2, 0), on_white, planarconfig="separate", extrasamples=["unassalpha"], **rgb)
    tf("tiff-grey-alpha.tif", np.dstack([grey, alpha]), grey_on_white, photometric="minisblack", extrasamples=["unassalpha"])
    tf("tiff-grey-alpha-16.tif", np.dstack([grey, alpha]).astype(np.uint16) * 257, grey_on_white, photometric="minisblack", extrasamples=["unassalpha"])
    ink = np.asarray(Image.fromarray(photo).convert("CMYK"))
    ink = np.dstack([ink[..., :3], np.broadcast_to(alpha[..., None] // 4, (h, w, 1))])
    unink = np.asarray(Image.fromarray(ink, "CMYK").convert("RGB"))
    tf("tiff-cmyk.tif", ink, unink, photometric="separated")
    tf("tiff-cmyk-planar.tif", np.moveaxis(ink, 2, 0), unink, photometric="separated", planarconfig="separate", compression="zlib")
    tf("tiff-cmyk-16.tif", ink.astype(np.uint16) * 257, unink, photometric="separated")
    lab = Image.open(case.convert_lab(photo))
    lab.info.pop("icc_profile", None)
    lab.save(case.path("tiff-lab.tif"))
    # The photograph is no expectation: 256 levels of L*a*b* hold saturated colours badly.
    case("tiff-lab.tif", case.convert_from_lab(lab), mean=0.7, worst=2)
    signed = np.asarray(lab)  # a* and b* are signed here
    wide = np.dstack([signed[..., 0].astype(np.uint16) * 257, signed[..., 1].astype(np.uint16) << 8, signed[..., 2].astype(np.uint16) << 8])
    write(case.path("tiff-lab-16.tif"), base(w, h, [16] * 3, 8), [wide.astype("<u2").tobytes()])
    case.want_like("tiff-lab-16.tif", "tiff-lab.tif")
    write(case.path("tiff-icclab.tif"), base(w, h, [8] * 3, 9), [(signed ^ np.array([0, 128, 128], np.uint8)).tobytes()])
    case.want_like("tiff-icclab.tif", "tiff-lab.tif")
    index = Image.fromarray(photo).quantize(16)
    index.save(case.path("tiff-palette.tif"))
    case("tiff-palette.tif", None)
    entries = index.getpalette()[:48]
    table = [v * 257 for ch in range(3) for v in entries[ch::3]]
    nibbles = b"".join(pack(row, 4) for row in np.asarray(index))
    write(case.path("tiff-palette-4bit.tif"), base(w, h, [4], 3, t320=(3, table)), [nibbles])
    case("tiff-palette-4bit.tif", index.convert("RGB"))
    write(case.path("tiff-palette-8bit-colours.tif"), base(w, h, [4], 3, t320=(3, [v // 257 for v in table])), [nibbles])
    case("tiff-palette-8bit-colours.tif", index.convert("RGB"))
    # Chroma: stored as such, and within JPEG.
    ycc = np.asarray(Image.fromarray(photo).convert("YCbCr"))
    write(case.path("tiff-ycbcr.tif"), base(w, h, [8] * 3, 6, t530=(3, [1, 1])), [ycc.tobytes()])
    case("tiff-ycbcr.tif", Image.fromarray(ycc, "YCbCr").convert("RGB"), mean=0.7, worst=2)
    write(case.path("tiff-ycbcr-420.tif"), base(w, h, [8] * 3, 6, t530=(3, [2, 2])), [units(ycc, 2, 2)])
    means = np.pad(ycc, ((0, -h % 2), (0, -w % 2), (0, 0)), mode="edge").astype(float)
    means = means.reshape(-(-h // 2), 2, -(-w // 2), 2, 3).mean((1, 3)).round().repeat(2, 0).repeat(2, 1)[:h, :w]
    means[..., 0] = ycc[..., 0]
    case("tiff-ycbcr-420.tif", Image.fromarray(means.astype(np.uint8), "YCbCr").convert("RGB"), mean=0.7, worst=2)
    tf("tiff-jpeg-rgb.tif", photo, None, compression="jpeg", compressionargs={"level": 90, "outcolorspace": "rgb"}, **rgb)
    plain = case.tmp("plain.tif")
    Image.fromarray(photo).save(plain)
    Image.fromarray(grey).save(case.tmp("grey.tif"))
    run("tiffcp", "-c", "jpeg:r:90", "-r", "16", plain, case.path("tiff-jpeg-ycbcr-strips.tif"))
    case("tiff-jpeg-ycbcr-strips.tif", None, mean=0.7, worst=2)
    run("tiffcp", "-t", "-w", "32", "-l", "32", "-c", "jpeg:90", plain, case.path("tiff-jpeg-tiles.tif"))
    case("tiff-jpeg-tiles.tif", None, mean=0.7, worst=2)
    run("tiffcp", "-c", "jpeg:90", case.tmp("grey.tif"), case.path("tiff-jpeg-grey.tif"))
    case("tiff-jpeg-grey.tif", None, mean=0.7, worst=2)
    # One bit.
    mono = Image.fromarray(bilevel)
    for kind in ("raw", "group3", "group4", "tiff_ccitt", "packbits"):
        for photometric in (0, 1):
            name = f"tiff-1bit-{kind}-{'black' if photometric else 'white'}-is-zero.tif"
            mono.save(case.path(name), compression=kind, tiffinfo={262: photometric})
            case(name, bilevel * 255)
    mono.save(case.tmp("mono.tif"), compression="raw")
    for name, options in {
        "g3-1d": ["-c", "g3:1d"], "g3-2d": ["-c", "g3:2d"], "g3-2d-fill": ["-c", "g3:2d:fill"], "g3-1d-fill": ["-c", "g3:1d:fill"],
        "g4-strips": ["-c", "g4", "-r", "5"], "g4-lsb": ["-c", "g4", "-f", "lsb2msb"], "g3-2d-lsb": ["-c", "g3:2d:fill", "-f", "lsb2msb"],
        "none-lsb": ["-c", "none", "-f", "lsb2msb"], "zip-lsb": ["-c", "zip", "-f", "lsb2msb"], "g4-tiles": ["-c", "g4", "-t", "-w", "32", "-l", "16"],
    }.items():
        name = f"tiff-1bit-{name}.tif"
        run("tiffcp", *options, case.tmp("mono.tif"), case.path(name))
        case(name, bilevel * 255)
    stripes = np.zeros((40, 3000), bool)
    for y in range(40):
        stripes[y, y * 50:] = True
        stripes[y, ::97] ^= True
    case.picture_1bit("tiff-1bit-long-runs.tif", stripes)
    # Directories.
    run("tiffcp", "-c", "lzw", "-f", "lsb2msb", plain, case.path("tiff-lzw-lsb.tif"))
    case("tiff-lzw-lsb.tif", photo)
    write(case.path("tiff-no-counts.tif"), base(w, h, [8] * 3, 2), [photo.tobytes()], counts=False)
    case("tiff-no-counts.tif", photo)
    import zlib
    rows = [zlib.compress(photo[y:y + 8].tobytes()) for y in range(0, h, 8)]
    write(case.path("tiff-no-counts-deflate.tif"), base(w, h, [8] * 3, 2, 8, t278=(4, [8])), rows, counts=False)
    case("tiff-no-counts-deflate.tif", photo)
    write(case.path("tiff-reduced.tif"), base(w, h, [8] * 3, 2, t254=(4, [1])), [photo.tobytes()])
    case("tiff-reduced.tif", photo)
    with tifffile.TiffWriter(case.path("tiff-thumbnail-first.tif")) as t:
        t.write(photo[::4, ::4], subfiletype=1, metadata=None, **rgb)
        t.write(photo, metadata=None, **rgb)
    case("tiff-thumbnail-first.tif", photo)
    write(case.path("tiff-orientation-6.tif"), base(w, h, [8] * 3, 2, t274=(3, [6])), [photo.tobytes()])
    case("tiff-orientation-6.tif", np.rot90(photo, -1))
    # Refusals.
    write(case.path("tiff-old-jpeg.tif"), base(w, h, [8] * 3, 6, 6), [b"\0" * 99])
    case.error("tiff-old-jpeg.tif", "format", "old-style JPEG")
    write(case.path("tiff-logluv.tif"), base(w, h, [16] * 3, 32845, 1), [b"\0" * 99])
    case.error("tiff-logluv.tif", "format", "photometric interpretation 32845")
    write(case.path("tiff-lzma.tif"), base(w, h, [8] * 3, 2, 34925), [b"\0" * 99])
    case.error("tiff-lzma.tif", "format", "LZMA")
    write(case.path("tiff-mixed-bits.tif"), base(w, h, [5, 6, 5], 2), [b"\0" * 9999])
    case.error("tiff-mixed-bits.tif", "format", "different kinds")
    write(case.path("tiff-inks.tif"), base(w, h, [8] * 4, 5, t332=(3, [2])), [b"\0" * 9999])
    case.error("tiff-inks.tif", "format", "inks")
    write(case.path("tiff-short.tif"), base(w, h, [8] * 3, 2), [photo.tobytes()[:-1]])
    case.error("tiff-short.tif", "corrupt", "")
    write(case.path("tiff-cfa.tif"), base(w, h, [8], 32803), [grey.tobytes()])
    case.error("tiff-cfa.tif", "format", "camera raw")
    write(case.path("tiff-huge-tile.tif"), base(w, h, [8] * 3, 2, t322=(4, [1 << 20]), t323=(4, [1 << 20]), t324=(4, [8]), t325=(4, [8])), [b""])
    case.error("tiff-huge-tile.tif", "corrupt", "tiles")


def pack(values, bits):
    """pack joins numbers of a few bits each to bytes."""
    text = "".join(f"{int(v):0{bits}b}" for v in values)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))


def units(ycc, sw, sh):
    """units stores YCbCr pixels as TIFF 6.0, section 21, wants it."""
    h, w, _ = ycc.shape
    padded = np.pad(ycc, ((0, -h % sh), (0, -w % sw), (0, 0)), mode="edge").astype(np.uint32)
    out = bytearray()
    for y in range(0, h, sh):
        for x in range(0, w, sw):
            block = padded[y:y + sh, x:x + sw]
            out += bytes(block[..., 0].reshape(-1).astype(np.uint8))
            out += bytes(int(v) for v in block[..., 1:].reshape(-1, 2).mean(0).round())
    return bytes(out)
