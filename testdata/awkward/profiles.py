"""Pictures with colour profiles of lookup tables for make.py: profiles drawn here, converted
by LittleCMS."""

import io
import itertools
import struct

import numpy as np
from PIL import Image, ImageCms


def profile(space, tag, pcs=b"Lab ", version=2, kind=b"prtr", name=b"A2B0"):
    """profile is an ICC profile with one tag, such as an A2B0 table."""
    texts = b"desc" + bytes(4) + struct.pack(">I", 6) + b"drawn\0" + bytes(78)
    if version == 4:
        texts = b"mluc" + bytes(4) + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", 10, 28) + "drawn".encode("utf-16-be")
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    tags = {b"desc": texts, name: tag, b"wtpt": white}
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    size = 128 + len(table) + len(body)
    head = struct.pack(">I4sB3x4s4s4s12x4s4x4x4x4x8xI12x4s", size, b"nst ", version, kind, space, pcs, b"acsp", 0, b"nst ")
    head = head[:68] + struct.pack(">iii", 63190, 65536, 54061) + head[80:]
    return head.ljust(128, b"\0")[:128] + table + body


def ink_lab(inks):
    """ink_lab is the colour of inks on paper, roughly."""
    c, m, y, k = inks
    paper = np.array([95.0, 0, -2])
    lab = paper * 1.0
    for amount, solid in ((c, (55, -37, -50)), (m, (48, 74, -3)), (y, (89, -5, 93))):
        lab = lab + amount * 0.75 * (np.array(solid) - paper)
    lab[0] = max(lab[0], 22)
    return np.array([lab[0] * (1 - k) + 9 * k, lab[1] * (1 - k), lab[2] * (1 - k)])


def screen_lab(rgb):
    """screen_lab is a screen with odd colours."""
    r, g, b = (v ** 1.8 for v in rgb)
    l = 100 * (0.3 * r + 0.6 * g + 0.1 * b) ** 0.45
    return np.array([l, 90 * (r - g), 80 * (0.6 * (r + g) / 1.2 - b)])


def grid(n, points, colour):
    """grid lists the colours of a table, the last channel fastest."""
    steps = [i / (points - 1) for i in range(points)]
    return [colour(v) for v in itertools.product(steps, repeat=n)]


def curve(gamma, n):
    return [(i / (n - 1)) ** gamma for i in range(n)]


def mft1(n, points, colour, gamma=1.0):
    out = b"mft1" + bytes(4) + bytes([n, 3, points, 0]) + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    byte = lambda v: bytes([int(min(max(round(v * 255), 0), 255))])
    out += b"".join(byte(v) for v in curve(gamma, 256)) * n
    for l, a, b in grid(n, points, lambda v: colour([x ** (1 / gamma) for x in v])):
        out += byte(l / 100) + byte((a + 128) / 255) + byte((b + 128) / 255)
    return out + bytes(range(256)) * 3


def mft2(n, points, colour, gamma=1.0):
    out = b"mft2" + bytes(4) + bytes([n, 3, points, 0]) + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    word = lambda v: struct.pack(">H", int(min(max(round(v), 0), 65535)))
    out += struct.pack(">HH", 33, 2)
    out += b"".join(word(v * 65535) for v in curve(gamma, 33)) * n
    for l, a, b in grid(n, points, lambda v: colour([x ** (1 / gamma) for x in v])):
        out += word(l * 652.8) + word((a + 128) * 256) + word((b + 128) * 256)
    return out + (word(0) + word(65535)) * 3


