"""BMP files for make.py, written by hand after the Windows and OS/2 headers."""

import struct

import numpy as np
from PIL import Image


def rows(data, bits):
    """rows packs rows of numbers, lowest row first, in multiples of 4 bytes."""
    out = b""
    for row in data[::-1]:
        if bits >= 8:
            line = b"".join(int(v).to_bytes(bits // 8, "little") for v in row)
        else:
            text = "".join(f"{int(v):0{bits}b}" for v in row)
            text += "0" * (-len(text) % 8)
            line = bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))
        out += line + b"\0" * (-len(line) % 4)
    return out


def bmp(w, h, bits, pixels, compression=0, palette=b"", masks=b"", size=40, reserved=0, colours=0, extra=b""):
    if size == 12:
        header = struct.pack("<IHHHH", 12, w, h, 1, bits)
    else:
        header = struct.pack("<IiiHHIIiiII", size, w, h, 1, bits, compression, len(pixels), 2835, 2835, colours, 0)
        if size == 16:
            header = header[:16]
        header += extra
        header = header.ljust(size, b"\0")
    start = 14 + len(header) + len(masks) + len(palette)
    return struct.pack("<2sIII", b"BM", start + len(pixels), reserved, start) + header + masks + palette + pixels


def rle8(index):
    out = bytearray()
    for row in index[::-1]:
        x = 0
        while x < len(row):
            n = 1
            while x + n < len(row) and row[x + n] == row[x] and n < 255:
                n += 1
            if n > 1 or x + 3 > len(row):
                out += bytes([n, row[x]])
                x += n
            else:
                out += bytes([0, 3]) + bytes(int(v) for v in row[x:x + 3]) + b"\0"
                x += 3
        out += b"\0\0"
    return bytes(out[:-2]) + b"\0\1"


def rle4(index):
    out = bytearray()
    for i, row in enumerate(index[::-1]):
        if i == 3:  # skips a row by a move
            out += bytes([0, 2, 0, 1])
            continue
        for x in range(0, len(row), 2):
            pair = row[x:x + 2]
            out += bytes([len(pair), int(pair[0]) << 4 | int(pair[-1])])
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def make(case, photo, tmp):
    h, w, _ = photo.shape

    def add(name, data, want=None):
        open(case.path(name), "wb").write(data)
        case(name, want)
        case.compare_with_pillow(name, want)

    index = Image.fromarray(photo).quantize(200)
    table = np.array(index.getpalette()[:768]).reshape(-1, 3)
    palette = b"".join(bytes([int(b), int(g), int(r), 0]) for r, g, b in table)
    n = len(table)
    numbers = np.asarray(index)
    like = index.convert("RGB")
    small = Image.fromarray(photo).quantize(16)
    table4 = np.array(small.getpalette()[:48]).reshape(-1, 3)
    palette4 = b"".join(bytes([int(b), int(g), int(r), 0]) for r, g, b in table4)
    numbers4 = np.asarray(small)
    mono = (np.asarray(Image.fromarray(photo).convert("L")) > 110).astype(int)

    add("bmp-8.bmp", bmp(w, h, 8, rows(numbers, 8), palette=palette, colours=n), like)
    add("bmp-4.bmp", bmp(w, h, 4, rows(numbers4, 4), palette=palette4), small.convert("RGB"))
    add("bmp-1.bmp", bmp(w, h, 1, rows(mono, 1), palette=bytes([0, 0, 128, 0, 255, 255, 0, 0])),
        np.where(mono[..., None] > 0, (0, 255, 255), (128, 0, 0)))
    add("bmp-rle8.bmp", bmp(w, h, 8, rle8(numbers), 1, palette=palette, colours=n), like)
    skipped = numbers4.copy()
    skipped[h - 1 - 3] = 0
    add("bmp-rle4.bmp", bmp(w, h, 4, rle4(numbers4), 2, palette=palette4), table4[skipped])
    b5, g5, r5 = photo[..., 2] >> 3, photo[..., 1] >> 3, photo[..., 0] >> 3
    five = lambda v: np.round(v.astype(float) * 255 / 31)
    six = np.round((photo[..., 1] >> 2).astype(float) * 255 / 63)
    add("bmp-555.bmp", bmp(w, h, 16, rows(r5.astype(int) << 10 | g5.astype(int) << 5 | b5, 16)), np.dstack([five(r5), five(g5), five(b5)]))
    add("bmp-565.bmp", bmp(w, h, 16, rows(r5.astype(int) << 11 | (photo[..., 1] >> 2).astype(int) << 5 | b5, 16), 3,
                           masks=struct.pack("<III", 0xf800, 0x7e0, 0x1f)), np.dstack([five(r5), six, five(b5)]))
    whole = photo.astype(int)
    add("bmp-24.bmp", bmp(w, h, 24, rows(whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2], 24)), photo)
    add("bmp-24-top-down.bmp", bmp(w, -h, 24, rows((whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2])[::-1], 24)), photo)
    add("bmp-24-os2.bmp", bmp(w, h, 24, rows(whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2], 24), size=12), photo)
    palette3 = b"".join(bytes([int(b), int(g), int(r)]) for r, g, b in table4)
    add("bmp-4-os2.bmp", bmp(w, h, 4, rows(numbers4, 4), palette=palette3, size=12), small.convert("RGB"))
    add("bmp-8-os22.bmp", bmp(w, h, 8, rows(numbers, 8), palette=palette, size=64, colours=n), like)
    add("bmp-24-os22-short.bmp", bmp(w, h, 24, rows(whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2], 24), size=16), photo)
    add("bmp-32.bmp", bmp(w, h, 32, rows(whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2], 32)), photo)
    add("bmp-32-fields.bmp", bmp(w, h, 32, rows(whole[..., 0] << 24 | whole[..., 1] << 16 | whole[..., 2] << 8, 32), 3,
                                 masks=struct.pack("<III", 0xff000000, 0xff0000, 0xff00)), photo)
    alpha = np.linspace(0, 255, w * h).reshape(h, w).astype(int)
    over = photo * (alpha[..., None] / 255) + 255 - alpha[..., None]
    add("bmp-32-v5-alpha.bmp", bmp(w, h, 32, rows(alpha << 24 | whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2], 32), 3,
                                   size=124, extra=struct.pack("<IIII", 0xff0000, 0xff00, 0xff, 0xff000000)), over)
    add("bmp-30-fields.bmp", bmp(w, h, 32, rows(whole[..., 0] * 1023 // 255 << 20 | whole[..., 1] * 1023 // 255 << 10 | whole[..., 2] * 1023 // 255, 32), 3,
                                 masks=struct.pack("<III", 0x3ff00000, 0xffc00, 0x3ff)), photo)
    add("bmp-reserved.bmp", bmp(w, h, 24, rows(whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2], 24), reserved=0xdeadbeef), photo)
    open(case.path("bmp-short.bmp"), "wb").write(bmp(w, h, 24, rows(whole[..., 0], 24)[:-9]))
    case.error("bmp-short.bmp", "corrupt", "")
    open(case.path("bmp-jpeg.bmp"), "wb").write(bmp(w, h, 0, b"\xff\xd8", 4))
    case.error("bmp-jpeg.bmp", "format", "JPEG or PNG within a bitmap")
    open(case.path("bmp-huge.bmp"), "wb").write(bmp(100000, 90000, 1, b"", palette=bytes(8)))
    case.error("bmp-huge.bmp", "large", "100000x90000")