def mab(n, points, colour, gamma, wide):
    para = lambda g: b"para" + bytes(4) + struct.pack(">HHi", 0, 0, int(g * 65536))
    straight = b"curv" + bytes(4) + struct.pack(">I", 0)
    b_curves = straight * 3
    a_curves = para(gamma) * n
    scale = 65535 if wide else 255
    clut = bytes([points] * n).ljust(16, b"\0") + bytes([2 if wide else 1]) + bytes(3)
    for lab in grid(n, points, lambda v: colour([x ** (1 / gamma) for x in v])):
        for v in (lab[0] / 100, (lab[1] + 128) / 255, (lab[2] + 128) / 255):
            clut += int(min(max(round(v * scale), 0), scale)).to_bytes(2 if wide else 1, "big")
    clut += b"\0" * (-len(clut) % 4)
    matrix = struct.pack(">12i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536, 0, 0, 0)
    m_curves = straight * 3
    at = 32
    places, body = {}, b""
    for name, part in (("b", b_curves), ("matrix", matrix), ("m", m_curves), ("clut", clut), ("a", a_curves)):
        places[name] = at + len(body)
        body += part
    return (b"mAB " + bytes(4) + bytes([n, 3, 0, 0]) +
            struct.pack(">5I", places["b"], places["matrix"], places["m"], places["clut"], places["a"]) + body)


def make(case, photo, tmp):
    m = Image.fromarray(photo)
    inks = np.asarray(m.convert("CMYK")).copy()
    inks[..., 3] = np.linspace(0, 120, inks[..., 3].size).reshape(inks.shape[:2])
    inks = Image.fromarray(inks, "CMYK")
    rgb = {
        "mft1": profile(b"RGB ", mft1(3, 6, screen_lab), kind=b"mntr"),
        "mft2-curves": profile(b"RGB ", mft2(3, 6, screen_lab, 1.6), kind=b"mntr"),
        "mab": profile(b"RGB ", mab(3, 6, screen_lab, 1.4, True), version=4, kind=b"mntr"),
        "mab-8bit": profile(b"RGB ", mab(3, 6, screen_lab, 1.4, False), version=4, kind=b"mntr"),
    }
    for name, icc in rgb.items():
        m.save(case.path(f"icc-rgb-{name}.png"), icc_profile=icc)
        case(f"icc-rgb-{name}.png", None, mean=0.7, worst=2, notes="converted from drawn")
    cmyk = {
        "mft1": profile(b"CMYK", mft1(4, 4, ink_lab)),
        "mft2": profile(b"CMYK", mft2(4, 4, ink_lab, 1.3)),
        "mab": profile(b"CMYK", mab(4, 4, ink_lab, 1.2, False), version=4),
    }
    for name, icc in cmyk.items():
        inks.save(case.path(f"icc-cmyk-{name}.jpg"), quality=95, icc_profile=icc)
        case(f"icc-cmyk-{name}.jpg", None, mean=0.7, worst=2, notes="converted from drawn")
    inks.save(case.path("icc-cmyk.tif"), icc_profile=cmyk["mft2"], compression="tiff_lzw")
    case("icc-cmyk.tif", None, mean=0.7, worst=2, notes="converted from drawn")
    lightness = b"curv" + bytes(4) + struct.pack(">IH", 1, 0x0180)
    for pcs in (b"Lab ", b"XYZ "):
        name = "icc-grey-" + pcs.decode().strip().lower() + ".png"
        m.convert("L").save(case.path(name), icc_profile=profile(b"GRAY", lightness, pcs, kind=b"mntr", name=b"kTRC"))
        case(name, None, mean=0.7, worst=2, notes="converted from drawn")
    turned = Image.Exif()
    turned[274] = 8
    m.save(case.path("icc-rgb-turned.jpg"), quality=92, subsampling=0, exif=turned, icc_profile=rgb["mft1"])
    # The profile makes a level of the JPEG decoders' rounding up to two in dark colours.
    case("icc-rgb-turned.jpg", None, mean=0.7, worst=3, notes="converted from drawn")
    damaged = bytearray(cmyk["mft1"])[:900]
    inks.save(case.path("icc-cmyk-damaged.jpg"), quality=95, icc_profile=bytes(damaged))
    case("icc-cmyk-damaged.jpg", Image.open(case.path("icc-cmyk-damaged.jpg")).convert("RGB"), mean=0.7, worst=2, notes="profile ignored")
